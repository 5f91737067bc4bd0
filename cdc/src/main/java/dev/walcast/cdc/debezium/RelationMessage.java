package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A Relation message of pgoutput, which describes a table.
///
/// @param table   null when a name is not valid in the database's encoding
/// @param columns in the log's order; a name that is no text is null
record RelationMessage(int oid, @Nullable TableId table, byte identityKind, List<ColumnMessage> columns) {
    /// The flag of a column that belongs to the replica identity.
    private static final int IN_IDENTITY = 1;

    RelationMessage {
        columns = List.copyOf(columns);
    }

    record ColumnMessage(byte flags, @Nullable String name, int type, int modifier) {
        boolean inIdentity() {
            return (flags & IN_IDENTITY) != 0;
        }
    }

    /// Reads a message.
    ///
    /// @param message positioned behind its tag
    static RelationMessage read(ByteBuffer message, DatabaseEncoding encoding) {
        int oid = message.getInt();
        String schema = name(message, encoding);
        String table = name(message, encoding);
        byte identityKind = message.get();
        int count = Short.toUnsignedInt(message.getShort());
        List<ColumnMessage> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte flags = message.get();
            columns.add(new ColumnMessage(flags, name(message, encoding), message.getInt(), message.getInt()));
        }
        TableId id =
                schema == null || table == null ? null : new TableId(schema.isEmpty() ? "pg_catalog" : schema, table);
        return new RelationMessage(oid, id, identityKind, columns);
    }

    private static @Nullable String name(ByteBuffer message, DatabaseEncoding encoding) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte b = message.get(); b != 0; b = message.get()) {
            bytes.write(b);
        }
        return encoding.text(bytes.toByteArray(), 0, bytes.size());
    }

    boolean isReadable() {
        return table != null && columns.stream().allMatch(column -> column.name != null);
    }

    /// Returns the same description with generated names that only distinguish tables and columns. Debezium
    /// removes quotes from names, does not support some characters in a table's name, and confuses names that
    /// differ only in case. It also finds nothing with the generated names in the catalog, which may have
    /// changed since the row was written.
    ///
    /// @param schema a schema that holds no table of the database
    RelationMessage renamed(String schema) {
        List<ColumnMessage> renamed = IntStream.range(0, columns.size())
                .mapToObj(i -> new ColumnMessage(
                        columns.get(i).flags, "column" + i, columns.get(i).type, columns.get(i).modifier))
                .toList();
        return new RelationMessage(
                oid, new TableId(schema, "oid" + Integer.toUnsignedString(oid)), identityKind, renamed);
    }

    /// Returns the message with its tag.
    ByteBuffer toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TableId id = requireNonNull(table);
        out.write('R');
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(oid).array());
        writeName(out, id.schema());
        writeName(out, id.name());
        out.write(identityKind);
        out.writeBytes(ByteBuffer.allocate(Short.BYTES)
                .putShort((short) columns.size())
                .array());
        for (ColumnMessage column : columns) {
            out.write(column.flags);
            writeName(out, requireNonNull(column.name));
            out.writeBytes(ByteBuffer.allocate(2 * Integer.BYTES)
                    .putInt(column.type)
                    .putInt(column.modifier)
                    .array());
        }
        return ByteBuffer.wrap(out.toByteArray());
    }

    private static void writeName(ByteArrayOutputStream out, String name) {
        out.writeBytes(name.getBytes(UTF_8));
        out.write(0);
    }
}
