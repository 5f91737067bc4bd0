package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// A Postgres type, resolved as far as rendering and comparing a value's text requires.
public sealed interface PgType {
    /// `pg_type.oid`.
    long oid();

    /// `pg_type.typname`, unqualified: `int4`, `_text`, `My Type`.
    String name();

    /// Everything that is neither array nor composite nor domain.
    record Scalar(long oid, String name, JsonForm form) implements PgType {
        public Scalar {
            requireNonNull(name, "name is null");
            requireNonNull(form, "form is null");
        }
    }

    /// @param delimiter between elements in the array's text: `;` for box, `,` for all else
    record Array(long oid, String name, PgType element, char delimiter) implements PgType {
        public Array {
            requireNonNull(name, "name is null");
            requireNonNull(element, "element is null");
        }
    }

    /// A row type; the fields are those that are live in the catalog.
    record Composite(long oid, String name, List<Field> fields) implements PgType {
        public Composite {
            requireNonNull(name, "name is null");
            fields = List.copyOf(fields);
        }
    }

    record Domain(long oid, String name, PgType base) implements PgType {
        public Domain {
            requireNonNull(name, "name is null");
            requireNonNull(base, "base is null");
        }
    }

    record Field(String name, PgType type) {
        public Field {
            requireNonNull(name, "name is null");
            requireNonNull(type, "type is null");
        }
    }

    /// Whether a value's text means something only together with the fields that a row type had when it was written.
    default boolean hasFields() {
        return switch (this) {
            case Scalar _ -> false;
            case Array array -> array.element().hasFields();
            case Composite _ -> true;
            case Domain domain -> domain.base().hasFields();
        };
    }

    /// The type below all domains.
    default PgType undomained() {
        return this instanceof Domain domain ? domain.base().undomained() : this;
    }
}
