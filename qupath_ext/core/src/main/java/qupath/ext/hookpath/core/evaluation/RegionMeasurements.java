package qupath.ext.hookpath.core.evaluation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.Json;

/**
 * What {@code hookpath measure} found on one image.
 *
 * @param imageId the image's id
 * @param image   its name
 * @param regions the whole image first
 */
public record RegionMeasurements(String imageId, String image, List<Region> regions) {

    /** What the names of our measurements begin with. */
    public static final String PREFIX = "HookNet: ";

    /**
     * One region.
     *
     * @param id         of its object; empty: the whole image
     * @param kind       {@code "image"}, {@code "annotation"} or {@code "core"}
     * @param name       its name, may be empty
     * @param className  its class, may be empty
     * @param mm2        its area
     * @param covered    per cent of it that is of any class; NaN: not known
     * @param areasMm2   by class
     * @param percent    by class, of what is covered; NaN: nothing is
     */
    public record Region(String id, String kind, String name, String className, double mm2,
                         double covered, Map<String, Double> areasMm2,
                         Map<String, Double> percent) {

        /** The measurements of its object, by name; metrics that there are none of are left out. */
        public Map<String, Double> measurements() {
            Map<String, Double> found = new LinkedHashMap<>();
            areasMm2.forEach((name, area) -> found.put(PREFIX + name + " mm^2", area));
            percent.forEach((name, share) -> found.put(PREFIX + name + " %", share));
            found.put(PREFIX + "covered %", covered);
            found.values().removeIf(value -> value.isNaN());
            return found;
        }
    }

    /** Of the data of a result {@code measured}. */
    public static RegionMeasurements of(JsonObject data) {
        List<Region> regions = new ArrayList<>();
        for (JsonElement element : Json.list(data, "regions")) {
            JsonObject region = element.getAsJsonObject();
            regions.add(new Region(text(region, "id"), text(region, "kind"), text(region, "name"),
                    text(region, "class"), AreaScore.number(region, "region_mm2"),
                    AreaScore.number(region, "covered_percent"),
                    Json.numbers(Json.object(region, "areas_mm2")),
                    Json.numbers(Json.object(region, "percent"))));
        }
        return new RegionMeasurements(text(data, "id"), text(data, "name"), regions);
    }

    private static String text(JsonObject from, String key) {
        String found = Json.text(from, key);
        return found == null ? "" : found;
    }
}
