package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.rls.Verdict.ReadableColumns;
import dev.walcast.server.channel.EncodedChange;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// One change's encodings, made once for each projection and shared by all who receive it. Safe for any thread.
final class Encodings {
    private final Change change;
    private final ChangeEncoder encoder;
    private final Map<Projection, EncodedChange> made = new ConcurrentHashMap<>(2);

    private record Projection(ReadableColumns columns, ReadableColumns old) {}

    Encodings(Change change, ChangeEncoder encoder) {
        this.change = requireNonNull(change, "change is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
    }

    Change change() {
        return change;
    }

    EncodedChange of(ReadableColumns columns, ReadableColumns old) {
        return made.computeIfAbsent(new Projection(columns, old), _ -> encoder.encode(change, columns, old));
    }
}
