package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WindowPlaceTest {

    @Test
    void whatIsWrittenIsReadAgain() {
        WindowPlace place = new WindowPlace(-12, 40, 640, 480);
        assertEquals(place, WindowPlace.parse(place.text()));
    }

    @Test
    void whatIsNoPlaceIsNone() {
        for (String text : List.of("", "1 2 3", "a b c d", "1 2 0 4", "1 2 NaN 4", "1 2 3 4 5")) {
            assertNull(WindowPlace.parse(text), text);
        }
        assertNull(WindowPlace.parse(null));
    }

    @Test
    void aWindowWhoseTitleIsOffTheScreenIsNotPutThere() {
        WindowPlace place = new WindowPlace(1000, 50, 400, 300);
        assertTrue(place.isWithin(0, 0, 1400, 900));
        assertFalse(place.isWithin(0, 0, 1040, 900));
        assertFalse(new WindowPlace(-390, 50, 400, 300).isWithin(0, 0, 1400, 900));
        assertFalse(new WindowPlace(10, -5, 400, 300).isWithin(0, 0, 1400, 900));
        assertFalse(new WindowPlace(10, 880, 400, 300).isWithin(0, 0, 1400, 900));
    }
}
