package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// A type of Postgres, as far as rendering and comparing need it.
public sealed interface PgType {
    /// `pg_type.oid`.
    long oid();

    /// `pg_type.typname`, unqualified: `int4`, `_text`, `My Type`.
    String name();

    /// A type that is neither an array nor a composite nor a domain.
    record Scalar(long oid, String name, JsonForm form) implements PgType {
        public Scalar {
            requireNonNull(name, "name is null");
            requireNonNull(form, "form is null");
        }
    }

    /// An array.
    ///
    /// @param delimiter separates the elements in the array's text: `;` for box, `,` for all other types
    record Array(long oid, String name, PgType element, char delimiter) implements PgType {
        public Array {
            requireNonNull(name, "name is null");
            requireNonNull(element, "element is null");
        }
    }

    /// A row type with its fields that are not dropped.
    record Composite(long oid, String name, List<Field> fields) implements PgType {
        public Composite {
            requireNonNull(name, "name is null");
            fields = List.copyOf(fields);
        }
    }

    /// A domain over another type.
    record Domain(long oid, String name, PgType base) implements PgType {
        public Domain {
            requireNonNull(name, "name is null");
            requireNonNull(base, "base is null");
        }
    }

    /// A field of a row type.
    record Field(String name, PgType type) {
        public Field {
            requireNonNull(name, "name is null");
            requireNonNull(type, "type is null");
        }
    }

    /// Whether a value's text can be read only with the fields that a row type had when the value was written.
    default boolean hasFields() {
        return switch (this) {
            case Scalar _ -> false;
            case Array array -> array.element().hasFields();
            case Composite _ -> true;
            case Domain domain -> domain.base().hasFields();
        };
    }

    /// Returns the type below all domains.
    default PgType undomained() {
        return this instanceof Domain domain ? domain.base().undomained() : this;
    }
}
