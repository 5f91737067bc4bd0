package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.types.ColumnNumbers.LogPosition;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Makes the columns of tables of what the log says and what the catalog says, and tells where the catalog is not of
/// the log's moment. Belongs to the reader's thread.
public final class TableDefinitions {
    private static final BitSet NONE = new BitSet();

    private final TypeCatalog types;
    private final RowTypes rowTypes;
    private final ColumnNumbers numbers;

    /// @param slotName of the slot that is read
    public TableDefinitions(TypeCatalog.Connections catalog, String slotName) {
        this.types = new TypeCatalog(catalog);
        this.rowTypes = new RowTypes(catalog, slotName);
        this.numbers = new ColumnNumbers(catalog, slotName);
    }

    /// A column as the log describes it.
    ///
    /// @param type oid
    public record Described(String name, long type, boolean identity) {
        public Described {
            requireNonNull(name, "name is null");
        }
    }

    /// @param oid   of the table
    /// @param place of the change that the description is for
    public List<Column> columns(long oid, List<Described> described, LogPosition place) throws SQLException {
        types.forgetUserTypes();
        List<Integer> found =
                numbers.of(oid, described.stream().map(Described::name).toList(), place);
        List<Column> columns = new ArrayList<>(described.size());
        for (int i = 0; i < described.size(); i++) {
            Described column = described.get(i);
            PgType type = types.type(column.type);
            columns.add(new Column(
                    column.name,
                    isOfFields(type) ? rowTypes.type(column.type, place.at()) : type,
                    column.identity,
                    found.get(i)));
        }
        return columns;
    }

    /// The columns of a table that was described earlier, as far as they are known now.
    public List<Column> columns(Table table, LogPosition place) throws SQLException {
        List<Described> described = table.columns().stream()
                .map(column -> new Described(column.name(), column.type().oid(), column.identity()))
                .toList();
        return columns(table.oid(), described, place);
    }

    private static boolean isOfFields(PgType type) {
        return type.hasFields() && type.oid() >= TypeCatalog.FIRST_USER_OID;
    }

    /// Whether the table's columns have to be made anew for a change: a type is another one, or what was unproven can
    /// be proven.
    public boolean isOutdated(Table table, LogPosition place) throws SQLException {
        boolean unproven = false;
        for (Column column : table.isBoundToCatalog() ? table.columns() : List.<Column>of()) {
            if (isOfFields(column.type())
                    && !rowTypes.type(column.type().oid(), place.at()).equals(column.type())) {
                return true;
            }
            unproven |= !column.isProven();
        }
        return unproven && numbers.mayBeProven(table.oid(), place);
    }

    /// The columns whose values in a change cannot be read exactly, by their indexes.
    ///
    /// @param place where the change was written
    public BitSet inexact(Table table, LogPosition place) throws SQLException {
        BitSet inexact = NONE;
        for (int i = 0; table.isBoundToCatalog() && i < table.columns().size(); i++) {
            PgType type = table.columns().get(i).type();
            if (isOfFields(type) && !rowTypes.isExact(type.oid(), place)) {
                inexact = inexact.isEmpty() ? new BitSet() : inexact;
                inexact.set(i);
            }
        }
        return inexact;
    }
}
