package dev.walcast.server.encode;

import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.InView;
import java.util.Locale;
import java.util.Optional;

/// What an UPDATE did to a row in the view of one subscriber.
public enum MembershipChange {
    /// The row was and is in view, or it is unknown whether it was.
    KEPT(ChangeEvent.UPDATE),
    ENTERED(ChangeEvent.INSERT),
    LEFT(ChangeEvent.DELETE);

    private final ChangeEvent event;

    MembershipChange(ChangeEvent event) {
        this.event = event;
    }

    /// Empty when the subscriber must not receive the change: a row that was perhaps never in view has not left it.
    /// Both arguments are decided.
    public static Optional<MembershipChange> of(InView before, InView now) {
        if (now == InView.YES) {
            return Optional.of(before == InView.NO ? ENTERED : KEPT);
        }
        return before == InView.YES ? Optional.of(LEFT) : Optional.empty();
    }

    /// The event that the subscriber receives.
    public ChangeEvent event() {
        return event;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
