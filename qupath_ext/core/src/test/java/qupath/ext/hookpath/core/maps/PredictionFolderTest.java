package qupath.ext.hookpath.core.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.Plane;

class PredictionFolderTest {

    @TempDir
    Path out;

    private Path predicted(String folder, String image, String slide) throws IOException {
        Path made = Files.createDirectories(out.resolve(folder));
        Files.writeString(made.resolve("prediction.json"), "{\"run\": \"hookpath-1\", "
                + "\"image\": \"" + image + "\", \"slide\": {\"path\": \"" + slide + "\"}, "
                + "\"width\": 50, \"height\": 40, \"downsample\": [2.0, 2.0], "
                + "\"areas_mm2\": {\"Tumor\": 0.5}}");
        return made;
    }

    @Test
    void whatAPredictionLeft() throws IOException {
        Path made = predicted("a-123456", "a.tif", "/data/a.tif");
        Files.createFile(made.resolve("objects.geojson"));
        PredictionFolder found = PredictionFolder.read(made);
        assertEquals("hookpath-1", found.run());
        assertEquals(made.resolve("objects.geojson"), found.objects());
        assertNull(found.probabilities());
        assertEquals(Map.of("Tumor", 0.5), found.areasMm2());
    }

    @Test
    void theSizeMayBeOffByOneOutputPixel() throws IOException {
        PredictionFolder found = PredictionFolder.read(predicted("a", "a.tif", "/data/a.tif"));
        assertTrue(found.fits(100, 80));
        assertTrue(found.fits(99, 81));
        assertFalse(found.fits(103, 80));
        assertFalse(found.fits(80, 100));
    }

    @Test
    void anImagesOwnFileCountsMoreThanItsName() throws IOException {
        predicted("a-1", "a.tif", "/one/a.tif");
        predicted("a-2", "a.tif", "/two/a.tif");
        predicted("b-1", "b.tif", "/one/b.tif");
        List<PredictionFolder> all = PredictionFolder.below(out);
        assertEquals(3, all.size());
        Path two = Path.of("/two/a.tif");
        assertEquals(List.of(out.resolve("a-2")), paths(PredictionFolder.of(all, "a.tif", two)));
        assertEquals(List.of(out.resolve("b-1")),
                paths(PredictionFolder.of(all, "b.tif", Path.of("/elsewhere/b.tif"))));
        assertEquals(List.of(), PredictionFolder.of(all, "a.tif", Path.of("/elsewhere/a.tif")));
        assertEquals(List.of(), PredictionFolder.of(all, "c.tif", null));
    }

    @Test
    void allPlanesOfAnImageAreItsPredictionOfOneRunEach() throws IOException {
        plane("a-0", "a.tif (z 0, t 0)", 0, "hookpath-1");
        plane("a-1", "a.tif", 1, "hookpath-1");
        plane("a-2", "a.tif (z 2, t 0)", 2, "hookpath-1");
        plane("z-2", "a.tif (z 2, t 0)", 2, "hookpath-2");
        List<PredictionFolder> all = PredictionFolder.below(out);
        List<Path> planes = List.of(out.resolve("a-0"), out.resolve("a-1"), out.resolve("a-2"));
        assertEquals(planes, paths(PredictionFolder.of(all, "a.tif", Path.of("/data/a.tif"))));
        assertEquals(List.of(), PredictionFolder.of(all, "a.tif", null));   // of which run?
        assertEquals(planes, paths(PredictionFolder.of(all.subList(0, 3), "a.tif", null)));
        assertEquals(new Plane(2, 0), all.get(2).plane());
    }

    private void plane(String folder, String image, int z, String run) throws IOException {
        Path made = predicted(folder, image, "/data/a.tif");
        Path record = made.resolve("prediction.json");
        Files.writeString(record, Files.readString(record).replace("hookpath-1", run)
                .replace("{\"run\"", "{\"plane\": [" + z + ", 0], \"run\""));
    }

    private static List<Path> paths(List<PredictionFolder> found) {
        return found.stream().map(PredictionFolder::path).toList();
    }

    @Test
    void damagedOnesAreLeftOut() throws IOException {
        predicted("a", "a.tif", "/data/a.tif");
        Path broken = Files.createDirectories(out.resolve("broken"));
        Files.writeString(broken.resolve("prediction.json"), "{\"run\": ");
        assertEquals(1, PredictionFolder.below(out).size());
        assertEquals(List.of(), PredictionFolder.below(out.resolve("nowhere")));
    }
}
