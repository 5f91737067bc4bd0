package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.Target;
import java.util.Optional;
import java.util.Set;

/// A client's binding: one entry of `postgres_changes` in a join, read once. Immutable, without any JSON.
///
/// A malformed binding does not refuse its join. The client receives the reason when the binding is to be served, so
/// [#spec()] and [#snapshot()] throw it then.
public final class BindingRequest {
    private static final Set<String> KNOWN_KEYS =
            Set.of("event", "schema", "table", "filter", "select", "membership", "snapshot", "resume", "ack");

    private final Reading<BindingSpec> spec;
    private final Reading<Optional<SnapshotSpec>> snapshot;
    private final ResumeFrom resume;
    private final AckRequest ack;

    private BindingRequest(
            Reading<BindingSpec> spec, Reading<Optional<SnapshotSpec>> snapshot, ResumeFrom resume, AckRequest ack) {
        this.spec = requireNonNull(spec, "spec is null");
        this.snapshot = requireNonNull(snapshot, "snapshot is null");
        this.resume = requireNonNull(resume, "resume is null");
        this.ack = requireNonNull(ack, "ack is null");
    }

    /// @param sent the entry of the join. It is not kept, and keys that the server does not know are ignored.
    public static BindingRequest read(ObjectNode sent) {
        ObjectNode known = JsonNodeFactory.instance.objectNode();
        sent.properties().stream()
                .filter(property -> KNOWN_KEYS.contains(property.getKey()))
                .forEach(property -> known.set(property.getKey(), property.getValue()));
        return new BindingRequest(
                Reading.of(() -> BindingSpec.read(known)),
                Reading.of(() -> SnapshotSpec.read(known.path(SnapshotSpec.KEY))),
                ResumeFrom.read(known.path(ResumeFrom.KEY)),
                AckRequest.read(known));
    }

    /// The same binding, which goes on from another place.
    public BindingRequest resumedFrom(ResumeFrom place) {
        return new BindingRequest(spec, snapshot, place, ack);
    }

    /// Which changes the client asks for.
    ///
    /// @throws BindingRefusedException when the binding is malformed
    public BindingSpec spec() throws BindingRefusedException {
        return spec.get();
    }

    /// Which rows the client asks for first; empty when it asks for none.
    ///
    /// @throws BindingRefusedException when that part of the binding is malformed
    public Optional<SnapshotSpec> snapshot() throws BindingRefusedException {
        return snapshot.get();
    }

    /// Whether the client asks for rows first. False when that part of the binding is malformed.
    public boolean asksForRows() {
        return snapshot instanceof Reading.Value<Optional<SnapshotSpec>>(Optional<SnapshotSpec> rows)
                && rows.isPresent();
    }

    /// Where the client wants to go on.
    public ResumeFrom resume() {
        return resume;
    }

    /// Whether the client acknowledges the changes.
    public AckRequest ack() {
        return ack;
    }

    /// The table that the binding names; empty for a wildcard and for a malformed binding.
    public Optional<TableId> table() {
        return spec instanceof Reading.Value<BindingSpec>(BindingSpec read)
                        && read.target() instanceof Target.OneTable(TableId table)
                ? Optional.of(table)
                : Optional.empty();
    }
}
