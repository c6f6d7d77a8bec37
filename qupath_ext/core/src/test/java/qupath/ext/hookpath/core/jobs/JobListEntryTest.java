package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.jobs.JobOutcome.State;

class JobListEntryTest {

    private static final Instant NOW = Instant.parse("2026-01-31T12:30:05Z");

    private static JobListEntry track() {
        return new JobListEntry(Path.of("jobs/2026-01-31_12-30-05-loop-propose-2"), "P", NOW);
    }

    private static JobEvent.Progress progress(double overall, Double left) {
        return new JobEvent.Progress("predict", 1, 4.0, "tile", Map.of(), left, false, overall);
    }

    private static JobOutcome outcome(State state, String message) {
        return new JobOutcome(state, message, 0, List.of(), List.of(), null, ResultIndex.EMPTY);
    }

    @Test
    void isCalledAfterWhatItDoes() {
        assertEquals("loop-propose", track().name());
        assertEquals("train", JobListEntry.nameOf(Path.of("x/2026-01-31_12-30-05-train")));
    }

    @Test
    void whileItRunsItTellsHowFarItIs() {
        JobListEntry job = track();
        assertEquals(JobListEntry.State.RUNNING, job.state());
        assertEquals(-1, job.fraction());
        assertEquals("", job.left());
        job.heard(progress(0.25, 170.0));
        job.heard(new JobEvent.Info("something"));
        assertEquals(0.25, job.fraction());
        assertEquals("predict", job.says());
        assertEquals("about 3 min", job.left());
        assertEquals(Duration.ofSeconds(10), job.lasted(NOW.plusSeconds(10)));
    }

    @Test
    void whenItHasEndedItTellsHow() {
        JobListEntry done = track();
        done.heard(progress(0.5, 5.0));
        done.ended(outcome(State.DONE, ""));
        assertEquals(JobListEntry.State.DONE, done.state());
        assertEquals(1, done.fraction());
        assertEquals("", done.says() + done.left());
        JobListEntry failed = track();
        failed.failed("no Python");
        assertEquals(JobListEntry.State.FAILED, failed.state());
        assertEquals("no Python", failed.says());
        JobListEntry died = track();
        died.ended(outcome(State.DIED, "killed"));
        assertEquals(JobListEntry.State.FAILED, died.state());
        JobListEntry stopped = track();
        stopped.ended(outcome(State.STOPPED, ""));
        assertEquals(JobListEntry.State.STOPPED, stopped.state());
    }
}
