package qupath.ext.hookpath.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What Live says that it waits for. */
class LiveLearningTest {

    private static String missing(int unclassified, String... classes) {
        return LiveLearning.missing(
                new AnnotationWatcher.Change(List.of(), List.of(), Set.of(classes), unclassified));
    }

    @Test
    void nothingIsDrawn() {
        assertEquals("Live waits: draw an area and give it a class.", missing(0));
    }

    @Test
    void whatIsDrawnHasNoClass() {
        assertEquals("Live waits: give what you drew a class.", missing(2));
    }

    @Test
    void oneClassIsNotEnough() {
        assertEquals("Live waits: annotate a second class; only Tumor's edge is annotated.",
                missing(1, "Tumor's edge"));
    }

    @Test
    void twoAre() {
        assertNull(missing(0, "Tumor", "Stroma"));
    }
}
