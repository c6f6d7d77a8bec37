package qupath.ext.hookpath.core.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.models.ModelOrigin.Kind;
import qupath.ext.hookpath.core.training.TrainingRuns;

class ModelLibraryTest {

    private static final String CARD = """
            {"format_version": 1, "family": "unet", "classes": [{"name": "A", "color": [1, 2, 3]}],
             "branches": [{"spacing_um": 1.0}], "training": {"started": "%s"}, "metrics": {}}""";

    @TempDir
    Path temp;
    private ModelLibrary shelf;

    @BeforeEach
    void aProjectWithTrainedImportedAndLoopModels() throws IOException {
        shelf = new ModelLibrary(temp.resolve("project"));
        model(shelf.models().resolve("trained/model"), "2026-03-01T10:00:00+00:00");
        Files.writeString(shelf.models().resolve("trained/run.json"), "{}");
        model(shelf.models().resolve("from Anna"), "2026-01-01T10:00:00+00:00");
        Files.createDirectories(shelf.loop());
        Files.writeString(shelf.loop().resolve("loop.json"), "{}");
        for (int n = 1; n <= 3; n++) {
            Path round = shelf.loop().resolve("rounds/0" + n);
            model(round.resolve("run/model"), "2026-02-0" + n + "T10:00:00+00:00");
            Files.writeString(round.resolve("run/run.json"), "{}");
            if (n < 3) {    // the third is still being trained
                Files.writeString(round.resolve("round.json"), "{}");
            }
        }
    }

