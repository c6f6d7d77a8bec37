package qupath.ext.hookpath.preview;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import javafx.util.Duration;
import org.junit.jupiter.api.Test;

class TilePrefetchTest {

    @Test
    void allTilesAreShownAtOnce() {
        assertTrue(TilePrefetch.isDue(12, 0, Duration.ZERO));
        assertTrue(TilePrefetch.isDue(0, 0, Duration.ZERO));
        assertFalse(TilePrefetch.isDue(12, 1, Duration.ZERO));
    }

    @Test
    void onASlowComputerWhatWasShownStaysUntilThereIsSomethingToTakeItsPlace() {
        assertFalse(TilePrefetch.isDue(12, 12, TilePrefetch.PATIENCE));
        assertFalse(TilePrefetch.isDue(12, 7, TilePrefetch.PATIENCE));
        assertTrue(TilePrefetch.isDue(12, 6, TilePrefetch.PATIENCE));
        assertTrue(TilePrefetch.isDue(12, 12, TilePrefetch.LIMIT));
    }
}
