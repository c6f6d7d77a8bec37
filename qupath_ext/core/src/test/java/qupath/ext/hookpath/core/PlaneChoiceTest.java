package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.gson.JsonParser;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlaneChoiceTest {

    @Test
    void whatTheCommandLineTakesIsUsable() {
        assertEquals(List.of(), Stream.of("3", " 0, 2 - 4", "all", "ALL", "4-4")
                .filter(text -> !PlaneChoice.isUsable(text, 5)).toList());
        assertEquals(List.of(), Stream.of("", "5", "0-5", "4-2", "-1", "1,", "a", "1.5", "1-2-3",
                "99999999999").filter(text -> PlaneChoice.isUsable(text, 5)).toList());
    }

    @Test
    void itsPlanesAreCountedBeforeTheyArePredicted() {
        assertEquals(1, PlaneChoice.USUAL.count(5, 7));
        assertEquals(35, PlaneChoice.ALL.count(5, 7));
        assertEquals(8, new PlaneChoice("0,2-4,3", "1,5").count(5, 7));
    }

    @Test
    void whatIsUsualIsNotSaid() {
        assertEquals(Map.of(), PlaneChoice.USUAL.arguments());
        assertEquals(Map.of("z", "2", "t", "0"), PlaneChoice.of(new Plane(2, 0)).arguments());
    }

    @Test
    void planesAreListedAsTheyAreWritten() {
        List<Plane> planes = List.of(new Plane(4, 0), new Plane(2, 0), new Plane(3, 0),
                new Plane(0, 1), new Plane(2, 1));
        assertEquals("0,2-4", Plane.listedZ(planes));
        assertEquals("0,1", Plane.listedT(planes));
        assertEquals("", Plane.listed(List.of()));
    }

    @Test
    void aRecordSaysItsPlaneOrDoesNot() {
        assertEquals(new Plane(3, 1), Plane.of(
                JsonParser.parseString("{\"plane\": [3, 1]}").getAsJsonObject()));
        assertNull(Plane.of(JsonParser.parseString("{}").getAsJsonObject()));
    }
}
