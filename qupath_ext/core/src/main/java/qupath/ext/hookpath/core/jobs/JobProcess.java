package qupath.ext.hookpath.core.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.environment.PythonInterpreter;

/**
 * A running command of {@code hookpath}: its events, its log, and how it is stopped. Safe to use
 * from any thread. When Java ends first, the command is asked to stop and keeps what it has.
 */
public final class JobProcess {

    /** The file in the job's folder whose appearance asks the command to stop. */
    public static final String STOP_FILE = "stop";

    private static final Logger logger = LoggerFactory.getLogger(JobProcess.class);

    private final CompletableFuture<JobOutcome> future = new CompletableFuture<>();
    private final Path folder;
    private final JobMessages record;
    private final Grace grace;
    private final ChildProcess process;
    private final Thread atExit = new Thread(this::writeStopFile, "hookpath-exit");
    private volatile boolean stopAsked;

    private JobProcess(PythonInterpreter python, Path requestFile, Consumer<JobEvent> onEvent,
            Grace grace)
            throws IOException {
        this.folder = requestFile.toAbsolutePath().getParent();
        this.grace = grace;
        Files.deleteIfExists(folder.resolve(STOP_FILE));
        this.record = new JobMessages(log(), onEvent);
        List<String> command = List.of(python.executable().toString(), "-X", "utf8", "-m",
                "hookpath", "--request", requestFile.toAbsolutePath().toString(), "--json");
        record.note("> " + String.join(" ", command));
        try {
            ChildProcess warm = grace.isTraining() ? PreloadedPython.begin(python.executable(),
                    requestFile, record::out, record::err) : null;
            this.process = warm != null ? warm
                    : ChildProcess.start(command, folder, record::out, record::err);
        } catch (IOException e) {
            record.close();
            throw new IOException("Python cannot be started: " + e.getMessage(), e);
        }
    }

    /** How long a command has to end by itself, in milliseconds; whether it is a training. */
    record Grace(long stopMs, long cancelMs, boolean isTraining) {

        Grace(long stopMs, long cancelMs) {
            this(stopMs, cancelMs, false);
        }

        static Grace of(Path requestFile) throws IOException {
            String command = String.valueOf(Json.text(Json.read(requestFile), "command"));
            boolean trains = List.of("train", "loop").contains(command);
            return new Grace(trains ? 60_000 : 10_000, 5_000, "train".equals(command));
        }
    }

    /**
     * Starts the command of a request.
     *
     * @param requestFile {@code request.json} in the job's folder
     * @param onEvent     hears each event, on a thread of the job
     * @throws IOException when the request cannot be read or the process cannot be started
     */
    public static JobProcess start(PythonInterpreter python, Path requestFile,
            Consumer<JobEvent> onEvent)
            throws IOException {
        return start(python, requestFile, onEvent, Grace.of(requestFile));
    }

    static JobProcess start(PythonInterpreter python, Path requestFile, Consumer<JobEvent> onEvent,
            Grace grace)
            throws IOException {
        JobProcess job = new JobProcess(python, requestFile, onEvent, grace);
        ShutdownHooks.add(job.atExit);
        Thread thread = new Thread(job::watch, "hookpath-job");
        thread.setDaemon(true);
        thread.start();
        return job;
    }

    /**
     * Asks the command to end and keep what it has: training keeps its best model so far, finished
     * slides stay. All its processes are ended when it has not obeyed after 10 s (training: 60 s).
     */
    public void stop() {
        askToStop(grace.stopMs());
    }

    /** The same for somebody who will not wait: ended after 5 s. */
    public void cancel() {
        askToStop(grace.cancelMs());
    }

    /** Whether it is running. */
    public boolean isRunning() {
        return !future.isDone();
    }

    /** Waits for the end. */
    public JobOutcome await() throws InterruptedException {
        try {
            return future.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);     // never completed so
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

    /** Of one that has ended there is nothing to ask, and its folder may be gone. */
    private void askToStop(long graceMs) {
        if (!isRunning()) {
            return;
        }
        stopAsked = true;
        writeStopFile();
        Thread thread = new Thread(() -> endAfter(graceMs), "hookpath-stop");
        thread.setDaemon(true);
        thread.start();
    }

    private void endAfter(long graceMs) {
        try {
            if (!process.waitFor(graceMs)) {
                logger.warn("{} did not stop within {} s and is ended", folder, graceMs / 1000);
                process.destroyTree();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void writeStopFile() {
        try {
            Files.write(folder.resolve(STOP_FILE), new byte[0]);
        } catch (IOException e) {
            if (isRunning()) {
                logger.warn("{}: cannot ask the job to stop, it is ended", folder, e);
                process.destroyTree();
            }
        }
    }

    /** Runs on the job's own thread until the process has ended. */
    private void watch() {
        try {
            int exitCode = process.finish();
            future.complete(record.outcome(exitCode, stopAsked, folder));
        } catch (InterruptedException | RuntimeException | Error e) {
            process.destroyTree();
            future.complete(record.broken(e));
        } finally {
            record.close();
            ShutdownHooks.remove(atExit);
        }
    }
}
