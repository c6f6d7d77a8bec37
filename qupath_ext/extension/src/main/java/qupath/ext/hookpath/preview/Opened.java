package qupath.ext.hookpath.preview;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.ClassPart;

/**
 * A model on a slide, open in the worker.
 *
 * @param number tells it from what was open before
 * @param classes in the order of the channels
 * @param downsample level-0 px per px of the model's output (mean of x and y)
 * @param modelPixels number of px of the whole image for the model
 * @param device what computes, e.g. {@code "cpu"}
 * @param seconds that opening took
 */
public record Opened(long number, List<ClassPart> classes, double downsample, double modelPixels,
                     String device, double seconds) {

    /** From the worker's answer. */
    static Opened of(Map<String, Object> outputs) {
        List<ClassPart> classes = new ArrayList<>();
        for (Object entry : (List<?>) outputs.get("classes")) {
            Map<?, ?> named = (Map<?, ?>) entry;
            int[] rgb = ((List<?>) named.get("color")).stream()
                    .mapToInt(value -> ((Number) value).intValue()).toArray();
            classes.add(new ClassPart(String.valueOf(named.get("name")), rgb));
        }
        List<?> downsample = (List<?>) outputs.get("downsample");
        double mean = (number(downsample.get(0)) + number(downsample.get(1))) / 2;
        double pixels = number(outputs.get("width")) * number(outputs.get("height"));
        return new Opened((long) number(outputs.get("opened")), classes, mean, pixels,
                String.valueOf(outputs.get("device")), number(outputs.get("seconds")));
    }

    static double number(Object value) {
        return ((Number) value).doubleValue();
    }
}
