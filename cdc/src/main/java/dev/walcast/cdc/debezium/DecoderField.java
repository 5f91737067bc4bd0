package dev.walcast.cdc.debezium;

import io.debezium.connector.postgresql.connection.MessageDecoder;
import io.debezium.connector.postgresql.connection.PostgresReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.lang.reflect.Field;
import java.util.function.UnaryOperator;

/// Wraps the decoder of a connection. Debezium has an interface for decoders but allows only its own, so the
/// field is set by reflection (ADR 25).
final class DecoderField {
    private static final String NAME = "messageDecoder";

    private DecoderField() {}

    /// @throws IllegalStateException when this version of Debezium has no such field
    static void replace(ReplicationConnection connection, UnaryOperator<MessageDecoder> around) {
        try {
            Field field = PostgresReplicationConnection.class.getDeclaredField(NAME);
            field.setAccessible(true);
            field.set(connection, around.apply((MessageDecoder) field.get(connection)));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Debezium's decoder cannot be replaced", e);
        }
    }
}
