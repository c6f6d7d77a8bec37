package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.jobs.ResultIndex;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.training.EpochMetrics;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.core.training.TrainingRunFolder.State;

class FoldersOnDiskTest {

    private static final String CARD = """
            {"format_version": %s, "family": "hooknet", "config": {},
             "classes": [{"name": "In situ", "color": [214, 120, 20]},
                         {"name": "Stroma", "color": [60, 150, 110]}],
             "branches": [{"spacing_um": 1.0, "input_size": 172, "output_size": 70},
                          {"spacing_um": 8.0, "input_size": 172, "output_size": 70}],
             "training": {"started": "%s",
                          "split": {"train": ["a.svs", "b ü.svs"], "val": [], "test": []}},
             "metrics": {"epoch": 2, "validation_macro_f1": 0.75}, "weights_sha256": "x"}
            """;

    private static final String RUN = """
            {"format": 1, "config": {"family": "hooknet", "preset": "fast", "epochs": %d,
                                     "patience": %s},
             "projects": ["p"], "classes": [{"name": "In situ", "color": [214, 120, 20]}],
             "split": {"train": ["a.svs"], "val": ["c.svs"], "test": []},
             "started": "2026-11-21T10:26:30+00:00"}
            """;

    private static final String METRICS = """
            epoch,step,loss,val_loss,f1,f1:In situ,"f1:Immune, ""CD3"" b",pixels:In situ,seconds
            1,50,1.05,0.68,0.57,0.21,,400,10.1
            2,100,0.71,0.62,0.75,0.5,0.25,800,9.9
            """;

    @TempDir
    Path temp;

    private Path model(String name, String started) throws IOException {
        Path folder = Files.createDirectories(temp.resolve(name));
        Files.writeString(folder.resolve("model.json"), CARD.formatted("1", started));
        Files.writeString(folder.resolve("weights.safetensors"), "");
        return folder;
    }

    private Path run(String name, int epochs, String patience) throws IOException {
        Path folder = temp.resolve(name);
        Files.createDirectories(folder.resolve("checkpoints"));
        Files.writeString(folder.resolve("run.json"), RUN.formatted(epochs, patience));
        Files.writeString(folder.resolve("metrics.csv"), METRICS);
        return folder;
    }

    @Test
    void aModelsCardIsRead() throws IOException {
        ModelFolder model = ModelFolder.read(model("my model", "2026-11-21T10:26:30+00:00"));
        assertEquals("my model", model.name());
        assertEquals("hooknet", model.family());
        assertEquals("In situ", model.classes().getFirst().name());
        assertArrayEquals(new int[] {214, 120, 20}, model.classes().getFirst().rgb());
        assertEquals(List.of(1.0, 8.0), model.spacingsUm());
        assertEquals("a.svs, b ü.svs", model.trainedOn());
        assertEquals(Instant.parse("2026-11-21T10:26:30Z"), model.trainedAt());
        assertEquals(0.75, model.f1());
        assertNull(model.problem());
    }

    @Test
    void aRunCountsAsItsModelUnderTheRunsName() throws IOException {
        Path inner = model("runs/first/model", "2026-11-21T10:26:30+00:00");
        ModelFolder model = ModelFolder.read(temp.resolve("runs/first"));
        assertEquals(inner, model.path());
        assertEquals("first", model.name());
    }

    @Test
    void modelsBelowAFolderAreListedTheLatestFirst() throws IOException {
        model("models/old", "2025-11-21T10:26:30+00:00");
        model("models/group/new/model", "2026-11-21T10:26:30+00:00");
        Path broken = model("models/broken", "soon");
        Files.writeString(broken.resolve("model.json"), "{\"format");
        List<ModelFolder> found = ModelFolder.below(temp.resolve("models"),
                temp.resolve("nothing"));
        assertEquals(List.of("new", "old", "broken"),
                found.stream().map(ModelFolder::name).toList());
        assertTrue(found.getLast().problem().contains("model.json"), found.getLast().problem());
    }

    @Test
    void whatCannotBeUsedSaysWhy() throws IOException {
        Path later = model("later", "");
        Files.writeString(later.resolve("model.json"), CARD.formatted("2", ""));
        assertTrue(ModelFolder.read(later).problem().contains("update the extension"));
        Path other = model("other", "");
        Files.writeString(other.resolve("model.json"), "{\"name\": \"somebody else's\"}");
        assertTrue(ModelFolder.read(other).problem().contains("no model of hookpath"));
        Path light = model("light", "");
        Files.delete(light.resolve("weights.safetensors"));
        assertTrue(ModelFolder.read(light).problem().contains("weights.safetensors is missing"));
        assertTrue(ModelFolder.read(temp.resolve("none")).problem().contains("no model.json"));
        Path odd = model("odd", "");
        Files.writeString(odd.resolve("model.json"), "{\"format_version\": 1, \"classes\": [3]}");
        assertNotEquals(null, ModelFolder.read(odd).problem());
    }

