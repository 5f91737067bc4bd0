package dev.walcast.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Checks the dependencies in `docs/architecture.md` against the compiled classes.
@AnalyzeClasses(
        packages = "dev.walcast",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleBoundaryTest.WithoutTestJars.class})
final class ModuleBoundaryTest {
    /// Once a module is packaged, its tests come as a jar, which the usual option does not know.
    static final class WithoutTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule CDC_KNOWS_NOBODY = noClasses()
            .that()
            .resideInAPackage("dev.walcast.cdc..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.filters..", "dev.walcast.rls..", "dev.walcast.server..");

    @ArchTest
    static final ArchRule CHANGES_KNOW_NO_READER = noClasses()
            .that()
            .resideInAnyPackage(
                    "dev.walcast.cdc", "dev.walcast.cdc.text", "dev.walcast.cdc.postgres", "dev.walcast.cdc.supervisor")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.cdc.debezium..",
                    "dev.walcast.cdc.pgoutput..",
                    "dev.walcast.cdc.slot..",
                    "dev.walcast.cdc.source..",
                    "dev.walcast.cdc.types..");

    @ArchTest
    static final ArchRule SUPERVISION_KNOWS_NO_CHANGES = noClasses()
            .that()
            .resideInAPackage("dev.walcast.cdc.supervisor")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.cdc", "dev.walcast.cdc.text", "dev.walcast.cdc.postgres");

    @ArchTest
    static final ArchRule CONNECTIONS_KNOW_NO_SOURCE = noClasses()
            .that()
            .resideInAnyPackage("dev.walcast.cdc.source.connection", "dev.walcast.cdc.types")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.cdc.source", "dev.walcast.cdc.source.preflight");

    @ArchTest
    static final ArchRule THE_PREFLIGHT_KNOWS_NO_SOURCE = noClasses()
            .that()
            .resideInAPackage("dev.walcast.cdc.source.preflight")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.walcast.cdc.source");

    @ArchTest
    static final ArchRule FILTERS_KNOW_ONLY_CHANGES = classes()
            .that()
            .resideInAPackage("dev.walcast.filters..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.filters..", "dev.walcast.cdc", "dev.walcast.cdc.text", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule VALUES_KNOW_NO_PREDICATES = noClasses()
            .that()
            .resideInAPackage("dev.walcast.filters.values")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.filters", "dev.walcast.filters.predicate", "dev.walcast.filters.index");

    @ArchTest
    static final ArchRule PREDICATES_KNOW_NEITHER_GRAMMAR_NOR_INDEX = noClasses()
            .that()
            .resideInAPackage("dev.walcast.filters.predicate")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.filters", "dev.walcast.filters.index");

    @ArchTest
    static final ArchRule THE_INDEX_KNOWS_NO_GRAMMAR = noClasses()
            .that()
            .resideInAPackage("dev.walcast.filters.index")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.walcast.filters");

    @ArchTest
    static final ArchRule FILTERS_KNOW_NO_INDEX = noClasses()
            .that()
            .resideInAPackage("dev.walcast.filters")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.walcast.filters.index");

    @ArchTest
    static final ArchRule FILTERS_DO_NO_IO_AND_START_NO_THREADS = noClasses()
            .that()
            .resideInAPackage("dev.walcast.filters..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.io..", "java.nio.file..", "java.net..", "java.sql..")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class);

    @ArchTest
    static final ArchRule RLS_KNOWS_NO_SOCKETS = noClasses()
            .that()
            .resideInAPackage("dev.walcast.rls..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.server..",
                    "dev.walcast.cdc.debezium..",
                    "dev.walcast.cdc.pgoutput..",
                    "dev.walcast.cdc.source..");

    @ArchTest
    static final ArchRule ONLY_THE_ENGINE_SEES_DEBEZIUM_AND_KAFKA = noClasses()
            .that()
            .resideOutsideOfPackage("dev.walcast.cdc.debezium..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.debezium..", "org.apache.kafka..");

    @ArchTest
    static final ArchRule ONLY_THE_COMPOSITION_ROOT_SEES_THE_READERS = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.walcast.cdc.debezium..",
                    "dev.walcast.cdc.pgoutput..",
                    "dev.walcast.cdc.source..",
                    "dev.walcast.server")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.walcast.cdc.debezium..", "dev.walcast.cdc.pgoutput..", "dev.walcast.cdc.source..");

    @ArchTest
    static final ArchRule THE_NATIVE_READER_NEEDS_NO_DEBEZIUM = noClasses()
            .that()
            .resideInAnyPackage("dev.walcast.cdc.pgoutput..", "dev.walcast.cdc.source..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.walcast.cdc.debezium..");

    @ArchTest
    static final ArchRule DEBEZIUM_IS_NOT_TOLD_OF_THE_NATIVE_READER = noClasses()
            .that()
            .resideInAnyPackage("dev.walcast.cdc.debezium..", "dev.walcast.cdc.source..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.walcast.cdc.pgoutput..");

    @ArchTest
    static final ArchRule THE_PROTOCOL_MOVES_NO_BYTES = noClasses()
            .that()
            .resideInAPackage("dev.walcast.server.protocol..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.server.socket..",
                    "dev.walcast.server.frames..",
                    "dev.walcast.server.channel..",
                    "io.helidon..",
                    "java.net..");

    @ArchTest
    static final ArchRule STREAMS_KNOW_THE_FEED_ONLY_AS_CHANNELS_DO = noClasses()
            .that()
            .resideInAPackage("dev.walcast.server.sse..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.server.changes..",
                    "dev.walcast.server.delivery..",
                    "dev.walcast.server.subscribe..",
                    "dev.walcast.server.window..",
                    "dev.walcast.server.messages..",
                    "dev.walcast.cdc",
                    "dev.walcast.cdc.(debezium|pgoutput|postgres|slot|source|text|types)..");

    @ArchTest
    static final ArchRule PACKAGES_ARE_FREE_OF_CYCLES =
            slices().matching("dev.walcast.(**)").should().beFreeOfCycles();

    /// How many files a package of a tabled module may have.
    private static final int FILES_MAX = 25;

    /// The first parts of the names of packages whose table is in `docs/architecture.md`.
    private static final List<String> TABLED = List.of("server", "rls");

    private static final Path ARCHITECTURE = Path.of("..", "docs", "architecture.md");

    /// The packages of one module in the order of its table in `docs/architecture.md`, highest first.
    private static List<String> packagesOfTheTable(String module) {
        try {
            return Pattern.compile("^\\| `(" + module + "(?:\\.\\w+)?)` \\|", Pattern.MULTILINE)
                    .matcher(Files.readString(ARCHITECTURE))
                    .results()
                    .map(row -> "dev.walcast." + row.group(1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOf(String module, JavaClass type) {
        return (type.getPackageName() + ".").startsWith("dev.walcast." + module + ".");
    }

    @ArchTest
    static void tablesNameEveryPackage(JavaClasses classes) {
        for (String module : TABLED) {
            Set<String> packages = classes.stream()
                    .filter(type -> isOf(module, type))
                    .map(JavaClass::getPackageName)
                    .collect(Collectors.toSet());
            assertThat(packagesOfTheTable(module))
                    .doesNotHaveDuplicates()
                    .isNotEmpty()
                    .containsExactlyInAnyOrderElementsOf(packages);
        }
    }

    @ArchTest
    static void packagesUseOnlyThoseBelowThem(JavaClasses classes) {
        for (String module : TABLED) {
            List<String> order = packagesOfTheTable(module);
            for (int i = 1; i < order.size(); i++) {
                noClasses()
                        .that()
                        .resideInAPackage(order.get(i))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(order.subList(0, i).toArray(String[]::new))
                        .check(classes);
            }
        }
    }

    @ArchTest
    static void tabledPackagesAreSmall(JavaClasses classes) {
        Map<String, Long> files = classes.stream()
                .filter(type -> TABLED.stream().anyMatch(module -> isOf(module, type)) && type.isTopLevelClass())
                .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
        assertThat(files)
                .isNotEmpty()
                .allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(FILES_MAX));
    }
}
