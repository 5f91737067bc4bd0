package dev.walcast.cdc.debezium;

import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.jspecify.annotations.Nullable;

/// Hands every value over as the text that [TextTypes] made of it.
///
/// Registered by name for every column, hence public. What the log says of the column travels as a parameter of the
/// schema; SQL NULL is null.
public final class TextConverter implements CustomConverter<SchemaBuilder, RelationalColumn> {
    static final String LABEL = "walcast.column";

    /// Stands for a large value that an UPDATE left alone. Only the instance counts, for nothing is serialised between
    /// here and [ChangeMapper], and a column may well hold an equal text.
    @SuppressWarnings("StringOperationCanBeSimplified")
    static final String UNCHANGED = new String("unchanged");

    @Override
    public void configure(Properties properties) {
        // Nothing to be told.
    }

    @Override
    public void converterFor(RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
        SchemaBuilder schema = SchemaBuilder.string().optional().parameter(LABEL, column.typeName());
        registration.register(schema, TextConverter::text);
    }

    private static @Nullable Object text(@Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (UnchangedToastedReplicationMessageColumn.isUnchangedToastedValue(value)) {
            return UNCHANGED;
        }
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalStateException("Debezium made a " + value.getClass() + " of a text");
    }
}
