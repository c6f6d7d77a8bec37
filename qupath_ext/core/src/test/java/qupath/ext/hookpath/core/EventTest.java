package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {

    @Test
    void progressKeepsFiguresAndWhatIsNotKnown() {
        Event.Progress progress = assertInstanceOf(Event.Progress.class, Event.parse("""
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
        assertEquals(-1, ((Event.Progress) Event.parse(line + "false}")).fraction());
        assertEquals(1, ((Event.Progress) Event.parse(line + "true}")).fraction());
    }

    @Test
    void theShareOfEverythingGoesBeforeThatOfTheTask() {
        Event.Progress progress = (Event.Progress) Event.parse("""
                {"event": "progress", "task": "b", "done": 9, "total": 9, "unit": "tile",
                 "figures": {}, "seconds_left": 40, "finished": true, "overall": 0.5}""");
        assertEquals(0.5, progress.fraction());
        assertEquals(40, progress.secondsLeft());
    }

    @Test
    void theOtherEvents() {
        assertEquals(new Event.Start("info", "0.1.0"), Event.parse("""
                {"event": "start", "command": "info", "hookpath": "0.1.0", "new": 1}"""));
        assertEquals(new Event.Info("a"), Event.parse("{\"event\": \"info\", \"message\": \"a\"}"));
        assertEquals(new Event.Warning("b"),
                Event.parse("{\"event\": \"warning\", \"message\": \"b\"}"));
        assertEquals(new Event.Failure("c", "usage"), Event.parse(
                "{\"event\": \"error\", \"message\": \"c\", \"code\": \"usage\"}"));
        assertEquals(new Event.End(1), Event.parse("{\"event\": \"end\", \"exit_code\": 1}"));
        Event.Result result = (Event.Result) Event.parse(
                "{\"event\": \"result\", \"kind\": \"slide\", \"data\": {\"objects\": 3}}");
        assertEquals(3, result.data().get("objects").getAsInt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Downloading…", "{\"event\": \"dance\"}", "[1, 2]", "{\"event\"",
        "{\"event\": \"end\"}", "{\"event\": {\"a\": 1}}", "null",
        "{\"event\": \"end\", \"exit_code\": \"x\"}"})
    void whatIsNoEventIsKeptAsALine(String line) {
        assertEquals(new Event.Unknown(line), Event.parse(line));
    }
}
