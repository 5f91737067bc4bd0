package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.json.Slice;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.TokenSubject;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.AckPush;
import dev.walcast.server.request.AckRequest;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.request.ResumeFrom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The bindings of one channel whose changes its client acknowledges: where they go on, what was sent, and what is
/// acknowledged. Safe for any thread.
public final class Acknowledgements {
    private final Cursors cursors;
    private final Topic topic;
    private final String address;
    private final List<Acknowledged> bindings;

    @GuardedBy("this")
    private ClientKey client;

    @GuardedBy("this")
    private Map<Integer, CursorKey> keys = Map.of();

    /// The newest position that the client may acknowledge.
    @GuardedBy("this")
    private @Nullable String reached;

    @GuardedBy("this")
    private boolean live;

    /// What was acknowledged before it was live, while rows might still be sent anew.
    @GuardedBy("this")
    private @Nullable String early;

    /// A binding that is acknowledged.
    private record Acknowledged(int id, BindingRequest request, AckRequest.Asked ack) {}

    private Acknowledgements(Cursors cursors, Topic topic, String address, List<Acknowledged> bindings) {
        this.address = requireNonNull(address, "address is null");
        this.client = ClientKey.ofAddress(address);
        this.cursors = requireNonNull(cursors, "cursors is null");
        this.topic = requireNonNull(topic, "topic is null");
        this.bindings = List.copyOf(bindings);
    }

    /// Empty when no binding asks for it.
    ///
    /// @param bindings those of the channel
    /// @param address  that the connection comes from
    public static Optional<Acknowledgements> of(Cursors cursors, Topic topic, String address, List<Binding> bindings) {
        Map<Integer, Acknowledged> asking = new LinkedHashMap<>();
        for (Binding binding : bindings) {
            if (binding.request().ack() instanceof AckRequest.Asked ack) {
                asking.put(binding.id(), new Acknowledged(binding.id(), binding.request(), ack));
            }
        }
        return asking.isEmpty()
                ? Optional.empty()
                : Optional.of(new Acknowledgements(cursors, topic, address, List.copyOf(asking.values())));
    }

    /// Why these bindings cannot be acknowledged by this viewer.
    public static Optional<Refusal> problem(List<BindingRequest> requests, Viewer viewer) {
        for (BindingRequest request : requests) {
            if (request.ack() instanceof AckRequest.Invalid) {
                return Optional.of(ErrorCode.ACK_NAME_INVALID.refusal(AckRequest.NAME_BYTES_MAX));
            }
            if (request.ack() instanceof AckRequest.Unnamed
                    && TokenSubject.ofScalar(viewer).isEmpty()) {
                return Optional.of(ErrorCode.ACK_NAME_MISSING.refusal());
            }
        }
        return Optional.empty();
    }

    /// From now on the cursors are this viewer's. Viewers without a subject share theirs by role and name.
    public synchronized void follow(Viewer viewer) {
        String holder = TokenSubject.ofScalar(viewer).map(sub -> "sub " + sub).orElse("role " + viewer.role());
        client = ClientKey.of(viewer, address);
        Map<Integer, CursorKey> fresh = new HashMap<>();
        bindings.forEach(binding -> fresh.put(
                binding.id(), CursorKey.of(holder, topic, binding.ack().cursorName())));
        if (!fresh.equals(keys)) {
            release();
            keys = fresh;
            early = null;
            fresh.values().forEach(key -> cursors.take(key, this, client));
        }
    }

    /// The channel's bindings for the feed: each goes on after the acknowledged position, unless its client names
    /// another place.
    public synchronized List<Binding> placed(List<Binding> all) {
        List<Binding> placed = new ArrayList<>();
        for (Binding binding : all) {
            CursorKey key = keys.get(binding.id());
            Optional<String> cursor = key == null ? Optional.empty() : cursors.take(key, this, client);
            placed.add(
                    cursor.isPresent() && binding.request().resume() instanceof ResumeFrom.Now
                            ? new Binding(binding.id(), binding.request().resumedFrom(ResumeFrom.of(cursor.get())))
                            : binding);
        }
        return placed;
    }

    /// What the client should know.
    public synchronized List<String> live(Optional<FeedPlace> place) {
        if (place.isEmpty()) {
            return List.of();
        }
        String position = place.get().position();
        // the same place is told again when more has been sent
        if (!live || !isOfEpoch(position)) {
            reached = position;
            live = true;
        }
        for (Acknowledged binding : bindings) {
            String start = binding.request().resume() instanceof ResumeFrom.After(FeedPosition after)
                    ? after.toString()
                    : position;
            cursors.begin(requireNonNull(keys.get(binding.id())), start);
        }
        rememberEarly();
        return cursors.isDurable()
                ? List.of()
                : List.of("Acknowledgements are remembered until this server stops, no longer: run `walcast setup`.");
    }

    /// Called before a change is sent.
    public synchronized void sending(EncodedChange change) {
        change.position().ifPresent(position -> {
            String known = reached;
            if (known == null || !isOfEpoch(position) || position.compareTo(known) > 0) {
                reached = position;
            }
        });
    }

    @GuardedBy("this")
    private boolean isOfEpoch(String position) {
        String known = reached;
        return known != null && Cursors.epoch(known).equals(Cursors.epoch(position));
    }

    /// Takes note of what the client has processed.
    ///
    /// @return why that is not possible; empty when it was done
    public Optional<Refusal> acknowledge(Slice push) {
        return AckPush.read(push)
                .map(read -> acknowledge(read.position()))
                .orElseGet(() -> Optional.of(ErrorCode.ACK_UNREADABLE.refusal()));
    }

    private synchronized Optional<Refusal> acknowledge(String position) {
        if (reached != null && !isOfEpoch(position)) {
            return Optional.of(ErrorCode.ACK_OTHER_EPOCH.refusal());
        }
        if (reached == null || position.compareTo(reached) > 0) {
            return Optional.of(ErrorCode.ACK_NOT_SENT.refusal());
        }
        if (!live && asksForRows()) {
            early = early == null || position.compareTo(early) > 0 ? position : early;
            return Optional.empty();
        }
        return advance(position) ? Optional.empty() : Optional.of(ErrorCode.ACK_TAKEN_OVER.refusal());
    }

    private boolean asksForRows() {
        return bindings.stream().anyMatch(binding -> binding.request().asksForRows());
    }

    @GuardedBy("this")
    private void rememberEarly() {
        if (early != null && isOfEpoch(early)) {
            boolean _ = advance(early);
        }
        early = null;
    }

    /// False when another holder has taken a cursor.
    @GuardedBy("this")
    private boolean advance(String position) {
        boolean all = true;
        for (CursorKey key : keys.values()) {
            all &= cursors.advance(key, position, this);
        }
        return all;
    }

    /// The channel ends, or has got other keys.
    public synchronized void release() {
        keys.values().forEach(key -> cursors.release(key, this));
    }
}
