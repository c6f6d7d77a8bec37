package qupath.ext.hookpath.preview;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.jobs.RequestClass;

/** Four px: nothing, surely the first class, barely the second, a tie. */
class ClassRendererTest {

    private static final int RED = 0xFFC80000;
    private static final int GREEN = 0xFF00A000;

    private final List<RequestClass> classes = List.of(
            new RequestClass("Tumor", new int[] {200, 0, 0}),
            new RequestClass("Stroma", new int[] {0, 160, 0}));
    private BufferedImage image;
    private ClassRenderer renderer;

    @BeforeEach
    void fourPixels() {
        byte[][] planes = {{0, (byte) 250, 100, 127}, {0, 5, (byte) 155, 127}};
        image = BandImages.image(planes, 2, 2, LiveClassifier.channels(classes));
        renderer = new ClassRenderer(classes);
    }

    private int[] painted() {
        return renderer.applyTransforms(image, null).getRGB(0, 0, 2, 2, null, 0, 2);
    }

    @Test
    void theLikeliestClassGivesTheColour() {
        assertArrayEquals(new int[] {0, RED, GREEN, RED}, painted());
    }

    @Test
    void whatIsUnsureIsLeftOut() {
        renderer.change(paint -> paint.from(0.55));
        assertArrayEquals(new int[] {0, RED, GREEN, 0}, painted());
        renderer.change(paint -> paint.from(0.7));
        assertArrayEquals(new int[] {0, RED, 0, 0}, painted());
    }

    @Test
    void aHiddenClassDoesNotLetTheNextOneThrough() {
        renderer.change(paint -> paint.showing(0, false));
        assertArrayEquals(new int[] {0, 0, GREEN, 0}, painted());
    }

    @Test
    void gradedTheProbabilityIsTheOpacity() {
        renderer.change(paint -> paint.graded(true));
        assertArrayEquals(new int[] {0, 250 << 24 | 0xC80000, 155 << 24 | 0x00A000,
                127 << 24 | 0xC80000}, painted());
    }

    @Test
    void everyChangeIsSeenByTheCacheOfQuPath() {
        long before = renderer.getLastChangeTimestamp();
        String id = renderer.getUniqueID();
        renderer.change(paint -> paint.from(0.5));
        assertNotEquals(before, renderer.getLastChangeTimestamp());
        assertNotEquals(id, renderer.getUniqueID());
    }
}
