package qupath.ext.hookpath.core.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.Plane;

class MapSearchTest {

    @TempDir Path root;

    private Path prediction(String folder, String image, String slide, String map, int hour)
            throws IOException {
        Path into = Files.createDirectories(root.resolve(folder));
        Path record = Files.writeString(into.resolve("prediction.json"), """
                {"image": "%s", "slide": {"path": "%s"}}""".formatted(image, slide));
        Files.setLastModifiedTime(record,
                FileTime.from(Instant.parse("2026-01-01T00:00:00Z").plusSeconds(3600L * hour)));
        return Files.writeString(into.resolve(map), "x");
    }

    @Test
    void thisVeryFileComesFirstThenTheLatest() throws IOException {
        Path renamed = prediction("m/b", "other name", "/s/a.tif", MapFile.PROBABILITIES, 1);
        Path old = prediction("m/c", "a.tif", "/s/a.tif", MapFile.PROBABILITIES, 0);
        Path namesake = prediction("n/a", "a.tif", "/t/a.tif", MapFile.CLASSES, 5);
        prediction("n/z", "z.tif", "/t/z.tif", MapFile.CLASSES, 6);
        assertEquals(List.of(renamed, old, namesake),
                mapsOf("a.tif", "/s/a.tif", Plane.FIRST, root));
    }

    @Test
    void ofAStackTheMapOfThePlaneComesFirst() throws IOException {
        Path late = prediction("m/a", "a.tif (z 0, t 0)", "/s/a.tif", MapFile.CLASSES, 3);
        Path early = prediction("m/b", "a.tif (z 2, t 1)", "/s/a.tif", MapFile.CLASSES, 1);
        Path record = early.resolveSibling("prediction.json");
        Files.writeString(record, Files.readString(record)
                .replace("{\"image", "{\"plane\": [2, 1], \"image"));
        assertEquals(List.of(early, late),
                mapsOf("a.tif", "/s/a.tif", new Plane(2, 1), root));
    }

    @Test
    void damagedAndMissingFoldersAreNoPredictions() throws IOException {
        Files.writeString(root.resolve("prediction.json"), "{half");
        Path gone = root.resolve("gone");
        assertEquals(List.of(), mapsOf("a.tif", null, Plane.FIRST, root, gone));
    }

    private static List<Path> mapsOf(String image, String slide, Plane plane, Path... roots) {
        return MapSearch.mapsOf(image, slide, plane, roots).stream().map(MapSearch.Found::file)
                .toList();
    }
}
