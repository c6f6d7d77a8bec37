package qupath.ext.hookpath.core.maps;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ProbabilitySmoothingTest {

    private static byte[] full(int size, int value) {
        byte[] plane = new byte[size];
        Arrays.fill(plane, (byte) value);
        return plane;
    }

    @Test
    void whatIsTheSameEverywhereStaysTheSame() {
        int reach = ProbabilitySmoothing.reach(1.5);
        assertEquals(5, reach);
        byte[][] found = ProbabilitySmoothing.of(new byte[][] {full(14 * 13, 200),
                full(14 * 13, 55)}, 14, 13,
                1.5);
        assertArrayEquals(full(4 * 3, 200), found[0]);
        assertArrayEquals(full(4 * 3, 55), found[1]);
    }

    @Test
    void theMeanIsOverWhatWasPredictedAndNothingElse() {
        int width = 9;
        byte[] left = new byte[width * width];
        for (int i = 0; i < left.length; i++) {
            left[i] = (byte) (i % width < 4 ? 100 : 0);
        }
        byte[][] found = ProbabilitySmoothing.of(new byte[][] {left}, width, width, 1);
        assertArrayEquals(new byte[] {100, 0, 0}, Arrays.copyOfRange(found[0], 0, 3));
    }

    @Test
    void anEdgeBetweenClassesIsHalfAndHalfInItsMiddle() {
        int width = 15;
        byte[][] planes = new byte[2][width * width];
        for (int i = 0; i < width * width; i++) {
            planes[i % width < 7 ? 0 : 1][i] = (byte) 200;
        }
        byte[][] found = ProbabilitySmoothing.of(planes, width, width, 2);
        assertEquals(3, found[0].length / (width - 12));
        int before = found[0][0] & 255;     // the last px of the first class
        int after = found[0][1] & 255;
        assertEquals(200, before + (found[1][0] & 255), 1);
        assertEquals(200, before + after, 1);   // mirrored about the edge
    }
}
