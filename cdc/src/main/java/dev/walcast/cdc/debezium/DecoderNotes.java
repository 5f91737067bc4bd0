package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.util.UUID;

/// What [GuardedDecoder] puts among the records on Debezium's way to [BatchConsumer]. The secret is another
/// one for each engine, so that nothing in the database can look like it.
record DecoderNotes(String secret) {
    /// Between the parts of a note; no name in Postgres has it.
    private static final char SEPARATOR = '\0';

    DecoderNotes {
        requireNonNull(secret, "secret is null");
    }

    static DecoderNotes fresh() {
        return new DecoderNotes(UUID.randomUUID().toString());
    }

    /// A table of which a row could not be read, and why.
    record Note(TableId table, String reason) {
        String text() {
            return table.schema() + SEPARATOR + table.name() + SEPARATOR + reason.replace(SEPARATOR, ' ');
        }

        static Note parse(String text) {
            int schema = text.indexOf(SEPARATOR);
            int name = text.indexOf(SEPARATOR, schema + 1);
            return new Note(
                    new TableId(text.substring(0, schema), text.substring(schema + 1, name)), text.substring(name + 1));
        }
    }

    /// The prefix of the messages that hold notes.
    String prefix() {
        return "walcast " + secret;
    }

    /// The schema in which Debezium believes all tables to be.
    String schema() {
        return "walcast_" + secret.replace('-', '_');
    }

    /// Stands for a value whose bytes are no text.
    String unreadable() {
        return "unreadable " + secret;
    }
}
