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

/// Combines the log's and the catalog's description of tables, and finds where the catalog is not of the log's
/// moment. Used by the reader's thread only.
public final class TableDefinitions {
    private static final BitSet NONE = new BitSet();

    private final TypeCatalog types;
    private final RowTypes rowTypes;
    private final ColumnNumbers numbers;

    /// @param slotName the slot that is read
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

    /// Creates the columns of a table.
    ///
    /// @param oid   of the table
    /// @param place of the change for which the log described them
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

    /// Returns the columns of a table that was described earlier, as far as they are known now.
    public List<Column> columns(Table table, LogPosition place) throws SQLException {
        List<Described> described = table.columns().stream()
                .map(column -> new Described(column.name(), column.type().oid(), column.identity()))
                .toList();
        return columns(table.oid(), described, place);
    }

    private static boolean isOfFields(PgType type) {
        return type.hasFields() && type.oid() >= TypeCatalog.FIRST_USER_OID;
    }

    /// Checks whether the table's columns must be created again for a change: a type has changed, or an
    /// unproven column can be proven.
    public boolean checkOutdated(Table table, LogPosition place) throws SQLException {
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

    /// Returns the indexes of the columns whose values in a change cannot be read exactly.
    ///
    /// @param place of the change
    public BitSet inexact(Table table, LogPosition place) throws SQLException {
        BitSet inexact = NONE;
        for (int i = 0; table.isBoundToCatalog() && i < table.columns().size(); i++) {
            PgType type = table.columns().get(i).type();
            if (isOfFields(type) && !rowTypes.checkExact(type.oid(), place)) {
                inexact = inexact.isEmpty() ? new BitSet() : inexact;
                inexact.set(i);
            }
        }
        return inexact;
    }
}
