package qupath.ext.hookpath.predict;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.RequestImage;

/**
 * What a prediction said about its images, in its own words.
 *
 * @param slides data of the results {@code slide} and {@code predicted}
 * @param problems one line for each image that failed
 */
record PredictionFindings(List<JsonObject> slides, List<String> problems) {

    /** All that was said, the final summary first. */
    static PredictionFindings of(JobOutcome outcome) {
        List<JsonObject> slides = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (JobEvent.Result result : outcome.results()) {
            switch (result.kind()) {
                case "slide" -> slides.add(result.data());
                case "predicted" -> {
                    slides.addAll(0, objects(result.data().get("images")));
                    objects(result.data().get("problems")).forEach(
                            problem -> problems.add(problem(problem)));
                }
                default -> { }
            }
        }
        return new PredictionFindings(slides, problems);
    }

    /** What was said about one image, once for each of its planes that were predicted. */
    List<JsonObject> of(RequestImage image) {
        Map<Plane, JsonObject> found = new LinkedHashMap<>();
        slides.stream().filter(slide -> image.id().equals(text(slide, "image_id")))
                .forEach(slide -> found.putIfAbsent(planeOf(slide), slide));
        return List.copyOf(found.values());
    }

    static Plane planeOf(JsonObject slide) {
        return Objects.requireNonNullElse(Plane.of(slide), Plane.FIRST);
    }

    static String text(JsonObject from, String key) {
        JsonElement value = from.get(key);
        return value == null || value.isJsonNull() ? null : value.getAsString();
    }

    /** Names the image once, also where its message does. */
    private static String problem(JsonObject problem) {
        String image = text(problem, "image");
        String message = text(problem, "message");
        return message.contains(image) ? message : image + ": " + message;
    }

    private static List<JsonObject> objects(JsonElement array) {
        List<JsonObject> found = new ArrayList<>();
        if (array instanceof JsonArray list) {
            list.forEach(element -> found.add(element.getAsJsonObject()));
        }
        return found;
    }
}
