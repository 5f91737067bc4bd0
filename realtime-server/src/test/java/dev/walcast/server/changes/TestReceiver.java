package dev.walcast.server.changes;

import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.SnapshotChunk;

/// A client that always has room and reads no rows. Tests define the rest.
abstract class TestReceiver implements ChangeReceiver {
    /// Receives a refusal or an error.
    abstract void hear(String message);

    @Override
    public void onSnapshot(int id, SnapshotChunk chunk) {}

    @Override
    public void onRefused(String message) {
        hear(message);
    }

    @Override
    public void onTrouble(String message) {
        hear(message);
    }

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public void awaitRoom() {}
}
