package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.util.UUID;

/// The notes that [GuardedDecoder] inserts among the records for [BatchConsumer]. Each engine has a secret of
/// its own, so that no content of the database can look like a note.
record DecoderNotes(String secret) {
    /// Separates the parts of a note. No name in Postgres contains it.
    private static final char SEPARATOR = '\0';

    DecoderNotes {
        requireNonNull(secret, "secret is null");
    }

    static DecoderNotes fresh() {
        return new DecoderNotes(UUID.randomUUID().toString());
    }

    /// A table with a row that could not be read, and the reason.
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

    /// Returns the prefix of the messages that hold notes.
    String prefix() {
        return "walcast " + secret;
    }

    /// Returns the schema that Debezium takes all tables to be in.
    String schema() {
        return "walcast_" + secret.replace('-', '_');
    }

    /// Returns the text that replaces a value whose bytes are no text.
    String unreadable() {
        return "unreadable " + secret;
    }
}
