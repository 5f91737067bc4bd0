package dev.walcast.cdc.debezium;

import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.jspecify.annotations.Nullable;

/// Passes on every value as the text that [TextTypes] made of it.
///
/// Debezium creates it by its class name, so it is public. It is registered for every column. The column's
/// label travels as a parameter of the schema. SQL NULL is null.
public final class TextConverter implements CustomConverter<SchemaBuilder, RelationalColumn> {
    static final String LABEL = "walcast.column";

    /// Replaces a large value that an UPDATE left unchanged. Only the instance counts: nothing is serialized
    /// between here and [ChangeMapper], and a column may hold an equal text.
    @SuppressWarnings("StringOperationCanBeSimplified")
    static final String UNCHANGED = new String("unchanged");

    @Override
    public void configure(Properties properties) {
        // There are no settings.
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
