package dev.walcast.server.rowkeys;

/// What the keys of delivered rows may take, in bytes.
///
/// @param bytesMax         of all clients; 0 remembers none
/// @param bytesOfClientMax of one client
public record KeyMemory(long bytesMax, long bytesOfClientMax) {
    private static final int PERCENT = 100;

    public KeyMemory {
        if (bytesMax < 0 || bytesOfClientMax < 0 || bytesOfClientMax > bytesMax) {
            throw new IllegalArgumentException("bytesMax is " + bytesMax + ", bytesOfClientMax " + bytesOfClientMax);
        }
    }

    /// @param clientShare percent that one client may take
    public static KeyMemory shared(long bytesMax, int clientShare) {
        return new KeyMemory(bytesMax, clientShare == PERCENT ? bytesMax : bytesMax / PERCENT * clientShare);
    }

    /// Which one client may take whole.
    public static KeyMemory of(long bytesMax) {
        return new KeyMemory(bytesMax, bytesMax);
    }
}
