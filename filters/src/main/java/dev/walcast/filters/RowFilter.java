package dev.walcast.filters;

import dev.walcast.cdc.Row;
import java.util.List;

/// Resolved terms, all of which must hold; without terms every row passes.
public record RowFilter(List<EqualTerm> terms) {
    public static final RowFilter NONE = new RowFilter(List.of());

    public RowFilter {
        terms = List.copyOf(terms);
    }

    public boolean matches(Row row) {
        for (EqualTerm term : terms) {
            if (!term.matches(row)) {
                return false;
            }
        }
        return true;
    }
}
