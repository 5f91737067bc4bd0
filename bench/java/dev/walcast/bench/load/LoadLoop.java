package dev.walcast.bench.load;

import dev.walcast.bench.load.LoadClient.Pump;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// The one thread that reads and writes all sockets.
final class LoadLoop implements Runnable {
    private static final int BUFFER_BYTES = 8 << 20;

    private final Selector selector;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final Deque<LoadGroup> toOpen = new ArrayDeque<>();
    private final Set<LoadSocket> opening = new HashSet<>();
    private final Set<LoadGroup> touched = new HashSet<>();
    private int openingMax;
    private @Nullable Pump pump;
    private volatile @Nullable String failure;

    private LoadLoop(Selector selector) {
        this.selector = selector;
    }

    static LoadLoop start() throws IOException {
        LoadLoop loop = new LoadLoop(Selector.open());
        Thread thread = new Thread(loop, "load");
        thread.setDaemon(true);
        thread.start();
        return loop;
    }

    /// The first failure, reported once.
    @Nullable
    String failure() {
        String failed = failure;
        failure = null;
        return failed;
    }

    <T> T call(Callable<T> action) throws InterruptedException {
        FutureTask<T> task = new FutureTask<>(action);
        tasks.add(task);
        selector.wakeup();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// @param atOnce how many are under way at the same time
    void open(LoadGroup group, int count, int atOnce) throws InterruptedException {
        call(() -> {
            openingMax = atOnce;
            for (int i = 0; i < count; i++) {
                toOpen.add(group);
            }
            return count;
        });
    }

    void pump(Pump next) throws InterruptedException {
        call(() -> pump = next);
    }

    @Override
    public void run() {
        while (true) {
            try {
                turn();
            } catch (IOException | RuntimeException e) {
                failure = String.valueOf(e);
            }
        }
    }

    private void turn() throws IOException {
        select(pumped());
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
        opening.removeIf(LoadSocket::isReady);
        while (!toOpen.isEmpty() && opening.size() < openingMax) {
            LoadSocket socket = LoadSocket.connect(toOpen.remove(), selector);
            socket.group().sockets().add(socket);
            opening.add(socket);
        }
    }

    /// How long the loop may sleep.
    private long pumped() {
        Pump running = pump;
        if (running == null) {
            return 100;
        }
        Long wait = running.run();
        if (wait == null) {
            pump = null;
            return 100;
        }
        return wait;
    }

    private void select(long wait) throws IOException {
        selector.select(wait);
        long now = Micros.now();
        Set<SelectionKey> selected = selector.selectedKeys();
        for (SelectionKey key : selected) {
            handle(key, now);
        }
        selected.clear();
        touched.forEach(LoadGroup::publish);
        touched.clear();
    }

    private void handle(SelectionKey key, long now) {
        LoadSocket socket = (LoadSocket) key.attachment();
        try {
            if (!key.isValid()) {
                return;
            }
            if (key.isConnectable()) {
                socket.finishConnect();
            } else if (key.isReadable()) {
                socket.read(buffer, Math.max(now, Micros.now()));
                touched.add(socket.group());
            }
        } catch (IOException | RuntimeException e) {
            if (!socket.isReady()) {
                failure = LoadSocket.describe(socket) + ": " + e;
            }
            socket.close();
            socket.group().countClosed();
        }
    }
}
