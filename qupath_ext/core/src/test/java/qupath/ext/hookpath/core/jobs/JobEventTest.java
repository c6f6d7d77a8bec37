package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobEventTest {

    @Test
    void progressKeepsFiguresAndWhatIsNotKnown() {
        JobEvent.Progress progress = assertInstanceOf(JobEvent.Progress.class, JobEvent.parse("""
                {"event": "progress", "schema": 1, "task": "träin", "done": 3, "total": 12,
                 "unit": "step", "figures": {"loss": 0.5, "f1": null}, "seconds_left": null,
                 "finished": false}"""));
        assertEquals("träin", progress.task());
        assertEquals(0.25, progress.fraction());
        assertEquals(0.5, progress.figures().get("loss"));
        assertTrue(progress.figures().get("f1").isNaN());
        assertNull(progress.secondsLeft());
    }

    @Test
    void anUnknownTotalIsIndeterminateUntilTheTaskIsOver() {
        String line = "{\"event\": \"progress\", \"task\": \"t\", \"done\": 3, \"total\": null, "
                + "\"unit\": \"it\", \"figures\": {}, \"finished\": ";
        assertEquals(-1, ((JobEvent.Progress) JobEvent.parse(line + "false}")).fraction());
        assertEquals(1, ((JobEvent.Progress) JobEvent.parse(line + "true}")).fraction());
    }

    @Test
    void theShareOfEverythingGoesBeforeThatOfTheTask() {
        JobEvent.Progress progress = (JobEvent.Progress) JobEvent.parse("""
                {"event": "progress", "task": "b", "done": 9, "total": 9, "unit": "tile",
                 "figures": {}, "seconds_left": 40, "finished": true, "overall": 0.5}""");
        assertEquals(0.5, progress.fraction());
        assertEquals(40, progress.secondsLeft());
    }

    @Test
    void theOtherEvents() {
        assertEquals(new JobEvent.Start("info", "0.1.0"), JobEvent.parse("""
                {"event": "start", "command": "info", "hookpath": "0.1.0", "new": 1}"""));
        assertEquals(new JobEvent.Info("a"),
                JobEvent.parse("{\"event\": \"info\", \"message\": \"a\"}"));
        assertEquals(new JobEvent.Warning("b"),
                JobEvent.parse("{\"event\": \"warning\", \"message\": \"b\"}"));
        assertEquals(new JobEvent.Failure("c", "usage"), JobEvent.parse(
                "{\"event\": \"error\", \"message\": \"c\", \"code\": \"usage\"}"));
        assertEquals(new JobEvent.End(1), JobEvent.parse("{\"event\": \"end\", \"exit_code\": 1}"));
        JobEvent.Result result = (JobEvent.Result) JobEvent.parse(
                "{\"event\": \"result\", \"kind\": \"slide\", \"data\": {\"objects\": 3}}");
        assertEquals(3, result.data().get("objects").getAsInt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Downloading…", "{\"event\": \"dance\"}", "[1, 2]", "{\"event\"",
        "{\"event\": \"end\"}", "{\"event\": {\"a\": 1}}", "null",
        "{\"event\": \"end\", \"exit_code\": \"x\"}"})
    void whatIsNoEventIsKeptAsALine(String line) {
        assertEquals(new JobEvent.Unknown(line), JobEvent.parse(line));
    }
}
