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

/// Makes Debezium's decoder take every column for an enum, the one kind of type whose values it hands over as the text
/// that Postgres sent, whatever that is: no value of the log is ever parsed. Belongs to the thread that reads the log.
final class TextTypes extends TypeRegistry {
    /// An enum is what has labels.
    private static final List<String> LABELS = List.of("text");

    /// The columns of the table that is being described, in their order; null while the base class reads all types.
    private final @Nullable Deque<ColumnLabel> described;

    TextTypes(PostgresConnection connection) {
        super(connection);
        this.described = new ArrayDeque<>();
    }

    /// To be called before Debezium's decoder gets the message, for it asks for the type of each column once, in their
    /// order.
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
