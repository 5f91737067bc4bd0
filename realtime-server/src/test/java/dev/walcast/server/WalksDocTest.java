package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The walks that `docs/architecture.md` draws are those of the compiled classes.
@AnalyzeClasses(
        packages = "dev.walcast",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleBoundaryTest.WithoutTestJars.class})
final class WalksDocTest {
    private static final Path ARCHITECTURE = Path.of("..", "docs", "architecture.md");
    private static final Pattern WALK = Pattern.compile("^```walk\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);

    /// Two spaces for each caller, an arrow where a lambda or a thread lies between, a class and its method.
    private static final Pattern LINE = Pattern.compile("^((?: {2})*)(→ )?(?:\\w+\\.)*?(\\w+)\\.(\\w+)(?: .*)?$");

    /// One line of a drawing.
    ///
    /// @param caller null where a walk begins
    private record Step(@Nullable Step caller, int depth, boolean isDirect, String type, String method) {
        @Override
        public String toString() {
            return type + "." + method;
        }
    }

    @ArchTest
    static void drawnCallsExist(JavaClasses classes) throws IOException {
        List<Step> steps = steps(Files.readString(ARCHITECTURE));
        assertThat(steps).hasSizeGreaterThan(50);
        assertThat(steps)
                .allSatisfy(step ->
                        assertThat(units(classes, step)).as("%s exists", step).isNotEmpty());
        assertThat(steps)
                .filteredOn(step -> step.caller() != null && step.isDirect())
                .allSatisfy(step -> assertThat(isCalled(classes, step))
                        .as("%s calls %s", step.caller(), step)
                        .isTrue());
    }

    private static List<Step> steps(String page) {
        List<Step> steps = new ArrayList<>();
        for (MatchResult walk : WALK.matcher(page).results().toList()) {
            List<Step> open = new ArrayList<>();
            for (String line :
                    walk.group(1).lines().filter(text -> !text.isBlank()).toList()) {
                MatchResult drawn =
                        LINE.matcher(line).results().findFirst().orElseThrow(() -> new AssertionError(line));
                int depth = drawn.group(1).length() / 2;
                Step caller = open.stream()
                        .filter(step -> step.depth() == depth - 1)
                        .findFirst()
                        .orElse(null);
                Step step = new Step(caller, depth, drawn.group(2) == null, drawn.group(3), drawn.group(4));
                open.removeIf(former -> former.depth() >= depth);
                open.add(step);
                steps.add(step);
            }
        }
        return steps;
    }

    private static List<JavaCodeUnit> units(JavaClasses classes, Step step) {
        return classes.stream()
                .filter(type -> type.getSimpleName().equals(step.type()))
                .flatMap(type -> type.getCodeUnits().stream())
                .filter(unit -> unit.getName().equals(step.method())
                        || (unit.isConstructor() && step.method().equals("new")))
                .toList();
    }

    private static boolean isCalled(JavaClasses classes, Step step) {
        return units(classes, step.caller()).stream()
                .flatMap(unit -> unit.getAccessesFromSelf().stream())
                .anyMatch(access -> isTo(access, units(classes, step)));
    }

    /// Whether it is a call of one of the methods, directly or through a type above.
    private static boolean isTo(JavaAccess<?> access, List<JavaCodeUnit> units) {
        JavaClass owner = access.getTargetOwner();
        return units.stream()
                .anyMatch(unit -> unit.getName().equals(access.getName())
                        && unit.getOwner().isAssignableTo(owner.getName()));
    }
}