    @Test
    void aRunAndItsFiguresAreRead() throws IOException {
        Path folder = run("runs/a", 6, "null");
        model("runs/a/model", "2026-11-21T10:26:30+00:00");
        Files.writeString(folder.resolve("checkpoints/last.pt"), "");
        TrainingRunFolder run = TrainingRunFolder.read(folder);
        assertEquals(State.INTERRUPTED, run.state());
        assertEquals(2, run.epochsDone());
        assertEquals(6, run.epochs());
        assertEquals(0.75, run.bestF1());
        assertEquals(2, run.bestEpoch());
        assertEquals(List.of("c.svs"), run.split().get("val"));
        EpochMetrics first = run.metrics().getFirst();
        assertEquals(0.68, first.valLoss());
        assertEquals(0.21, first.f1ByClass().get("In situ"));
        assertTrue(first.f1ByClass().get("Immune, \"CD3\" b").isNaN());
        assertEquals(Map.of("In situ", 800.0), run.metrics().getLast().pixelsByClass());
    }

    @Test
    void aRunIsFinishedWithItsEpochsOrItsPatience() throws IOException {
        assertEquals(State.FINISHED, TrainingRunFolder.read(run("a", 2, "null")).state());
        assertEquals(State.INTERRUPTED, TrainingRunFolder.read(run("b", 3, "1")).state());
        Path stale = run("c", 30, "1");
        model("c/model", "");
        Path card = stale.resolve("model/model.json");
        Files.writeString(card, Files.readString(card).replace("\"epoch\": 2", "\"epoch\": 1"));
        assertEquals(State.FINISHED, TrainingRunFolder.read(stale).state());
    }

    @Test
    void aRunThatLearnedNothingIsEmptyAndADamagedOneBroken() throws IOException {
        Path folder = run("a", 2, "null");
        Files.delete(folder.resolve("metrics.csv"));
        assertEquals(State.EMPTY, TrainingRunFolder.read(folder).state());
        Files.writeString(folder.resolve("checkpoints/last.pt"), "");
        assertEquals(State.INTERRUPTED, TrainingRunFolder.read(folder).state());
        Files.writeString(folder.resolve("run.json"), "{");
        assertEquals(State.BROKEN, TrainingRunFolder.read(folder).state());
        assertTrue(TrainingRunFolder.read(folder).problem().contains("run.json"));
        assertEquals(1, TrainingRunFolder.below(temp).size());
    }

    @Test
    void aRunInStagesGoesOnAsOneRun() throws IOException {
        Path whole = run("models/both", 2, "null");
        Files.delete(whole.resolve("metrics.csv"));
        Files.writeString(run("models/both/stages/fold-1", 6, "null")
                .resolve("checkpoints/last.pt"), "");
        assertEquals(List.of(whole), TrainingRunFolder.below(temp.resolve("models")).stream()
                .map(TrainingRunFolder::path).toList());
        assertEquals(State.INTERRUPTED, TrainingRunFolder.read(whole).state());
    }

    @Test
    void aModelOfWholeSlidesHasNoResolutionOfItsOwn() throws IOException {
        Path card = model("slides", "").resolve("model.json");
        Files.writeString(card, Files.readString(card)
                .replaceFirst("\\{", "{\"reads\": \"overview\", "));
        assertEquals(List.of(), ModelFolder.read(card.getParent()).spacingsUm());
    }

    @Test
    void resultsNameTheirFilesAndWhatGoes() throws IOException {
        Path results = Files.createDirectories(temp.resolve("job/results"));
        Files.writeString(results.resolve("index.json"), """
                {"schema": 1, "images": {
                  "3": {"objects": "0.geojson", "run": "hookpath-1", "count": 12,
                        "removed_runs": ["r"], "replaces_all": true,
                        "metadata": {"k": "v", "gone": null}},
                  "4": {"objects": null, "run": null, "count": 0, "metadata": {}}}}""");
        ResultIndex index = ResultIndex.read(temp.resolve("job"));
        ResultIndex.ImageResult three = index.images().get("3");
        assertEquals(results.resolve("0.geojson"), three.objects());
        assertEquals(List.of("r"), three.removedRuns());
        assertEquals("v", three.metadata().get("k"));
        assertTrue(three.metadata().containsKey("gone"));
        assertNull(three.metadata().get("gone"));
        assertNull(index.images().get("4").objects());
        assertTrue(ResultIndex.read(temp).images().isEmpty());
    }

    @Test
    void resultsNameNoFileOfAnotherFolder() throws IOException {
        Path results = Files.createDirectories(temp.resolve("job/results"));
        for (String name : List.of("../0.geojson", "/etc/passwd", "a/0.geojson", "0.txt", "..",
                "C:\\\\0.geojson", "")) {
            Files.writeString(results.resolve("index.json"),
                    "{\"images\": {\"3\": {\"objects\": \"" + name + "\"}}}");
            String said = assertThrows(IOException.class,
                    () -> ResultIndex.read(temp.resolve("job"))).getMessage();
            assertTrue(said.contains("index.json: damaged (no file of this folder"), said);
        }
        Files.writeString(results.resolve("index.json"),
                "{\"images\": {\"3\": {\"removed_runs\": [{}]}}}");
        assertThrows(IOException.class, () -> ResultIndex.read(temp.resolve("job")));
    }
}