    private static Path model(Path folder, String started) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("model.json"), CARD.formatted(started));
        Files.writeString(folder.resolve("weights.safetensors"), "weights");
        return folder;
    }

    private ModelFolder named(String name) {
        return shelf.list().stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
    }

    private List<String> names() {
        return shelf.list().stream().map(ModelFolder::name).toList();
    }

    private Path zip(String name, Map<String, String> files) throws IOException {
        Path zip = temp.resolve(name);
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream packed = new ZipOutputStream(out)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                packed.putNextEntry(new ZipEntry(file.getKey()));
                packed.write(file.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return zip;
    }

    @Test
    void oneListHasTrainedImportedAndLoopModelsTheLatestFirst() {
        assertEquals(List.of("trained", "loop round 2", "loop round 1", "from Anna"), names());
        assertEquals(Kind.TRAINING, named("trained").origin().kind());
        assertEquals(Kind.COPY, named("from Anna").origin().kind());
        assertEquals(Kind.LOOP, named("loop round 2").origin().kind());
        assertEquals(2, named("loop round 2").origin().round());
        assertEquals(List.of(), new ModelLibrary(temp.resolve("empty")).list());
    }

    @Test
    void renamingMovesTheRunWithItsModel() throws IOException {
        assertNull(shelf.whyNotRename(named("trained")));
        Path now = shelf.rename(named("trained"), "best so far");
        assertEquals(shelf.models().resolve("best so far/model"), now);
        assertEquals("best so far", ModelFolder.read(now).name());
        assertEquals(List.of("best so far", "loop round 2", "loop round 1", "from Anna"), names());
        Path copy = shelf.rename(named("from Anna"), "Anna's");
        assertEquals(shelf.models().resolve("Anna's"), copy);
    }

    @Test
    void whatHasNoOtherNameSaysWhy() throws IOException {
        assertEquals("round", shelf.whyNotRename(named("loop round 1")));
        ModelFolder other = ModelFolder.read(model(temp.resolve("other"), ""));
        assertEquals("elsewhere", shelf.whyNotRename(other));
        assertEquals("elsewhere", shelf.whyNotDelete(other));
        Path run = shelf.models().resolve("trained");
        TrainingRuns.setUnderWay(run, true);
        assertEquals("running", shelf.whyNotRename(named("trained")));
        assertEquals("running", shelf.whyNotDelete(named("trained")));
        TrainingRuns.setUnderWay(run, false);
    }

    @Test
    void namesThatSomeSystemCannotTakeAreRefused() {
        for (String none : List.of("", " ", "a/b", "a\\b", "..", ".x", "a:b", "x.", "x ", "a\nb",
                "model")) {
            assertEquals("name", shelf.whyNotName(none), none);
        }
        assertEquals("exists", shelf.whyNotName("trained"));
        assertNull(shelf.whyNotName("Brüste 2 (H&E)"));
    }

    @Test
    void deletingTakesAwayAllOfAModelButNeverTheLoopsLast() throws IOException {
        assertEquals("lastRound", shelf.whyNotDelete(named("loop round 2")));
        ModelFolder last = named("loop round 2");
        assertThrows(IOException.class, () -> shelf.delete(last));
        shelf.delete(named("trained"));
        shelf.delete(named("loop round 1"));
        shelf.delete(named("from Anna"));
        assertEquals(List.of("loop round 2"), names());
        assertFalse(Files.exists(shelf.models().resolve("trained")));
        assertTrue(Files.exists(shelf.loop().resolve("rounds/01/round.json")));
    }

    @Test
    void aModelFolderInAFolderOfThatNameTakesNothingElseAlong() throws IOException {
        Path beside = Files.createDirectories(shelf.models().resolve("mine"));
        Files.writeString(beside.resolve("notes.txt"), "mine");
        model(beside.resolve("model"), "");
        shelf.delete(named("mine"));
        assertTrue(Files.exists(beside.resolve("notes.txt")));
    }

    @Test
    void aZipIsImportedUnderAFreeName() throws IOException {
        Map<String, String> files = Map.of("from Anna/model.json", CARD.formatted(""),
                "from Anna/weights.safetensors", "w", "from Anna/MODEL.md", "page");
        ModelFolder taken = shelf.take(zip("from Anna.zip", files));
        assertEquals("from Anna-2", taken.name());
        assertNull(taken.problem());
        assertEquals(Kind.COPY, taken.origin().kind());
        assertTrue(Files.exists(taken.path().resolve("MODEL.md")));
        assertEquals(5, shelf.list().size());
    }

    @Test
    void aRunIsImportedWithItsModelOnly() throws IOException {
        Path run = temp.resolve("elsewhere");
        model(run.resolve("model"), "");
        Files.writeString(run.resolve("run.json"), "{}");
        Files.writeString(run.resolve("model/notes.txt"), "no file of a model");
        ModelFolder taken = shelf.take(run);
        assertEquals("elsewhere", taken.name());
        assertFalse(Files.exists(taken.path().resolve("notes.txt")));
        assertTrue(Files.exists(run.resolve("model/weights.safetensors")));
    }

    @Test
    void whatIsNoModelLeavesNothingBehind() throws IOException {
        String card = CARD.formatted("");
        List<Path> wrong = List.of(
                zip("none.zip", Map.of("readme.txt", "")),
                zip("no weights.zip", Map.of("model.json", card)),
                zip("slip.zip", Map.of("model.json", card, "../../evil.txt", "x")),
                zip("extra.zip", Map.of("model.json", card, "weights.safetensors", "",
                        "run.sh", "x")),
                zip("bomb.zip", Map.of("model.json", card, "weights.safetensors",
                        "0".repeat(20 << 20))),
                Files.writeString(temp.resolve("no.zip"), "no zip"),
                Files.createDirectories(temp.resolve("empty folder")));
        for (Path one : wrong) {
            IOException error = assertThrows(IOException.class, () -> shelf.take(one));
            assertTrue(error.getMessage().contains(one.getFileName().toString()),
                    error.getMessage());
        }
        assertFalse(Files.exists(temp.resolve("evil.txt")));
        try (Stream<Path> left = Files.list(shelf.models())) {
            assertEquals(2, left.count());
        }
    }
}
