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
    void aWindowOpensBelowOthersWhereThereIsRoomElseAside() {
        WindowPlace main = new WindowPlace(100, 0, 1600, 1000);
        WindowPlace first = WindowPlace.first(main, List.of(), 520, 380);
        assertEquals(new WindowPlace(1156, 110, 520, 380), first);
        WindowPlace small = WindowPlace.first(main, List.of(first), 340, 270);
        assertEquals(new WindowPlace(1336, 514, 340, 270), small);
        WindowPlace large = WindowPlace.first(main, List.of(first, small), 860, 740);
        assertEquals(new WindowPlace(744, 182, 860, 740), large);
        assertEquals(110, WindowPlace.first(main, List.of(new WindowPlace(100, 110, 300, 800)),
                520, 380).y());
        assertEquals(100, WindowPlace.first(main, List.of(), 1700, 740).x());
    }

    @Test
    void aWindowThatHangsOverTheEdgeIsMovedOntoTheScreen() {
        WindowPlace screen = new WindowPlace(1000, 30, 1366, 738);
        assertEquals(new WindowPlace(1506, 30, 860, 738),
                new WindowPlace(1800, 140, 860, 738).movedOnto(screen));
        WindowPlace inside = new WindowPlace(1100, 100, 400, 300);
        assertEquals(inside, inside.movedOnto(screen));
        assertEquals(new WindowPlace(1000, 30, 1400, 900),
                new WindowPlace(990, 50, 1400, 900).movedOnto(screen));
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
