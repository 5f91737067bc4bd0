package dev.walcast.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The arrows of `docs/architecture.md`, read from the compiled classes.
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
                    "dev.walcast.server",
                    "dev.walcast.server.cli")
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
                    "dev.walcast.server.socket..", "dev.walcast.server.channel..", "io.helidon..", "java.net..");

    @ArchTest
    static final ArchRule STREAMS_KNOW_THE_FEED_ONLY_AS_CHANNELS_DO = noClasses()
            .that()
            .resideInAPackage("dev.walcast.server.sse..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.walcast.server.changes..",
                    "dev.walcast.server.messages..",
                    "dev.walcast.cdc",
                    "dev.walcast.cdc.(debezium|pgoutput|postgres|slot|source|text|types)..");

    @ArchTest
    static final ArchRule PACKAGES_ARE_FREE_OF_CYCLES =
            slices().matching("dev.walcast.(**)").should().beFreeOfCycles();
}
