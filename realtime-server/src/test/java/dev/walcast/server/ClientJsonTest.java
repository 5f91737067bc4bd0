package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// A client's JSON is read once, at the edge: only the packages that parse use Jackson's tree types.
@AnalyzeClasses(
        packages = "dev.walcast",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleBoundaryTest.WithoutTestJars.class})
final class ClientJsonTest {
    private static final Set<String> PARSING =
            Set.of("dev.walcast.server.json", "dev.walcast.server.auth", "dev.walcast.server.request");

    /// Classes of other packages that use the tree types, each with the reason.
    private static final Map<String, String> ALLOWED = Map.ofEntries(
            Map.entry("server.admin.AdminJson", "writes answers; reads none"),
            Map.entry("server.admin.AdminRoutes", "reads what operators send"),
            Map.entry("server.HealthRoutes", "writes an answer; reads none"),
            Map.entry("server.rest.RestResponse", "writes an answer; reads none"),
            Map.entry("server.rest.PrivateTopics", "writes headers as JSON for policies; reads none"),
            Map.entry("server.session.RequestHeaders", "writes headers as JSON for policies; reads none"),
            Map.entry("server.sse.StreamQuery", "writes a query as a binding, which server.request reads"),
            Map.entry("server.limits.TokenSubject", "reads the sub of claims, which are opaque otherwise"),
            Map.entry("server.cli.ListenCommand", "is a client itself"),
            Map.entry("server.cli.TokenCommand", "reads claims from the command line"),
            Map.entry("server.dev.DemoRoutes", "is the demo of the development mode"));

    @ArchTest
    static void onlyParsersUseJsonTrees(JavaClasses classes) {
        Set<String> found = classes.stream()
                .filter(type -> !PARSING.contains(type.getPackageName()))
                .filter(ClientJsonTest::usesTrees)
                .map(ClientJsonTest::topLevelName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).isEqualTo(new TreeSet<>(ALLOWED.keySet()));
    }

    private static boolean usesTrees(JavaClass type) {
        return type.getDirectDependenciesFromSelf().stream()
                .anyMatch(use -> use.getTargetClass().getPackageName().startsWith("com.fasterxml.jackson.databind"));
    }

    private static String topLevelName(JavaClass type) {
        return type.getName().replaceFirst("\\$.*", "").replaceFirst("^dev\\.walcast\\.", "");
    }
}
