package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** A running command of {@code hookpath}: its events, its log, and how it is stopped. */
public final class Job {

    private final CompletableFuture<JobOutcome> future = new CompletableFuture<>();
    private final Path folder;

    private Job(Path folder) {
        this.folder = folder;
    }

    /**
     * Starts the command of a request.
     *
     * @param requestFile {@code request.json} in the job's folder
     * @param onEvent     hears each event, on a thread of the job
     * @throws IOException when the process cannot be started
     */
    public static Job start(Python python, Path requestFile, Consumer<Event> onEvent)
            throws IOException {
        throw new IOException("not there yet");
    }

    /** Asks the command to end and keep what it has; training keeps its best model so far. */
    public void stop() {
    }

    /** Stops, and ends all its processes when it has not ended after 10 s (training: 60 s). */
    public void cancel() {
    }

    /** Waits for the end. */
    public JobOutcome await() throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The outcome when there is one; completed on a thread of the job, never exceptionally. */
    public CompletableFuture<JobOutcome> future() {
        return future;
    }

    /** The file that everything the command writes to its log is kept in. */
    public Path log() {
        return folder.resolve("log.txt");
    }

    /** The job's folder. */
    public Path folder() {
        return folder;
    }
}
