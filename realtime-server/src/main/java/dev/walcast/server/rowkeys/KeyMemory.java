package dev.walcast.server.rowkeys;

/// How much memory the keys of delivered rows may take, in bytes.
///
/// @param bytesMax         of all clients together; 0 remembers none
/// @param bytesOfClientMax of one client
public record KeyMemory(long bytesMax, long bytesOfClientMax) {
    private static final int PERCENT = 100;

    public KeyMemory {
        if (bytesMax < 0 || bytesOfClientMax < 0 || bytesOfClientMax > bytesMax) {
            throw new IllegalArgumentException("bytesMax is " + bytesMax + ", bytesOfClientMax " + bytesOfClientMax);
        }
    }

    /// @param clientShare the percentage that one client may take
    public static KeyMemory shared(long bytesMax, int clientShare) {
        return new KeyMemory(bytesMax, clientShare == PERCENT ? bytesMax : bytesMax / PERCENT * clientShare);
    }

    /// A bound that a single client may use completely.
    public static KeyMemory of(long bytesMax) {
        return new KeyMemory(bytesMax, bytesMax);
    }
}
