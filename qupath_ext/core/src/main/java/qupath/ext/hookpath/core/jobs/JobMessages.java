package qupath.ext.hookpath.core.jobs;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.jobs.JobOutcome.State;

/** What a job has said so far, and what that means when it has ended. */
final class JobMessages implements AutoCloseable {

    private static final int LAST_LINES = 20;
    private static final Logger logger = LoggerFactory.getLogger(JobProcess.class);

    private final Consumer<JobEvent> onEvent;
    private final PrintWriter log;
    private final Deque<String> lastLines = new ArrayDeque<>();
    private final List<JobEvent.Result> results = new ArrayList<>();
    private String failure;
    private String code;
    private Integer ended;

    JobMessages(Path logFile, Consumer<JobEvent> onEvent) throws IOException {
        this.onEvent = onEvent;
        this.log = new PrintWriter(Files.newBufferedWriter(logFile, StandardCharsets.UTF_8), true);
    }

    /** A line of ours in the log. */
    synchronized void note(String line) {
        log.println(line);
    }

    /** A line of standard output: an event. */
    void out(String line) {
        JobEvent event = JobEvent.parse(line);
        note(event, line);
        try {
            onEvent.accept(event);
        } catch (RuntimeException | Error e) {
            logger.error("A listener failed on {}", line, e);
        }
    }

    /** A line of standard error: log. */
    synchronized void err(String line) {
        log.println(line);
        lastLines.add(line);
        if (lastLines.size() > LAST_LINES) {
            lastLines.remove();
        }
    }

    /** How the job ended. */
    synchronized JobOutcome outcome(int exitCode, boolean stopAsked, Path folder) {
        ResultIndex index = ResultIndex.EMPTY;
        try {
            index = ResultIndex.read(folder);
        } catch (IOException e) {
            failure = e.getMessage();
            exitCode = exitCode == 0 ? 1 : exitCode;
        }
        State state = state(exitCode, stopAsked);
        return new JobOutcome(state, message(state, exitCode), exitCode, List.copyOf(results),
                List.copyOf(lastLines), state == State.FAILED ? code : null, index);
    }

    /** The outcome when watching it failed. */
    synchronized JobOutcome broken(Throwable cause) {
        return new JobOutcome(State.DIED, "The job was lost: " + cause, -1, List.copyOf(results),
                List.copyOf(lastLines), null, ResultIndex.EMPTY);
    }

    @Override
    public synchronized void close() {
        log.close();
    }

    private synchronized void note(JobEvent event, String line) {
        switch (event) {
            case JobEvent.Result result -> results.add(result);
            case JobEvent.Failure f -> {
                failure = f.message();
                code = f.code();
                log.println("error: " + f.message());
            }
            case JobEvent.End end -> ended = end.exitCode();
            case JobEvent.Warning warning -> log.println("warning: " + warning.message());
            case JobEvent.Info info -> log.println(info.message());
            case JobEvent.Unknown unknown -> err(line);
            case JobEvent.Start start ->
                    log.println(start.command() + ": hookpath " + start.version());
            case JobEvent.Progress progress -> { }
        }
    }

    private State state(int exitCode, boolean stopAsked) {
        if (exitCode == 0 && ended != null && ended == 0 && failure == null) {
            return State.DONE;
        }
        if (stopAsked) {
            return State.STOPPED;
        }
        boolean saidWhy = failure != null || ended != null || exitCode == 2;
        return saidWhy ? State.FAILED : State.DIED;
    }

    private String message(State state, int exitCode) {
        return switch (state) {
            case DONE -> "";
            case STOPPED -> "Stopped; what was finished is kept.";
            case FAILED -> failure != null ? failure : "Python refused the job: " + lastWords();
            case DIED -> "Python ended without a word (" + ExitCodes.text(exitCode) + "): "
                    + lastWords();
        };
    }

    private String lastWords() {
        return lastLines.reversed().stream().filter(line -> !line.isBlank()).findFirst()
                .map(String::strip).orElse("its log is empty");
    }
}
