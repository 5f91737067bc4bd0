package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.window.BindingStart;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Remembers at which position of the feed the rights of a role on a table last changed. A client that resumes from an
/// earlier position may have rows that it must not see any more, or lack some. Safe for any thread.
final class RightsHistory {
    private static final int QUESTIONS_MAX = 10_000;

    private final Map<AccessQuestion, Seen> seen = new ConcurrentHashMap<>();

    /// @param shape   the columns and their types when they were last looked at
    /// @param changed null when nothing has changed yet
    private record Seen(Map<String, Long> shape, @Nullable Changed changed) {}

    private record Changed(FeedPosition at, BindingStart.Reason reason) {}

    void note(AccessQuestion question, TableAccess access) {
        if (seen.size() > QUESTIONS_MAX) {
            seen.values().removeIf(one -> one.changed == null);
        }
        seen.merge(
                question,
                new Seen(access.shape(), null),
                (old, fresh) -> old.shape.equals(fresh.shape) ? old : new Seen(fresh.shape, old.changed));
    }

    /// @param head  the place of the feed when the change was noticed
    /// @param shape what the table looks like now
    void changed(
            Collection<AccessQuestion> questions,
            FeedPosition head,
            Function<AccessQuestion, Optional<TableAccess>> shape) {
        for (AccessQuestion question : questions) {
            Map<String, Long> fresh =
                    shape.apply(question).map(TableAccess::shape).orElse(Map.of());
            seen.compute(question, (_, old) -> {
                boolean sameShape = old == null || old.shape.equals(fresh);
                return new Seen(
                        fresh,
                        new Changed(
                                head,
                                sameShape ? BindingStart.Reason.RIGHTS_CHANGED : BindingStart.Reason.SCHEMA_CHANGED));
            });
        }
    }

    /// Why a client with this role cannot go on from there; empty when it can.
    Optional<BindingStart.Reason> against(String role, Target target, String epoch, Position after) {
        if (target instanceof Target.OneTable one) {
            return against(seen.get(new AccessQuestion(role, one.table())), epoch, after);
        }
        return seen.entrySet().stream()
                .filter(entry -> entry.getKey().role().equals(role)
                        && target.includes(entry.getKey().table()))
                .flatMap(entry -> against(entry.getValue(), epoch, after).stream())
                .findFirst();
    }

    private static Optional<BindingStart.Reason> against(@Nullable Seen seen, String epoch, Position after) {
        Changed changed = seen == null ? null : seen.changed;
        return changed != null
                        && changed.at.epoch().equals(epoch)
                        && changed.at.position().isAfter(after)
                ? Optional.of(requireNonNull(changed.reason))
                : Optional.empty();
    }
}
