package dev.walcast.server.clients;

import java.util.Arrays;
import java.util.Optional;

/// The examples, and what happens when their blocks run.
enum Example {
    README("README.md", 1, ExampleScripts::readme),
    ACKNOWLEDGED_WORK("docs/acknowledgements.md", 1, ExampleScripts::acknowledgedWork),
    TRANSPORT("docs/acknowledgements.md", 2, ExampleScripts::transport),
    MEMBERSHIP("docs/membership.md", 1, ExampleScripts::membership),
    STORED_MESSAGES("docs/private-channels.md", 1, ExampleScripts::storedMessages),
    MIGRATION("docs/migrate.md", 1, ExampleScripts::migration),
    RESUME("docs/resume.md", 1, ExampleScripts::resume),
    SNAPSHOT("docs/resume.md", 2, ExampleScripts::snapshot),
    EVENT_SOURCE("docs/sse.md", 1, ExampleScripts::eventSource),
    TUTORIAL("docs/tutorial.md", 1, (_, _) -> Tutorial.follow());

    private final String document;
    private final int number;
    private final Script script;

    Example(String document, int number, Script script) {
        this.document = document;
        this.number = number;
        this.script = script;
    }

    @FunctionalInterface
    interface Script {
        void play(ExampleStage stage, DocumentedBlock block) throws Exception;
    }

    static Optional<Example> of(DocumentedBlock block) {
        return Arrays.stream(values())
                .filter(example -> block.isAt(example.document, example.number))
                .findFirst();
    }

    void play(ExampleStage stage, DocumentedBlock block) throws Exception {
        script.play(stage, block);
    }
}
