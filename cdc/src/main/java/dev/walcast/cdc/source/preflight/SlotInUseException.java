package dev.walcast.cdc.source.preflight;

import dev.walcast.cdc.SourceException;

/// Thrown when another process reads the replication slot. This may end at any time, so the failure is
/// temporary.
public final class SlotInUseException extends SourceException {
    private static final long serialVersionUID = 1L;

    SlotInUseException(String message) {
        super(message, true);
    }
}
