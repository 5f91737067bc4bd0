package dev.walcast.server.attack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Runs one attack and finds the harm to other clients.
final class Verdict {
    /// A gap that is too long, on any machine.
    private static final Duration GAP_MAX = Duration.ofSeconds(5);

    private static final double RATIO_MAX = 3;
    private static final Duration SETTLING = Duration.ofSeconds(1);
    private static final int SETTLING_ROUNDS_MAX = 60;

    private final Battle battle;
    private final Kind kind;
    private final AttackPlan plan;
    private final List<String> problems = new ArrayList<>();
    private final StringBuilder told = new StringBuilder();
    private final Figures figures = new Figures();
    private long phaseBegan = System.nanoTime();

    Verdict(Battle battle, Kind kind, AttackPlan plan) {
        this.battle = battle;
        this.kind = kind;
        this.plan = plan;
    }

    /// The harm that was found; empty when the others were not harmed.
    List<String> problems() {
        return problems;
    }

    /// The numbers as a row of a table.
    String tableRow(String heap) {
        return figures.row(kind, heap, problems);
    }

    /// The numbers.
    @Override
    public String toString() {
        return told.toString();
    }

    void play() throws Exception {
        battle.healthy().violations.clear();
        if (plan.isLong()) {
            Battle.Round warmUp = attack(plan.warmUp());
            judgeRows(warmUp);
            phase("warm-up");
        }
        if (!problems.isEmpty()) {
            return;
        }
        Gauge before = plan.isLong() ? settled() : battle.lastGauge();
        phase("gauge");
        Battle.Round attack = attack(plan.time());
        phase("attack");
        judgeRows(attack);
        judgeNewcomers(attack);
        phase("rows");
        if (!problems.isEmpty()) {
            return;
        }
        if (plan.looksAtWhatIsLeft(kind)) {
            judgeWhatIsLeft(before);
            phase("what is left");
        }
        if (isJudgedByTime(attack)) {
            judgeTime(attack);
            phase("comparison");
        }
    }

    private void phase(String name) {
        long now = System.nanoTime();
        tell("%s took %.1f s", name, (now - phaseBegan) / 1e9);
        phaseBegan = now;
    }

    private Battle.Round attack(Duration time) throws Exception {
        return battle.attack(kind, time, plan.timeMax(time), plan.share());
    }

    /// Waits until the effects of earlier attacks are gone, so that they do not count for the next.
    private Gauge settled() throws Exception {
        Gauge last = battle.gauge();
        for (int i = 0; i < SETTLING_ROUNDS_MAX; i++) {
            LockSupport.parkNanos(SETTLING.toNanos());
            Gauge next = battle.gauge();
            if (next.isSettledAfter(last)) {
                return next;
            }
            last = next;
        }
        return last;
    }

    /// Rows wait while there is no server.
    private boolean isJudgedByTime(Battle.Round attack) {
        return attack.exits() == 0 && !kind.stopsRows();
    }

    private void judgeRows(Battle.Round attack) {
        int cutsBefore = battle.healthy().cuts.size();
        long lost = battle.awaitRows(attack, plan.patience(kind));
        tell(
                "attacker: %s, %.1f s of CPU in %.1f s, exits %d",
                attack.said(), attack.cpu(), attack.seconds(), attack.exits());
        tell("rows %s", battle.healthy().rows.between(attack.fromMicros(), attack.toMicros()));
        tell("echoes %s", battle.healthy().echoes.between(attack.fromMicros(), attack.toMicros()));
        tell("cuts %s", List.copyOf(battle.healthy().cuts));
        figures.round(attack, lost);
        if (lost > 0) {
            problems.add(lost + " rows lost");
        }
        if (kind.isOfClient() && attack.said().startsWith("begun")) {
            problems.add("the attack did nothing");
        }
        problems.addAll(battle.healthy().violations.stream().limit(10).toList());
        battle.healthy().violations.clear();
        if (cutsBefore > 100) {
            battle.healthy().cuts.clear();
        }
    }

