package dev.walcast.server.encode;

import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.InView;
import java.util.Locale;
import java.util.Optional;

/// What an UPDATE did to a row, as one subscriber sees it.
public enum Passage {
    /// It was and is in view; or nobody knows whether it was.
    KEPT(ChangeEvent.UPDATE),
    ENTERED(ChangeEvent.INSERT),
    LEFT(ChangeEvent.DELETE);

    private final ChangeEvent event;

    Passage(ChangeEvent event) {
        this.event = event;
    }

    /// Empty when the subscriber must not hear of it: a row of which nobody knows whether it was in view has not left.
    /// Both places are decided.
    public static Optional<Passage> of(InView before, InView now) {
        if (now == InView.YES) {
            return Optional.of(before == InView.NO ? ENTERED : KEPT);
        }
        return before == InView.YES ? Optional.of(LEFT) : Optional.empty();
    }

    /// What the subscriber takes it for.
    public ChangeEvent event() {
        return event;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
