package dev.walcast.server.front;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Computes how many connections the process' limit of file descriptors allows.
final class Descriptors {
    private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

    /// Descriptors for jars, files, sockets to the database, and the connections for probes.
    private static final int FOR_OTHERS = 256 + ConnectionPlaces.RESERVE;

    private Descriptors() {}

    /// Returns the number of connections that fit; warns when it is lower than requested.
    static int fitting(int connectionsMax) {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? fitting(connectionsMax, system.getMaxFileDescriptorCount())
                : connectionsMax;
    }

    static int fitting(int connectionsMax, long descriptors) {
        long fitting = Math.max(descriptors - FOR_OTHERS, descriptors / 2);
        if (fitting >= connectionsMax || fitting < 1) {
            return connectionsMax;
        }
        LOG.warn(
                "This process may open {} files, too few for {} connections. It accepts {} connections. Raise the limit"
                        + " (ulimit -n, LimitNOFILE, ulimits.nofile) to {}, or lower MAX_CONNECTIONS.",
                descriptors,
                connectionsMax,
                fitting,
                connectionsMax + FOR_OTHERS);
        return (int) fitting;
    }
}
