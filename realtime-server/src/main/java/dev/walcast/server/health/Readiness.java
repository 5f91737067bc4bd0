package dev.walcast.server.health;

import java.util.Locale;

/// Whether traffic should be sent to this server. Ordered from good to bad.
public enum Readiness {
    READY,
    /// Some tables or channels have trouble. The server serves the others.
    DEGRADED,
    /// The whole feed or process is out of service.
    NOT_READY;

    /// The text in `/readyz`.
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
