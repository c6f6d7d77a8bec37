package qupath.ext.hookpath.core.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunsTest {

    @TempDir
    Path models;

    private Path run(String name, String started, int epochsDone) throws IOException {
        Path run = Files.createDirectories(models.resolve(name));
        Files.writeString(run.resolve("run.json"), """
                {"format": 1, "config": {"epochs": 2, "family": "unet"}, "classes": [],
                 "split": {}, "started": "%s"}""".formatted(started));
        Files.createDirectories(run.resolve("checkpoints"));
        Files.writeString(run.resolve("checkpoints/last.pt"), "");
        StringBuilder csv = new StringBuilder("epoch,step,loss\n");
        for (int epoch = 1; epoch <= epochsDone; epoch++) {
            csv.append(epoch).append(",").append(epoch * 10).append(",0.5\n");
        }
        Files.writeString(run.resolve("metrics.csv"), csv);
        return run;
    }

    private List<String> interrupted() {
        return TrainingRuns.interrupted(models).stream()
                .map(r -> r.path().getFileName().toString()).toList();
    }

    @Test
    void findsRunsThatWereCutShortTheLatestFirst() throws IOException {
        run("old", "2026-01-01T10:00:00+00:00", 1);
        run("new", "2026-02-01T10:00:00+00:00", 0);
        run("done", "2026-03-01T10:00:00+00:00", 2);
        assertEquals(List.of("new", "old"), interrupted());
        assertEquals(List.of(), TrainingRuns.interrupted(models.resolve("nowhere")));
    }

    @Test
    void aRunUnderWayIsNotInterrupted() throws IOException {
        Path run = run("now", "2026-01-01T10:00:00+00:00", 1);
        TrainingRuns.setUnderWay(models.resolve("x/../now"), true);
        assertEquals(List.of(), interrupted());
        TrainingRuns.setUnderWay(run, false);
        assertEquals(List.of("now"), interrupted());
    }

    @Test
    void remembersThatAPersonEndedARun() throws IOException {
        Path run = run("ended", "2026-01-01T10:00:00+00:00", 1);
        assertFalse(TrainingRuns.wasEnded(run));
        TrainingRuns.markEnded(run, true);
        assertTrue(TrainingRuns.wasEnded(run));
        TrainingRuns.markEnded(run, false);
        assertFalse(TrainingRuns.wasEnded(run));
    }

    @Test
    void namesAreFreeAndOnlyRunsAreDeleted() throws IOException {
        Path run = run("hooknet", "2026-01-01T10:00:00+00:00", 1);
        Path other = Files.createDirectories(models.resolve("hooknet-2"));
        assertEquals("hooknet-3", TrainingRuns.freeName(models, "hooknet"));
        assertEquals("unet", TrainingRuns.freeName(models, "unet"));
        TrainingRuns.delete(run);
        TrainingRuns.delete(other);
        assertFalse(Files.exists(run));
        assertTrue(Files.exists(other));
    }

    private static EpochMetrics row(int epoch, double loss, double f1) {
        return new EpochMetrics(epoch, epoch * 10, loss, loss + 1, f1,
                Map.of("Tumor", f1), Map.of(), 1);
    }

    @Test
    void curvesSkipWhatWasNotMeasuredAndForgetWhatIsDoneAgain() {
        MetricCurves curves = new MetricCurves(List.of(row(1, 0.9, 0.2), row(2, 0.8, 0.7),
                row(3, 0.7, 0.6)));
        assertEquals(2, curves.best().epoch());
        curves.add(row(2, 0.5, Double.NaN));
        assertEquals(2, curves.epochs());
        assertEquals(List.of(new MetricCurves.Point(1, 0.9), new MetricCurves.Point(2, 0.5)),
                curves.loss());
        assertEquals(List.of(new MetricCurves.Point(1, 0.2)), curves.f1());
        assertEquals(Map.of("Tumor", List.of(new MetricCurves.Point(1, 0.2))), curves.f1ByClass());
    }

    @Test
    void ofEqualScoresTheLowerLossIsKept() {
        MetricCurves curves = new MetricCurves(List.of(row(1, 0.9, 0.7), row(2, 0.5, 0.7),
                row(3, 0.6, 0.7)));
        assertEquals(2, curves.best().epoch());
    }

    @Test
    void settingsAreWrittenAsToml() {
        assertEquals("classes=[\"In \\\"situ\\\"\", \"<ü>\"]",
                TrainingSettings.classes(List.of("In \"situ\"", "<ü>")));
        assertEquals("model.spacings=[0.5, 8.0]",
                TrainingSettings.spacings("model.spacings", List.of(0.5, 8.0)));
        assertEquals("background=\"Not \\\"in situ\\\"\"",
                TrainingSettings.background("Not \"in situ\""));
    }

    @Test
    void micronsPerPixelAreShownAsShortAsTheyCanBe() {
        assertEquals("0.25", TrainingSettings.text(0.25));
        assertEquals("8", TrainingSettings.text(8));
        assertEquals("1, 2.5", TrainingSettings.text(List.of(1.0, 2.5)));
    }

    @Test
    void theEpochUnderWayHasPointsUntilItIsOver() {
        MetricCurves curves = new MetricCurves(List.of(row(1, 0.9, 0.2)));
        curves.addUnderWay(0.5, 1.0);   // of an epoch that is over
        curves.addUnderWay(1.5, 0.8);
        curves.addUnderWay(1.75, Double.NaN);
        assertEquals(List.of(new MetricCurves.Point(1, 0.9), new MetricCurves.Point(1.5, 0.8)),
                curves.loss());
        curves.add(row(2, 0.7, 0.3));
        assertEquals(List.of(new MetricCurves.Point(1, 0.9), new MetricCurves.Point(2, 0.7)),
                curves.loss());
    }

    @Test
    void howLongIsMinutesAndAsManyEpochsAsTheyMayBeEnoughFor() {
        assertEquals(List.of("minutes=4.0", "epochs=10"), TrainingSettings.howLong(4, 4, 10));
        assertEquals(List.of("minutes=1.0", "epochs=10"), TrainingSettings.howLong(1, 4, 10));
        assertEquals(List.of("minutes=30.0", "epochs=75"), TrainingSettings.howLong(30, 4, 10));
        assertEquals(2.5, TrainingSettings.minutes(" 2,5 "));
        assertTrue(Double.isNaN(TrainingSettings.minutes(" ")));
        for (String none : List.of("0", "-1", "long", "1e9", "4 min")) {
            assertEquals(0, TrainingSettings.minutes(none), none);
        }
    }
}
