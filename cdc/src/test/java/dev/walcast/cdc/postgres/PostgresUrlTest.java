package dev.walcast.cdc.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresUrlTest {
    @ParameterizedTest
    @CsvSource({
        "postgres://u:p@my_db_host:5433/app, my_db_host:5433",
        "postgresql://u@db.example/app, db.example:5432",
        "jdbc:postgresql://u@db-1/app, db-1:5432",
        "postgres://u@[::1]:5433/app, [::1]:5433",
        "postgres://u@[fe80::1%25eth0]/app, [fe80::1%eth0]:5432",
        "'postgres://u@a:1,b,[::1]:3/app', 'a:1,b:5432,[::1]:3'",
        "postgres:///app?user=u&host=h&port=6000, h:6000",
        "'postgres://u@/app?host=a,b&port=6000', 'a:6000,b:6000'",
        "'postgres://u@/app?host=a,b&port=1,2', 'a:1,b:2'",
        "postgres://u@%6d_host/app, m_host:5432",
    })
    void hostsAreReadAsLibpqReadsThem(String text, String address) {
        PostgresUrl url = PostgresUrl.parse(text);
        assertThat(url.address()).isEqualTo(address);
        assertThat(url.user()).isEqualTo("u");
        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://" + address + "/app");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgres://u:a#b@h/d | a#b",
                "postgres://u:a?b@h/d | a?b",
                "postgres://u:a@b@h/d | a@b",
                "postgres://u:a:b@h/d | a:b",
                "postgres://u:a b[c]^{}&=+@h/d | a b[c]^{}&=+",
            })
    void rawCharactersOfThePasswordAreKept(String text, String password) {
        PostgresUrl url = PostgresUrl.parse(text);
        assertThat(url.password()).isEqualTo(password);
        assertThat(url.address()).isEqualTo("h:5432");
        assertThat(url.database()).isEqualTo("d");
    }

    @Test
    void percentEncodingIsDecodedEverywhere() {
        PostgresUrl url = PostgresUrl.parse("postgres://m%40x:%2F%25%3f%C3%A9+@h/my%20db?application_name=a%26b");
        assertThat(url.user()).isEqualTo("m@x");
        assertThat(url.password()).isEqualTo("/%?é+");
        assertThat(url.database()).isEqualTo("my db");
        assertThat(url.parameters()).containsEntry("ApplicationName", "a&b");
    }

    @Test
    void databaseDefaultsToTheUserName() {
        assertThat(PostgresUrl.parse("postgres://u@h").database()).isEqualTo("u");
        assertThat(PostgresUrl.parse("postgres://u@h/?sslmode=require").database())
                .isEqualTo("u");
        assertThat(PostgresUrl.parse("postgres://u@h?sslmode=require").parameters())
                .isEqualTo(Map.of("sslmode", "require"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://u:hush/word@h:5432/d",
                "postgres://u:12/hush@h/d",
                "postgres://u:hush@word/x@h/d",
                "postgres://u:x/hush?a=word@h/d",
                "postgres://u:hush@word?sslmode=x@h/d",
                "postgres://u:p@hush?word=1@h",
                "postgres://u:hush%zz@h/d",
                "postgres://u:hush%@h/d",
                "postgres://u:hush%00@h/d",
                "postgres://u:hush%ff@h/d",
                "postgres://u:p@h/d?hush=1@2",
                "u:hush@h/d",
                "mysql://u:hush@h/d",
                "host=h user=u password=hush dbname=d",
                "postgres://u:hush@",
                "postgres://:hush@h/d",
                "postgres://u:hush@%2Ftmp/d",
                "postgres:///d?host=/tmp&user=u&password=hush",
                "postgres://u:hush@h:0/d",
                "postgres://u:hush@h:65536/d",
                "postgres://u:hush@h:54x/d",
                "postgres://u:hush@a,,b/d",
                "postgres://u:hush@h!/d",
                "postgres://u:hush@::1/d",
                "postgres://u:hush@/d?host=a,b&port=1,2,3",
                "postgres://u:hush@h/d?sslmode",
                "postgres://u:hush@h/d?sslmode=hush",
                "postgres://u:hush@h/d?connect_timeout=hush",
                "postgres://u:hush@h/d?target_session_attrs=standby",
                "postgres://u:hush@h/d?pgbouncer=true",
                "postgres://u:hush@h/d?replication=database",
                "postgres://u:hush@h/d?sslcrl=/x",
                "postgres://u:hush@h/d?passfile=/x",
            })
    void whatCannotBeReadIsRefusedWithoutRepeatingIt(String text) {
        IllegalArgumentException refusal =
                catchThrowableOfType(IllegalArgumentException.class, () -> PostgresUrl.parse(text));
        assertThat(refusal)
                .isNotNull()
                .hasMessageStartingWith(
                        "The database URL is not of the form postgres://user:password@host:port/database: ")
                .hasMessageNotContaining("hush")
                .hasMessageNotContaining("word=")
                .hasMessageEndingWith(".");
    }

    @Test
    void refusalsNameTheRemedy() {
        assertThat(refusal("postgres://u:a/b@h/d")).contains("%2F for /", "%3F for ?", "%40 for @");
        assertThat(refusal("postgres://u:a%z@h/d")).contains("write a % as %25");
        assertThat(refusal("host=h user=u")).contains("list of keywords and values, which is not supported");
        assertThat(refusal("postgres:///d?user=u")).contains("Unix sockets are not supported");
        assertThat(refusal("postgres://u@h/d?hostaddr=::1")).contains("parameter hostaddr is not supported");
        assertThat(refusal("postgres://u@h/d?target_session_attrs=standby")).contains("primary, read-write or any");
        assertThat(refusal("postgres://u@h/d?pgbouncer=true")).contains("connection pooler");
    }

    private static String refusal(String text) {
        return catchThrowableOfType(IllegalArgumentException.class, () -> PostgresUrl.parse(text))
                .getMessage();
    }

    @ParameterizedTest
    @CsvSource({
        "connect_timeout=3, connectTimeout, 3",
        "connectTimeout=3, connectTimeout, 3",
        "application_name=x, ApplicationName, x",
        "sslmode=verify-full, sslmode, verify-full",
        "sslrootcert=/ca.pem, sslrootcert, /ca.pem",
        "sslnegotiation=direct, sslNegotiation, direct",
        "channel_binding=require, channelBinding, require",
        "keepalives=0, tcpKeepAlive, false",
        "target_session_attrs=primary, targetServerType, primary",
        "target_session_attrs=read-write, targetServerType, primary",
        "target_session_attrs=any, targetServerType, any",
        "targetServerType=primary, targetServerType, primary",
        "load_balance_hosts=random, loadBalanceHosts, true",
        "options=-c%20a%3Db, options, -c a=b",
    })
    void parametersOfLibpqAreThoseOfTheDriver(String parameter, String name, String value) {
        assertThat(PostgresUrl.parse("postgres://u@h/d?" + parameter).parameters())
                .isEqualTo(Map.of(name, value));
    }

    @Test
    void systemCertificatesAreCheckedWithTheHostName() {
        assertThat(PostgresUrl.parse("postgres://u@h/d?sslrootcert=system&sslmode=require")
                        .parameters())
                .containsEntry("sslmode", "verify-full")
                .containsKey("sslfactory")
                .doesNotContainKey("sslrootcert");
    }

    @Test
    void severalHostsMeanThePrimary() {
        assertThat(PostgresUrl.parse("postgres://u@a,b/d").parameters()).containsEntry("targetServerType", "primary");
        assertThat(PostgresUrl.parse("postgres://u@a,b/d?target_session_attrs=any")
                        .parameters())
                .containsEntry("targetServerType", "any");
    }

    @Test
    void textOfAUrlHoldsNoLogin() {
        assertThat(PostgresUrl.parse("postgres://u:hush@a:1,b:2/d")).hasToString("a:1,b:2/d");
    }
}
