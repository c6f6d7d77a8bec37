package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AppearanceTest {

    private static Appearance square(String className, String name, boolean locked, double side) {
        return new Appearance(className, name, locked, side * side, 4 * side,
                new double[] {10, 10, 10 + side, 10 + side});
    }

    @Test
    void whatPythonWroteIsRead() {
        Appearance appearance = Appearance.parse(
                "{\"class\": \"Tumor\", \"name\": null, \"locked\": false, "
                + "\"area\": 100.5, \"length\": 40.25, \"bounds\": [1.0, 2, 11.5, 12]}");
        assertEquals("Tumor", appearance.className());
        assertNull(appearance.name());
        assertEquals(100.5, appearance.area());
        assertArrayEquals(new double[] {1, 2, 11.5, 12}, appearance.bounds());
    }

    @Test
    void whatIsWrittenIsReadAlike() {
        Appearance appearance = square("Immune: CD3", "a \"ü\"", true, 100.00049);
        Appearance read = Appearance.parse(appearance.toJson());
        assertTrue(appearance.alike(read));
        assertEquals(10000.098, read.area());
        assertEquals("a \"ü\"", read.name());
    }

    @Test
    void roundingIsNoChange() {
        assertTrue(square("T", null, false, 100).alike(square("T", null, false, 100.04)));
    }

    @Test
    void aChangeByAPersonIsOne() {
        Appearance written = square("T", null, false, 100);
        assertFalse(written.alike(square("S", null, false, 100)));
        assertFalse(written.alike(square(null, null, false, 100)));
        assertFalse(written.alike(square("T", "mine", false, 100)));
        assertFalse(written.alike(square("T", null, true, 100)));
        assertFalse(written.alike(square("T", null, false, 100.2)));
        Appearance moved = new Appearance(
                "T", null, false, 10000, 400, new double[] {10, 10.1, 110, 110.1});
        assertFalse(written.alike(moved));
        Appearance dented = new Appearance(
                "T", null, false, 9970, 400, new double[] {10, 10, 110, 110});
        assertFalse(written.alike(dented));
    }

    @Test
    void anEmptyOutlineIsLikeNothing() {
        Appearance empty = new Appearance("T", null, false, 0, 0,
                new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN});
        assertFalse(empty.alike(empty));
        assertTrue(Double.isNaN(Appearance.parse(empty.toJson()).bounds()[0]));
    }

    @Test
    void damageIsNull() {
        assertNull(Appearance.parse("{\"class\": \"T\"}"));
        assertNull(Appearance.parse("hello {"));
        assertNull(Appearance.parse("[]"));
    }
}