    private void judgeNewcomers(Battle.Round attack) {
        tell("newcomers %s", battle.newcomers().taken.between(attack.fromMicros(), attack.toMicros()));
        List<String> failures = battle.newcomers().failures(attack.fromMicros(), attack.toMicros());
        if (!failures.isEmpty()) {
            problems.add(failures.size() + " newcomers were not served: " + failures.getFirst());
        }
    }

    private void judgeWhatIsLeft(Gauge before) {
        Gauge limit = before.limit(plan.heapSlack());
        @Nullable Gauge after = battle.awaitWithin(limit, plan.recovery());
        tell("before %s", before);
        tell("after %s", String.valueOf(after));
        figures.left(before, after);
        if (after == null) {
            problems.add("the server does not report what it holds");
        } else if (!after.isWithin(limit)) {
            problems.add("it still holds " + after + " after " + before);
        }
    }

    /// Judges a second time before it reports a failure, because the machine has other work.
    private void judgeTime(Battle.Round first) throws Exception {
        String wrong = slowness(first);
        if (wrong != null) {
            Battle.Round again = attack(plan.time());
            judgeRows(again);
            judgeNewcomers(again);
            wrong = isJudgedByTime(again) ? slowness(again) : null;
        }
        if (wrong != null) {
            problems.add(wrong);
        }
    }

    private @Nullable String slowness(Battle.Round attack) throws Exception {
        long late = battle.newcomers().late(attack.fromMicros(), attack.toMicros());
        if (late > 0) {
            return late + " newcomers waited too long";
        }
        return plan.compares() ? compare(attack) : longGap(attack);
    }

    /// On a machine with much other work, a burner leaves long gaps, too.
    private @Nullable String longGap(Battle.Round attack) throws Exception {
        double gap = gap(attack);
        if (gap <= GAP_MAX.toMillis()) {
            return null;
        }
        Battle.Round baseline = battle.burn(attack, battle.calm());
        battle.awaitRows(baseline);
        tell("a gap of %.0f ms, beside a burner %.0f ms", gap, gap(baseline));
        return gap <= RATIO_MAX * gap(baseline) ? null : "a gap of " + Math.round(gap) + " ms";
    }

    private double gap(Battle.Round round) {
        double echoes = battle.healthy()
                .echoes
                .between(round.fromMicros(), round.toMicros())
                .max();
        double rows = battle.healthy()
                .rows
                .between(round.fromMicros(), round.toMicros())
                .max();
        return comparesRows() ? Math.max(rows, echoes) : echoes;
    }

    /// Rows come in the order of the log, so those behind a large transaction wait for it.
    private boolean comparesRows() {
        return kind != Kind.LARGE_TRANSACTION;
    }

    private @Nullable String compare(Battle.Round attack) throws Exception {
        Battle.Round calm = battle.calm();
        Battle.Round baseline = battle.burn(attack, calm);
        battle.awaitRows(baseline);
        String rows = comparesRows() ? compare("rows", battle.healthy().rows, attack, baseline) : null;
        return rows != null ? rows : compare("echoes", battle.healthy().echoes, attack, baseline);
    }

    private @Nullable String compare(String what, Latencies latencies, Battle.Round attack, Battle.Round baseline) {
        Latencies.Summary attacked = latencies.between(attack.fromMicros(), attack.toMicros());
        Latencies.Summary burnt = latencies.between(baseline.fromMicros(), baseline.toMicros());
        double ratio = attacked.p99() / Math.max(0.1, burnt.p99());
        tell("%s beside a burner of %.1f s: %s; ratio of p99 %.2f", what, baseline.cpu(), burnt, ratio);
        figures.ratio(what, attacked.p99(), burnt.p99(), ratio);
        return ratio <= RATIO_MAX
                ? null
                : "p99 of %s is %.1f ms, %.1f times that beside a burner".formatted(what, attacked.p99(), ratio);
    }

    private void tell(String format, Object... arguments) {
        told.append("  ").append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
