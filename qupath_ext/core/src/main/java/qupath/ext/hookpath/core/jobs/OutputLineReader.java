package qupath.ext.hookpath.core.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Hands on the lines of a process's output, on a thread of its own. */
final class OutputLineReader {

    /** A child that the process left behind may hold the output open without writing to it. */
    private static final long SILENCE_MS = 5000;
    private static final long LOOK_MS = 100;

    private final InputStream stream;
    private final Consumer<String> listener;
    private final Thread thread;
    private volatile boolean busy;          // the listener has a line
    private volatile long lastNanos;        // when a line was last handed on

    private OutputLineReader(String name, InputStream stream, Consumer<String> listener) {
        this.stream = stream;
        this.listener = listener;
        this.thread = new Thread(this::drain, name);
        this.thread.setDaemon(true);
    }

    static OutputLineReader start(String name, InputStream stream, Consumer<String> listener) {
        OutputLineReader reader = new OutputLineReader(name, stream, listener);
        reader.thread.start();
        return reader;
    }

    /** Waits, once the process has ended, until the last line was handed on. */
    void finish() throws InterruptedException {
        lastNanos = System.nanoTime();
        while (thread.isAlive() && (busy || silentMs() < SILENCE_MS)) {
            thread.join(LOOK_MS);
        }
    }

    private long silentMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastNanos);
    }

    private void drain() {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            lines.lines().forEach(this::handOn);
        } catch (IOException | UncheckedIOException e) {
            // the process was ended: there is nothing more to read
        }
    }

    private void handOn(String line) {
        busy = true;
        try {
            listener.accept(line);
        } finally {
            lastNanos = System.nanoTime();
            busy = false;
        }
    }
}
