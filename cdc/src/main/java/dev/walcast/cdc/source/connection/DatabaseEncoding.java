package dev.walcast.cdc.source.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Converts the bytes of a database's values to text.
///
/// Postgres converts what it sends to UTF-8, and ends the stream at a byte that it cannot convert. So a
/// database that may hold such bytes sends them unchanged, and this class converts them as Postgres would.
public final class DatabaseEncoding {
    /// The database holds UTF-8, or Postgres converts to it.
    public static final DatabaseEncoding UTF8 = new DatabaseEncoding("UTF8", "");

    private static final String SQL_ASCII = "SQL_ASCII";
    private static final char SEPARATOR = '|';
    private static final int FIRST_NON_ASCII = 128;

    /// Java's replacement for bytes that are not UTF-8.
    private static final char REPLACEMENT = '\uFFFD';

    private static final char UNDEFINED = '\uFFFF';

    /// Encodings in which each byte is a character.
    private static final Set<String> SINGLE_BYTE = Set.of(
            "LATIN1",
            "LATIN2",
            "LATIN3",
            "LATIN4",
            "LATIN5",
            "LATIN6",
            "LATIN7",
            "LATIN8",
            "LATIN9",
            "LATIN10",
            "ISO_8859_5",
            "ISO_8859_6",
            "ISO_8859_7",
            "ISO_8859_8",
            "KOI8R",
            "KOI8U",
            "WIN866",
            "WIN874",
            "WIN1250",
            "WIN1251",
            "WIN1252",
            "WIN1253",
            "WIN1254",
            "WIN1255",
            "WIN1256",
            "WIN1257",
            "WIN1258");

    private final String name;
    private final String upperHalf;

    private DatabaseEncoding(String name, String upperHalf) {
        this.name = name;
        this.upperHalf = upperHalf;
    }

    /// Reads the encoding from the database.
    public static DatabaseEncoding of(Connection connection) throws SQLException {
        String name;
        try (PreparedStatement statement =
                        connection.prepareStatement("select pg_catalog.getdatabaseencoding()::text");
                ResultSet row = statement.executeQuery()) {
            row.next();
            name = row.getString(1);
        }
        if (name.equals(SQL_ASCII)) {
            return new DatabaseEncoding(name, "");
        }
        return SINGLE_BYTE.contains(name) ? new DatabaseEncoding(name, upperHalf(connection, name)) : UTF8;
    }

    private static String upperHalf(Connection connection, String encoding) throws SQLException {
        StringBuilder characters = new StringBuilder();
        try (PreparedStatement statement = connection.prepareStatement("select pg_catalog.convert_from(?, ?)")) {
            for (int i = FIRST_NON_ASCII; i < 2 * FIRST_NON_ASCII; i++) {
                statement.setBytes(1, new byte[] {(byte) i});
                statement.setString(2, encoding);
                characters.append(character(statement));
            }
        }
        return characters.toString();
    }

    private static char character(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getString(1).charAt(0);
        } catch (SQLException e) {
            String state = String.valueOf(e.getSQLState());
            // untranslatable_character, character_not_in_repertoire
            if (state.equals("22P05") || state.equals("22021")) {
                return UNDEFINED;
            }
            throw e;
        }
    }

    /// Returns a text that [#parse(String)] reads.
    @Override
    public String toString() {
        return name + SEPARATOR + upperHalf + SEPARATOR;
    }

    /// Parses the result of [#toString()].
    public static DatabaseEncoding parse(String text) {
        int end = text.indexOf(SEPARATOR);
        return new DatabaseEncoding(text.substring(0, end), text.substring(end + 1, text.length() - 1));
    }

    /// Whether Postgres sends UTF-8, so that nothing needs to be converted here.
    public boolean isConvertedByPostgres() {
        return name.equals(UTF8.name);
    }

    /// Returns the `client_encoding` of the connection that reads the log.
    public String clientEncoding() {
        return isConvertedByPostgres() ? UTF8.name : SQL_ASCII;
    }

    /// Converts bytes to text.
    ///
    /// @return null when the bytes are no text in this encoding
    public @Nullable String text(byte[] bytes, int from, int length) {
        requireNonNull(bytes, "bytes is null");
        if (isConvertedByPostgres()) {
            String text = new String(bytes, from, length, UTF_8);
            // Before Postgres 16 a "char" may be any byte.
            return text.indexOf(REPLACEMENT) < 0 ? text : strictUtf8(bytes, from, length);
        }
        if (isAscii(bytes, from, length)) {
            return new String(bytes, from, length, US_ASCII);
        }
        return upperHalf.isEmpty() ? strictUtf8(bytes, from, length) : singleBytes(bytes, from, length);
    }

    private static boolean isAscii(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private @Nullable String singleBytes(byte[] bytes, int from, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = from; i < from + length; i++) {
            char c = bytes[i] >= 0 ? (char) bytes[i] : upperHalf.charAt(bytes[i] & 0x7F);
            if (c == UNDEFINED) {
                return null;
            }
            text.append(c);
        }
        return text.toString();
    }

    private static @Nullable String strictUtf8(byte[] bytes, int from, int length) {
        try {
            return UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes, from, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
