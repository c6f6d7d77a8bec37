package qupath.ext.hookpath.core.maps;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Maps as the Python package writes them, 150 × 100 px in tiles of 64: the first class's
 * probability is x rounded down to tens, the second's y; the label is x / 50.
 */
class MapFileTest {

    private static Path map(String name) throws URISyntaxException {
        return Path.of(MapFileTest.class.getResource("map/" + name).toURI());
    }

    @Test
    void aProbabilityMapHasAChannelPerClassWithNameAndColour() throws Exception {
        try (MapFile map = MapFile.open(map(MapFile.PROBABILITIES))) {
            assertFalse(map.isClassMap());
            assertEquals(2, map.channels());
            assertEquals("Tumör & co", map.classes().get(0).name());
            assertArrayEquals(new int[] {200, 0, 10}, map.classes().get(0).rgb());
            assertArrayEquals(new double[] {2.0, 2.5}, map.downsample());
        }
    }

    @Test
    void aWindowOverSeveralTilesIsExact() throws Exception {
        try (MapFile map = MapFile.open(map(MapFile.PROBABILITIES))) {
            byte[][] planes = map.read(0, 37, 41, 100, 50);
            for (int y = 0; y < 50; y++) {
                for (int x = 0; x < 100; x++) {
                    assertEquals((x + 37) / 10 * 10, planes[0][y * 100 + x] & 255);
                    assertEquals((y + 41) / 10 * 10, planes[1][y * 100 + x] & 255);
                }
            }
        }
    }

    @Test
    void overTheBorderItIsZero() throws Exception {
        try (MapFile map = MapFile.open(map(MapFile.PROBABILITIES))) {
            byte[][] planes = map.read(0, -5, 95, 20, 10);
            assertEquals(0, planes[1][0]);
            assertEquals(90, planes[1][5]);
            assertEquals(0, planes[1][5 * 20 + 6]);
            assertTrue(Arrays.equals(new byte[100], map.read(0, 900, 900, 10, 10)[0]));
        }
    }

    @Test
    void lowerLevelsHalve() throws Exception {
        try (MapFile map = MapFile.open(map(MapFile.PROBABILITIES))) {
            assertEquals(3, map.levels());
            assertEquals(75, map.width(1));
            assertEquals(25, map.height(2));
            assertEquals(100, map.read(1, 50, 0, 1, 1)[0][0] & 255);
        }
    }

    @Test
    void aClassMapHasLabelsAndColours() throws Exception {
        try (MapFile map = MapFile.open(map(MapFile.CLASSES))) {
            assertTrue(map.isClassMap());
            assertArrayEquals(new byte[] {0, 1, 1, 2},
                    new byte[] {map.read(0, 49, 0, 1, 1)[0][0], map.read(0, 50, 9, 1, 1)[0][0],
                            map.read(0, 99, 99, 1, 1)[0][0], map.read(0, 100, 0, 1, 1)[0][0]});
            assertEquals("Stroma", map.classes().get(1).name());
            assertArrayEquals(new int[] {0, 160, 0}, map.classes().get(1).rgb());
        }
    }

    @Test
    void whatIsNoMapIsRefusedByName(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("x.tif"), "this is a text, not a picture");
        IOException error = assertThrows(IOException.class, () -> MapFile.open(text));
        assertTrue(error.getMessage().contains("x.tif: is no map that hookpath wrote"));
        Path gone = folder.resolve("gone.tif");
        error = assertThrows(IOException.class, () -> MapFile.open(gone));
        assertTrue(error.getMessage().contains("no such file"));
    }

    @Test
    void aFileCutOffAnywhereIsAnErrorAndNoCrash(@TempDir Path folder) throws Exception {
        byte[] whole = Files.readAllBytes(map(MapFile.PROBABILITIES));
        for (int length = 0; length < whole.length; length += 97) {
            Path cut = Files.write(folder.resolve("cut.tif"), Arrays.copyOf(whole, length));
            assertThrows(IOException.class, () -> {
                try (MapFile map = MapFile.open(cut)) {
                    map.read(0, 0, 0, 150, 100);
                }
            });
        }
    }
}
