package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LooksTest {

    private static Looks square(String className, String name, boolean locked, double side) {
        return new Looks(className, name, locked, side * side, 4 * side,
                new double[] {10, 10, 10 + side, 10 + side});
    }

    @Test
    void whatPythonWroteIsRead() {
        Looks looks = Looks.parse("{\"class\": \"Tumor\", \"name\": null, \"locked\": false, "
                + "\"area\": 100.5, \"length\": 40.25, \"bounds\": [1.0, 2, 11.5, 12]}");
        assertEquals("Tumor", looks.className());
        assertNull(looks.name());
        assertEquals(100.5, looks.area());
        assertArrayEquals(new double[] {1, 2, 11.5, 12}, looks.bounds());
    }

    @Test
    void whatIsWrittenIsReadAlike() {
        Looks looks = square("Immune: CD3", "a \"ü\"", true, 100.00049);
        Looks read = Looks.parse(looks.toJson());
        assertTrue(looks.alike(read));
        assertEquals(10000.098, read.area());
        assertEquals("a \"ü\"", read.name());
    }

    @Test
    void roundingIsNoChange() {
        assertTrue(square("T", null, false, 100).alike(square("T", null, false, 100.04)));
    }

    @Test
    void aChangeByAPersonIsOne() {
        Looks written = square("T", null, false, 100);
        assertFalse(written.alike(square("S", null, false, 100)));
        assertFalse(written.alike(square(null, null, false, 100)));
        assertFalse(written.alike(square("T", "mine", false, 100)));
        assertFalse(written.alike(square("T", null, true, 100)));
        assertFalse(written.alike(square("T", null, false, 100.2)));
        Looks moved = new Looks("T", null, false, 10000, 400, new double[] {10, 10.1, 110, 110.1});
        assertFalse(written.alike(moved));
        Looks dented = new Looks("T", null, false, 9970, 400, new double[] {10, 10, 110, 110});
        assertFalse(written.alike(dented));
    }

    @Test
    void anEmptyOutlineIsLikeNothing() {
        Looks empty = new Looks("T", null, false, 0, 0,
                new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN});
        assertFalse(empty.alike(empty));
        assertTrue(Double.isNaN(Looks.parse(empty.toJson()).bounds()[0]));
    }

    @Test
    void damageIsNull() {
        assertNull(Looks.parse("{\"class\": \"T\"}"));
        assertNull(Looks.parse("hello {"));
        assertNull(Looks.parse("[]"));
    }
}
