package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import io.debezium.connector.postgresql.PostgresType;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import java.sql.Types;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes Debezium's decoder treat every column as an enum. Enums are the only types whose values it passes on
/// as Postgres' texts, whatever they hold. So no value of the log is parsed. Used by the thread that reads the
/// log only.
final class TextTypes extends TypeRegistry {
    /// Debezium takes a type with labels for an enum.
    private static final List<String> LABELS = List.of("text");

    /// The remaining columns of the table that is being described; null while the base class reads all types.
    private final @Nullable Deque<ColumnLabel> described;

    TextTypes(PostgresConnection connection) {
        super(connection);
        this.described = new ArrayDeque<>();
    }

    /// Must be called before Debezium's decoder gets the message, because the decoder asks for each column's
    /// type once, in the order of the columns.
    void describe(RelationMessage relation) {
        Deque<ColumnLabel> columns = requireNonNull(described);
        columns.clear();
        long table = Integer.toUnsignedLong(relation.oid());
        for (RelationMessage.ColumnMessage column : relation.columns()) {
            columns.add(new ColumnLabel(
                    table,
                    requireNonNull(relation.table()),
                    requireNonNull(column.name()),
                    Integer.toUnsignedLong(column.type()),
                    column.inIdentity()));
        }
    }

    @Override
    public PostgresType get(int oid) {
        if (described == null) {
            return super.get(oid);
        }
        ColumnLabel column = described.poll();
        if (column == null || (int) column.typeOid() != oid) {
            throw new IllegalStateException("Debezium asks for the type " + Integer.toUnsignedString(oid)
                    + " in another order than that of the columns");
        }
        return type(column.text(), oid);
    }

    @Override
    public PostgresType get(@Nullable String schema, String name) {
        return get(name);
    }

    @Override
    public PostgresType get(String name) {
        return type(name, (int) ColumnLabel.parse(name).typeOid());
    }

    private PostgresType type(String name, int oid) {
        return new PostgresType.Builder(this, name, oid, Types.VARCHAR, NO_TYPE_MODIFIER, null)
                .enumValues(LABELS)
                .build();
    }
}
