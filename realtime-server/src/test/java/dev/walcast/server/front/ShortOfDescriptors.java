package dev.walcast.server.front;

import static org.awaitility.Awaitility.await;

import java.io.FileInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A program that uses up all file descriptors while its server receives requests, and then frees them.
final class ShortOfDescriptors {
    private static final String REQUEST = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    private ShortOfDescriptors() {}

    public static void main(String[] arguments) throws Exception {
        try (FrontServer server = new FrontServer(FrontServer.limits())) {
            HttpText.converse(server.port(), REQUEST);
            // otherwise its descriptor would be freed during the shortage
            await().pollInSameThread().until(() -> server.front.connections() == 0);
            List<FileInputStream> files = new ArrayList<>();
            // the client's descriptor is of this process as well; the listener is left none
            try (Socket waiting = new Socket()) {
                waiting.bind(null);
                take(files);
                waiting.connect(new java.net.InetSocketAddress("127.0.0.1", server.port()));
                waiting.setSoTimeout(20_000);
                System.out.println("sent away: " + waiting.getInputStream().read());
            } catch (IOException e) {
                System.out.println("sent away: " + e.getMessage());
            }
            for (FileInputStream file : files) {
                file.close();
            }
            await().atMost(Duration.ofSeconds(30)).pollInSameThread().until(() -> answers(server.port()));
            System.out.println("answered again");
        }
    }

    private static void take(List<FileInputStream> files) {
        try {
            while (true) {
                files.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException _) {
            // there are none left
        }
    }

    private static boolean answers(int port) {
        try {
            return HttpText.converse(port, REQUEST).startsWith("HTTP/1.1 200");
        } catch (IOException _) {
            return false;
        }
    }
}
