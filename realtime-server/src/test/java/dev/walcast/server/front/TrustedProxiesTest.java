package dev.walcast.server.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.server.http.HeadParser;
import dev.walcast.server.limits.ClientAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
    private static final TrustedProxies PROXIES = TrustedProxies.parse("10.0.0.0/8, 192.168.1.7,fd00::/8");

    private static String client(String peer, String... fields) throws Exception {
        List<String> lines = new ArrayList<>(List.of("GET / HTTP/1.1", "Host: x"));
        lines.addAll(List.of(fields));
        return PROXIES.client(InetAddress.ofLiteral(peer), HeadParser.parse(lines))
                .getHostAddress();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.5|1.2.3.4|203.0.113.5",
                "10.0.0.1|1.2.3.4|1.2.3.4",
                "10.0.0.1|6.6.6.6, 1.2.3.4|1.2.3.4",
                "10.0.0.1|6.6.6.6, 1.2.3.4, 10.9.9.9|1.2.3.4",
                "192.168.1.7|1.2.3.4:5555|1.2.3.4",
                "192.168.1.8|1.2.3.4|192.168.1.8",
                "fd00:0:0:0:0:0:0:1|2001:db8::7|2001:db8:0:0:0:0:0:7",
                "fd00:0:0:0:0:0:0:1|[2001:db8::7]:99|2001:db8:0:0:0:0:0:7",
                "10.0.0.1|10.0.0.2, 10.0.0.3|10.0.0.2",
                "10.0.0.1|1.2.3.4, unknown|10.0.0.1",
                "10.0.0.1|1.2.3.4, unknown, 10.0.0.2|10.0.0.2",
                "10.0.0.1|1.2.3.4,|10.0.0.1",
                "10.0.0.1|localhost|10.0.0.1",
            })
    void rightmostNonProxyAddressCounts(String peer, String hops, String client) throws Exception {
        assertThat(client(peer, "X-Forwarded-For: " + hops)).isEqualTo(client);
    }

    @Test
    void severalHeadersAreOneList() throws Exception {
        assertThat(client("10.0.0.1", "X-Forwarded-For: 1.2.3.4", "x-forwarded-for: 5.6.7.8"))
                .isEqualTo("5.6.7.8");
    }

    @Test
    void forwardedHeaderIsTheFallback() throws Exception {
        String forwarded = "Forwarded: for=6.6.6.6, by=x;For=\"[2001:db8::7]:99\";proto=http, for=10.0.0.2";
        assertThat(client("10.0.0.1", forwarded)).isEqualTo("2001:db8:0:0:0:0:0:7");
        assertThat(client("10.0.0.1", forwarded, "X-Forwarded-For: 1.2.3.4")).isEqualTo("1.2.3.4");
        assertThat(client("10.0.0.1")).isEqualTo("10.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0.1/8",
                "proxy",
                "10.0.0.0/",
                "10.0.0.0/-1",
                "fd00::/129",
                "10.0.0.0/8,",
                "1"
            })
    void otherRangesAreRefused(String text) {
        assertThatThrownBy(() -> TrustedProxies.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ipv6NetworkIsOneClient() {
        assertThat(ClientAddress.of(InetAddress.ofLiteral("2001:db8::1")))
                .isEqualTo(ClientAddress.of(InetAddress.ofLiteral("2001:db8::ffff:2")))
                .isNotEqualTo(ClientAddress.of(InetAddress.ofLiteral("2001:db8:0:1::1")));
    }

    @Test
    void descriptorsBoundConnections() {
        assertThat(Descriptors.fitting(1_000, 1_048_576)).isEqualTo(1_000);
        assertThat(Descriptors.fitting(17_384, 4_096)).isEqualTo(4_096 - 256 - ConnectionPlaces.RESERVE);
        assertThat(Descriptors.fitting(17_384, 400)).isEqualTo(200);
    }
}
