package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.environment.FakePython;
import qupath.ext.hookpath.core.jobs.JobOutcome.State;

@Timeout(30)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the fake Python is a shell script")
class LatestJobTest {

    private static final String UNTIL_STOPPED = "while [ ! -e stop ]; do sleep 0.05; done";

    @TempDir
    Path temp;

    private final LatestJob latest = new LatestJob();

    private JobProcess start(String name) throws IOException {
        Path request = JobRequest.of("predict").build().write(temp.resolve(name));
        return JobProcess.start(FakePython.of(temp, UNTIL_STOPPED), request, event -> { });
    }

    private CompletableFuture<State> awaiting(Object asked, JobProcess started) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return latest.await(asked, started).state();
            } catch (InterruptedException e) {
                throw new CompletionException(e);
            }
        });
    }

    private void untilItRuns() throws InterruptedException {
        while (!latest.isRunning()) {
            Thread.sleep(10);
        }
    }

    @Test
    void theOneBeforeIsEnded() throws Exception {
        Object first = latest.want();
        CompletableFuture<State> outcome = awaiting(first, start("first"));
        untilItRuns();
        Object second = latest.want();
        assertEquals(State.STOPPED, outcome.join());
        assertFalse(latest.isWanted(first));
        assertTrue(latest.isWanted(second));
    }

    @Test
    void oneThatNobodyWantedAnyMoreWhenItStartedIsEndedAndForgotten() throws Exception {
        Object asked = latest.want();
        latest.cancel();
        assertEquals(State.STOPPED, latest.await(asked, start("late")).state());
        assertFalse(latest.isRunning());
    }

    @Test
    void oneThatStartsLateDoesNotTakeThePlaceOfTheOneThatIsWanted() throws Exception {
        Object slow = latest.want();
        CompletableFuture<State> wanted = awaiting(latest.want(), start("wanted"));
        untilItRuns();
        assertEquals(State.STOPPED, latest.await(slow, start("slow")).state());
        assertTrue(latest.isRunning());
        latest.cancel();
        assertEquals(State.STOPPED, wanted.join());
    }
}
