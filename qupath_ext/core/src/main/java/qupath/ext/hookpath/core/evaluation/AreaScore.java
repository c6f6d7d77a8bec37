package qupath.ext.hookpath.core.evaluation;

import com.google.gson.JsonObject;
import java.util.List;
import qupath.ext.hookpath.core.Json;

/**
 * One thing that a person drew, and what a model says of it.
 *
 * @param imageId     the image's id in its project
 * @param image       its name
 * @param part        {@code "train"}, {@code "val"}, {@code "test"}, or null: not known
 * @param objectId    the annotation's id
 * @param drawn       its class
 * @param predicted   what most of it is said to be; null: nothing was predicted there
 * @param areaMm2     labelled area
 * @param right       share that is said to be of the annotated class; NaN: nothing was predicted
 * @param loss        mean −ln p of the annotated class; NaN: not known
 * @param uncertainty mean entropy, 0 (sure) to 1 (as good as guessing); NaN: not known
 * @param bounds      x0, y0, x1, y1 in level-0 px
 * @param marked      a person said that it is right as it is drawn
 * @param leftOut     what a network says that learned without its image; null: nobody asked one
 */
public record AreaScore(String imageId, String image, String part, String objectId, String drawn,
                         String predicted, double areaMm2, double right, double loss,
                         double uncertainty, double[] bounds, boolean marked, LeftOut leftOut) {

    /** Object metadata: the class that a person said is right as it is drawn. */
    public static final String RIGHT_KEY = "hookpath.right";

    /**
     * What a network says that learned without an image.
     *
     * @param loss      mean −ln p of the annotated class
     * @param predicted what most of the area is said to be
     * @param right     share that is said to be of the annotated class
     */
    public record LeftOut(double loss, String predicted, double right) {
    }

    /** Of an entry of {@code areas} in {@code report.json}. */
    static AreaScore of(String imageId, String image, String part, JsonObject json) {
        JsonObject out = Json.object(json, "left_out");
        return new AreaScore(imageId, image, part, Json.text(json, "object"),
                Json.text(json, "class"), Json.text(json, "predicted"), number(json, "area_mm2"),
                number(json, "right"), number(json, "loss"), number(json, "uncertainty"),
                bounds(Json.doubles(Json.list(json, "bounds"))), Json.flag(json, "marked_right"),
                out.isEmpty() ? null : new LeftOut(number(out, "loss"),
                        Json.text(out, "predicted"), number(out, "right")));
    }

    /**
     * What areas are ranked by: the loss of a network that did not learn from it where there is
     * one, else the model's, else the share that is wrong.
     */
    public double doubt() {
        if (leftOut != null) {
            return leftOut.loss();
        }
        return Double.isNaN(loss) ? 1 - right : loss;
    }

    /** The same with another mark. */
    public AreaScore marked(boolean isRight) {
        return new AreaScore(imageId, image, part, objectId, drawn, predicted, areaMm2, right,
                loss, uncertainty, bounds, isRight, leftOut);
    }

    static double number(JsonObject json, String key) {
        Double value = Json.number(json, key);
        return value == null ? Double.NaN : value;
    }

    private static double[] bounds(List<Double> found) {
        double[] corners = new double[4];
        for (int i = 0; i < corners.length; i++) {
            corners[i] = i < found.size() && found.get(i) != null ? found.get(i) : 0;
        }
        return corners;
    }
}
