package qupath.ext.hookpath.core.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.maps.MapColors.What;

class MapColorsTest {

    private static final MapColors PLAIN = MapColors.likeliest(new int[] {0xFF0000, 0x0000FF});

    /** Of one px: how probable the two classes are. */
    private static int[][] px(int first, int second) {
        return new int[][] {{first}, {second}};
    }

    @Test
    void aPxHasTheColourOfItsLikeliestClass() {
        assertEquals(0xFFFF0000, PLAIN.color(px(200, 55), 0));
        assertEquals(0xFF0000FF, PLAIN.color(px(55, 200), 0));
        assertEquals(0, PLAIN.color(px(0, 0), 0));
        assertEquals(0, PLAIN.showing(1, false).color(px(55, 200), 0));
        assertEquals(0, PLAIN.from(0.9).color(px(200, 55), 0));
        assertEquals(0xC8FF0000, PLAIN.graded(true).color(px(200, 55), 0));
    }

    @Test
    void oneClassIsPaintedAsStronglyAsItIsProbable() {
        MapColors second = PLAIN.of(What.CLASS, 1);
        assertEquals(55 << 24 | 0x0000FF, second.color(px(200, 55), 0));
        assertEquals(0, second.color(px(255, 0), 0));
        assertEquals(0, second.from(0.5).color(px(200, 55), 0));
        assertEquals(second.color(px(0, 255), 0), second.legend(1));
    }

    @Test
    void uncertaintyIsTheEntropyOfTheProbabilities() {
        assertEquals(0, MapColors.entropy(px(255, 0), 0));
        assertEquals(255, MapColors.entropy(px(100, 100), 0));
        assertEquals(-1, MapColors.entropy(px(0, 0), 0));
        double p = 0.8;
        double bits = -(p * Math.log(p) + (1 - p) * Math.log(1 - p)) / Math.log(2);
        assertEquals(Math.round(255 * bits), MapColors.entropy(px(204, 51), 0));
        MapColors uncertain = PLAIN.of(What.UNCERTAINTY, 0);
        assertEquals(uncertain.legend(1), uncertain.color(px(100, 100), 0));
        assertEquals(uncertain.legend(0), uncertain.color(px(255, 0), 0));
        assertEquals(0, uncertain.from(0.5).color(px(255, 0), 0));
        assertEquals(0, uncertain.color(px(0, 0), 0));
    }
}
