package qupath.ext.hookpath.preview;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.RequestClass;

/**
 * A model on a slide, open in the worker.
 *
 * @param number tells it from what was open before
 * @param classes in the order of the channels
 * @param downsample level-0 px per px of the model's output (mean of x and y)
 * @param modelPixels number of px of the whole image for the model
 * @param device what computes, e.g. {@code "cpu"}
 * @param seconds that opening took
 * @param plane of a stack; null: the image has one
 */
public record OpenedModel(long number, List<RequestClass> classes, double downsample,
        double modelPixels,
                     String device, double seconds, Plane plane) {

    /** From the worker's answer. */
    static OpenedModel of(Map<String, Object> outputs, Plane plane) {
        List<RequestClass> classes = new ArrayList<>();
        for (Object entry : (List<?>) outputs.get("classes")) {
            Map<?, ?> named = (Map<?, ?>) entry;
            int[] rgb = ((List<?>) named.get("color")).stream()
                    .mapToInt(value -> ((Number) value).intValue()).toArray();
            classes.add(new RequestClass(String.valueOf(named.get("name")), rgb));
        }
        List<?> downsample = (List<?>) outputs.get("downsample");
        double mean = (number(downsample.get(0)) + number(downsample.get(1))) / 2;
        double pixels = number(outputs.get("width")) * number(outputs.get("height"));
        return new OpenedModel((long) number(outputs.get("opened")), classes, mean, pixels,
                String.valueOf(outputs.get("device")), number(outputs.get("seconds")), plane);
    }

    /** One line of what is open. */
    String said() {
        return onPlane(UiTexts.get("preview.opened", device, seconds));
    }

    /** A line with the plane behind it, where there are several. */
    String onPlane(String line) {
        return plane == null ? line
                : UiTexts.get("preview.onPlane", line, plane.z(), plane.t());
    }

    /** Whether its classes have the names and colours of another's. */
    boolean hasClassesOf(OpenedModel other) {
        return other != null && classes.size() == other.classes.size()
                && IntStream.range(0, classes.size()).allMatch(i -> {
                    RequestClass mine = classes.get(i);
                    RequestClass theirs = other.classes.get(i);
                    return mine.name().equals(theirs.name())
                            && Arrays.equals(mine.rgb(), theirs.rgb());
                });
    }

    static double number(Object value) {
        return ((Number) value).doubleValue();
    }
}
