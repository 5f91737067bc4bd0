package dev.walcast.server.rights;

import java.util.Optional;

/// An INSERT, UPDATE or DELETE of one row.
///
/// @param image the new version; empty for a DELETE
record RowChange(String type, String table, int id, Optional<RowImage> image) {
    static RowChange insert(RowImage image) {
        return new RowChange("INSERT", image.table(), image.id(), Optional.of(image));
    }

    static RowChange update(RowImage image) {
        return new RowChange("UPDATE", image.table(), image.id(), Optional.of(image));
    }

    static RowChange delete(String table, int id) {
        return new RowChange("DELETE", table, id, Optional.empty());
    }

    String sql() {
        return switch (type) {
            case "INSERT" -> image.orElseThrow().insert();
            case "UPDATE" -> image.orElseThrow().update();
            default -> "delete from " + table + " where id = " + id;
        };
    }
}
