package dev.walcast.server.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Predicate;

/// A change feed that says what the test tells it to.
public final class TestingChangeFeed implements ChangeFeed {
    private final List<Subscribed> subscriptions = new CopyOnWriteArrayList<>();
    private volatile Function<Subscribed, Optional<String>> refusal = _ -> Optional.empty();

    /// One live subscription.
    public record Subscribed(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver) {
        public boolean isForSchema(String schema) {
            return bindings.stream()
                    .anyMatch(binding -> is(binding, spec -> spec.schema().equals(schema)));
        }

        public boolean isForTable(String table) {
            return bindings.stream()
                    .anyMatch(binding -> is(binding, spec -> spec.table().equals(table)));
        }

        /// Whether the first binding has a filter.
        public boolean isFiltered() {
            return is(bindings.getFirst(), spec -> !spec.filters().isEmpty());
        }

        private static boolean is(Binding binding, Predicate<BindingSpec> wanted) {
            try {
                return wanted.test(binding.request().spec());
            } catch (BindingRefusedException _) {
                return false;
            }
        }
    }

    @Override
    public Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver) {
        Subscribed subscribed = new Subscribed(bindings, viewer, receiver);
        Optional<String> refused = refusal.apply(subscribed);
        if (refused.isPresent()) {
            receiver.onRefused(refused.get());
            return new Handle(subscribed);
        }
        subscriptions.add(subscribed);
        receiver.onLive(List.of(), Optional.empty());
        return new Handle(subscribed);
    }

    private final class Handle implements Subscription {
        private Subscribed subscribed;

        Handle(Subscribed subscribed) {
            this.subscribed = subscribed;
        }

        @Override
        public void changeViewer(Viewer viewer) {
            subscriptions.remove(subscribed);
            subscribed = new Subscribed(subscribed.bindings(), viewer, subscribed.receiver());
            subscriptions.add(subscribed);
            subscribed.receiver().onLive(List.of(), Optional.empty());
        }

        @Override
        public void close() {
            subscriptions.remove(subscribed);
        }
    }

    public void refuse(Function<Subscribed, Optional<String>> why) {
        refusal = why;
    }

    public List<Subscribed> subscriptions() {
        return subscriptions;
    }

    public void emit(Subscribed to, String type, String data) {
        int[] ids = to.bindings().stream().mapToInt(Binding::id).toArray();
        to.receiver().onChange(ids, new EncodedChange(type, data.getBytes(UTF_8)));
    }
}
