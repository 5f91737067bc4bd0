package dev.walcast.server.rights;

import java.util.List;
import java.util.Map;

/// One version of a row.
///
/// @param img unique in a run: each INSERT and each UPDATE writes another one
/// @param id  the row's key, never used again
record RowImage(int img, String table, int id, String owner, int room, String kind, String secret) {
    static final List<String> COLUMNS = List.of("id", "img", "owner", "room", "kind", "secret");

    /// As the JSON of a change has them.
    Map<String, String> values() {
        return Map.of(
                "id",
                String.valueOf(id),
                "img",
                String.valueOf(img),
                "owner",
                owner,
                "room",
                String.valueOf(room),
                "kind",
                kind,
                "secret",
                secret);
    }

    /// In the order of [#COLUMNS].
    String literals() {
        return "(" + id + "," + img + ",'" + owner + "'," + room + ",'" + kind + "','" + secret + "')";
    }

    String insert() {
        return "insert into " + table + " (" + String.join(",", COLUMNS) + ") values " + literals();
    }

    String update() {
        return "update " + table + " set (" + String.join(",", COLUMNS) + ") = " + literals() + " where id = " + id;
    }
}
