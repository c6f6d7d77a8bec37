package qupath.ext.hookpath.core.geojson;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ResultAppearanceTest {

    private static ResultAppearance square(String className, String name, boolean locked,
            double side) {
        return new ResultAppearance(className, name, locked, side * side, 4 * side,
                new double[] {10, 10, 10 + side, 10 + side});
    }

    @Test
    void whatPythonWroteIsRead() {
        ResultAppearance appearance = ResultAppearance.parse(
                "{\"class\": \"Tumor\", \"name\": null, \"locked\": false, "
                + "\"area\": 100.5, \"length\": 40.25, \"bounds\": [1.0, 2, 11.5, 12]}");
        assertEquals("Tumor", appearance.className());
        assertNull(appearance.name());
        assertEquals(100.5, appearance.area());
        assertArrayEquals(new double[] {1, 2, 11.5, 12}, appearance.bounds());
    }

    @Test
    void whatIsWrittenIsReadAlike() {
        ResultAppearance appearance = square("Immune: CD3", "a \"ü\"", true, 100.00049);
        ResultAppearance read = ResultAppearance.parse(appearance.toJson());
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
        ResultAppearance written = square("T", null, false, 100);
        assertFalse(written.alike(square("S", null, false, 100)));
        assertFalse(written.alike(square(null, null, false, 100)));
        assertFalse(written.alike(square("T", "mine", false, 100)));
        assertFalse(written.alike(square("T", null, true, 100)));
        assertFalse(written.alike(square("T", null, false, 100.2)));
        ResultAppearance moved = new ResultAppearance(
                "T", null, false, 10000, 400, new double[] {10, 10.1, 110, 110.1});
        assertFalse(written.alike(moved));
        ResultAppearance dented = new ResultAppearance(
                "T", null, false, 9970, 400, new double[] {10, 10, 110, 110});
        assertFalse(written.alike(dented));
    }

    @Test
    void anEmptyOutlineIsLikeNothing() {
        ResultAppearance empty = new ResultAppearance("T", null, false, 0, 0,
                new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN});
        assertFalse(empty.alike(empty));
        assertTrue(Double.isNaN(ResultAppearance.parse(empty.toJson()).bounds()[0]));
    }

    @Test
    void damageIsNull() {
        assertNull(ResultAppearance.parse("{\"class\": \"T\"}"));
        assertNull(ResultAppearance.parse("hello {"));
        assertNull(ResultAppearance.parse("[]"));
    }
}
