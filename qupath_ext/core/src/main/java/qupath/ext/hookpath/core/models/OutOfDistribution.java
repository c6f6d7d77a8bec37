package qupath.ext.hookpath.core.models;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import qupath.ext.hookpath.core.Json;

/**
 * How unlike the images that a model learned from another image looks to it.
 *
 * @param score theirs is about 1
 * @param limit up to which it is usual
 */
public record OutOfDistribution(double score, double limit) {

    /** Image metadata: the score for the model that predicted the image last. */
    public static final String SCORE_KEY = "hookpath.unlikeness";

    /** Image metadata: up to which score it is usual for that model. */
    public static final String LIMIT_KEY = "hookpath.unlikeness.usual";

    /**
     * Of the data of a result {@code slide}.
     *
     * @return null: the model knows nothing of the images that it learned from
     */
    public static OutOfDistribution of(JsonObject slide) {
        JsonObject ood = Json.object(slide, "ood");
        Double score = Json.number(ood, "score");
        Double limit = Json.number(ood, "limit");
        return score == null || limit == null ? null : new OutOfDistribution(score, limit);
    }

    /** Whether results are to be looked at with care. */
    public boolean isUnlike() {
        return score > limit;
    }

    /**
     * What an image's metadata say of it.
     *
     * @param likeness null: nothing is known; what stands there from before goes
     */
    public static Map<String, String> metadata(OutOfDistribution likeness) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put(SCORE_KEY, likeness == null ? null : number(likeness.score()));
        values.put(LIMIT_KEY, likeness == null ? null : number(likeness.limit()));
        return values;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
