package dev.walcast.server.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ListenerTest {
    @Test
    void errorDuringAcceptDoesNotEndIt() throws Exception {
        AtomicInteger taken = new AtomicInteger();
        Listener listener = new Listener(new InetSocketAddress("127.0.0.1", 0), new Listener.Reception() {
            @Override
            public void accepted(SocketChannel channel) throws IOException {
                if (taken.getAndIncrement() < 2) {
                    throw new OutOfMemoryError("made by the test");
                }
                channel.close();
            }

            @Override
            public boolean makeRoom() {
                return false;
            }
        });
        listener.bind();
        try (Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, _ -> {});
                Supervised _ = supervisor.startObserved("listener", listener)) {
            for (int i = 1; i <= 4; i++) {
                int count = i;
                try (Socket socket = new Socket("127.0.0.1", listener.port())) {
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                }
                await().until(() -> taken.get() == count);
            }
        } finally {
            listener.close();
        }
    }

    @Test
    void interruptedListenerBindsAgain() throws Exception {
        AtomicInteger taken = new AtomicInteger();
        Listener listener = new Listener(new InetSocketAddress("127.0.0.1", 0), new Listener.Reception() {
            @Override
            public void accepted(SocketChannel channel) throws IOException {
                if (taken.getAndIncrement() == 0) {
                    Thread.currentThread().interrupt();
                }
                channel.close();
            }

            @Override
            public boolean makeRoom() {
                return false;
            }
        });
        listener.bind();
        int port = listener.port();
        try (Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, _ -> {});
                Supervised _ = supervisor.startObserved("listener", listener)) {
            new Socket("127.0.0.1", port).close();
            await().until(() -> taken.get() >= 1);
            await().ignoreExceptions().until(() -> {
                new Socket("127.0.0.1", port).close();
                return taken.get() >= 2;
            });
            assertThat(listener.port()).isEqualTo(port);
        } finally {
            listener.close();
        }
    }

    /// In a process of its own, for the limit of descriptors is the process'.
    @Test
    void descriptorShortagePasses() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        "ulimit -n 200; exec \"$0\" \"$@\"",
                        java,
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:-MaxFDLimit",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ShortOfDescriptors.class.getName())
                .redirectErrorStream(true)
                .start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(lines.toString()).isZero();
        assertThat(lines).contains("answered again");
        assertThat(lines)
                .filteredOn(line -> line.contains("Connections cannot be accepted"))
                .hasSizeBetween(1, 1);
    }
}
