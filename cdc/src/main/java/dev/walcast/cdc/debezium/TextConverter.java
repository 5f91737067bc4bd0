package dev.walcast.cdc.debezium;

import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;

/// Makes Debezium hand over every column as Postgres' own output text, since none of its type modes is exact.
///
/// Registered by name for every column, hence public. The column's type travels as a parameter of the schema; SQL
/// NULL is null, and a missing value is one of [Mark]'s instances, told by identity: nothing is serialised between
/// here and [ChangeMapper].
public final class TextConverter implements CustomConverter<SchemaBuilder, RelationalColumn> {
    static final String TYPE_OID = "walcast.type.oid";

    @Override
    public void configure(Properties properties) {
        // Nothing to be told.
    }

    @Override
    public void converterFor(RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
        SchemaBuilder schema =
                SchemaBuilder.string().optional().parameter(TYPE_OID, Integer.toUnsignedString(column.nativeType()));
        registration.register(schema, PgText::of);
    }
}
