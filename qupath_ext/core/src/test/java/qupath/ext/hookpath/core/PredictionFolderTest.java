package qupath.ext.hookpath.core;

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
        assertEquals(out.resolve("a-2"), PredictionFolder.of(all, "a.tif", two).path());
        assertEquals(out.resolve("b-1"),
                PredictionFolder.of(all, "b.tif", Path.of("/elsewhere/b.tif")).path());
        assertNull(PredictionFolder.of(all, "a.tif", Path.of("/elsewhere/a.tif")));
        assertNull(PredictionFolder.of(all, "c.tif", null));
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
