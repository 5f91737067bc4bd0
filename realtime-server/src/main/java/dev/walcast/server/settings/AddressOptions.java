package dev.walcast.server.settings;

import static dev.walcast.server.settings.LimitOptions.check;

import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.front.TrustedProxies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings that limit the connections of one client address.
final class AddressOptions {
    @Option(
            names = "--max-connections-per-address",
            paramLabel = "COUNT",
            defaultValue = "4096",
            description = "How many connections one client address, or one IPv6 network of 64 bits, may have at once;"
                    + " 0 for no limit. Behind a proxy, set TRUSTED_PROXIES, otherwise all clients count as one.")
    private int maxConnections;

    @Option(
            names = "--keep-alive",
            paramLabel = "TIME",
            defaultValue = "75s",
            description =
                    "How long a connection may wait for its next request. It must be longer than the time that a proxy or"
                            + " load balancer keeps its connections, or that answers some requests with 502. When places are short,"
                            + " connections that wait are closed earlier.")
    private Duration keepAlive = Duration.ZERO;

    @Option(
            names = "--trusted-proxies",
            paramLabel = "RANGES",
            defaultValue = "",
            description = "The proxies whose X-Forwarded-For or Forwarded header names the client's address, such as"
                    + " 10.0.0.7, fd00::7 or a range such as 10.0.7.0/24. No client may have such an address, and the proxy must set or"
                    + " drop both headers. The right-most address that is not a proxy's counts.")
    private String proxies = "";

    /// Call it when there are no [#problems].
    AddressLimits limits() {
        return new AddressLimits(maxConnections, keepAlive, TrustedProxies.parse(proxies));
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>();
        check(
                problems,
                maxConnections >= 0 && maxConnections <= 1_000_000,
                "MAX_CONNECTIONS_PER_ADDRESS must be between 0 and 1000000.");
        check(
                problems,
                keepAlive.toSeconds() >= 1 && keepAlive.toHours() <= 1,
                "KEEP_ALIVE must be between 1s and 1h.");
        try {
            TrustedProxies.parse(proxies);
        } catch (IllegalArgumentException e) {
            problems.add("TRUSTED_PROXIES: " + e.getMessage() + ".");
        }
        return problems;
    }
}
