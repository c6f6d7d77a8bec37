package qupath.ext.hookpath.core.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonParser;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RegionMeasurementsTest {

    @Test
    void aRegionsFiguresBecomeMeasurementsButThoseThatAreNone() {
        RegionMeasurements found = RegionMeasurements.of(JsonParser.parseString("""
                {"id": "3", "name": "a.svs", "classes": ["T", "S"], "regions": [
                  {"id": "", "kind": "image", "name": "", "class": "", "region_mm2": 4.0,
                   "covered_percent": 25.0, "areas_mm2": {"T": 1.0, "S": 0.0},
                   "percent": {"T": 100.0, "S": 0.0}},
                  {"id": "x", "kind": "core", "name": "A-1", "class": null, "region_mm2": 1.0,
                   "covered_percent": 0.0, "areas_mm2": {"T": 0.0},
                   "percent": {"T": null}}]}
                """).getAsJsonObject());
        assertEquals(Map.of("HookNet: T mm^2", 1.0, "HookNet: S mm^2", 0.0, "HookNet: T %", 100.0,
                "HookNet: S %", 0.0, "HookNet: covered %", 25.0),
                found.regions().get(0).measurements());
        RegionMeasurements.Region core = found.regions().get(1);
        assertEquals(Map.of("HookNet: T mm^2", 0.0, "HookNet: covered %", 0.0),
                core.measurements());
        assertEquals("", core.className());
        assertEquals("3", found.imageId());
    }
}
