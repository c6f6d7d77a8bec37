package qupath.ext.hookpath.core.jobs;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A job as a list of jobs shows it: what it does, how far it is, how it ended. Heard by the job's
 * threads, read by any.
 */
public final class JobListEntry {

    /** How a job stands. */
    public enum State {
        /** It is running. */
        RUNNING,
        /** It did what it was asked to. */
        DONE,
        /** It failed or died. */
        FAILED,
        /** It was asked to stop; what was finished is kept. */
        STOPPED
    }

    private final String name;
    private final String project;
    private final Instant started;
    private volatile JobEvent.Progress latest;
    private volatile JobProcess job;
    private volatile Runnable stopper;
    private volatile JobOutcome outcome;
    private volatile Instant ended;

    /**
     * One that begins.
     *
     * @param folder  the job's
     * @param project name of the project that it is of; null: of none
     * @param started when
     */
    public JobListEntry(Path folder, String project, Instant started) {
        this.name = nameOf(folder);
        this.project = project;
        this.started = started;
    }

    /** {@code 2026-01-31_12-30-05-loop-propose-2} is the second {@code loop-propose}. */
    static String nameOf(Path folder) {
        return String.valueOf(folder.getFileName())
                .replaceFirst("^\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d-", "")
                .replaceFirst("-\\d+$", "");
    }

    /** The job that it is of, from now on. */
    public void follow(JobProcess running) {
        job = running;
        running.future().thenAccept(this::ended);
    }

    /** What ends it, where it is no job of a process. */
    public void stoppedBy(Runnable how) {
        stopper = how;
    }

    /** Something that the job said. */
    public void heard(JobEvent event) {
        if (event instanceof JobEvent.Progress progress) {
            latest = progress;
        }
    }

    /** It could not be started. */
    public void failed(String why) {
        ended(new JobOutcome(JobOutcome.State.FAILED, why, -1, List.of(), List.of(), null,
                ResultIndex.EMPTY));
    }

    /** It ended, where it is no job of a process. */
    public void ended(JobOutcome.State how, String why) {
        ended(new JobOutcome(how, why, 0, List.of(), List.of(), null, ResultIndex.EMPTY));
    }

    void ended(JobOutcome how) {
        outcome = how;
        ended = Instant.now();
    }

    /** What it does: the command, with the step where it has steps. */
    public String name() {
        return name;
    }

    /** Name of the project, or null. */
    public String project() {
        return project;
    }

    /** When it began. */
    public Instant started() {
        return started;
    }

    /** How long it runs, or ran. */
    public Duration lasted(Instant now) {
        return Duration.between(started, ended == null ? now : ended);
    }

    /** How it stands. */
    public State state() {
        JobOutcome how = outcome;
        if (how == null) {
            return State.RUNNING;
        }
        return switch (how.state()) {
            case DONE -> State.DONE;
            case STOPPED -> State.STOPPED;
            case FAILED, DIED -> State.FAILED;
        };
    }

    /** The part that is done in [0, 1]; -1: not known. */
    public double fraction() {
        return switch (state()) {
            case DONE -> 1;
            case RUNNING -> latest == null ? -1 : latest.fraction();
            default -> latest == null ? 0 : Math.max(0, latest.fraction());
        };
    }

    /** The task under way, or why it failed; empty: nothing to say. */
    public String says() {
        if (state() == State.FAILED) {
            return outcome.message();
        }
        return state() == State.RUNNING && latest != null ? latest.task() : "";
    }

    /** The time left, in words; empty: not known, or over. */
    public String left() {
        JobEvent.Progress now = latest;
        boolean known = state() == State.RUNNING && now != null && now.secondsLeft() != null;
        return known ? DurationText.about(now.secondsLeft()) : "";
    }

    /** Asks it to end and keep what is finished. */
    public void stop() {
        JobProcess running = job;
        if (running != null) {
            running.stop();
        } else if (stopper != null) {
            stopper.run();
        }
    }

    /** The file with its log; null: it has not begun yet. */
    public Path log() {
        return job == null ? null : job.log();
    }
}
