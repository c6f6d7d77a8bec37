package qupath.ext.hookpath.core.evaluation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.models.ModelFolder;

/**
 * What {@code hookpath evaluate} found: metrics by part of the split, by image, and area by area.
 *
 * @param classes what the model tells apart
 * @param parts   {@code "all"}, {@code "train"}… → metrics
 * @param images  every image with annotated areas
 * @param areas   every annotated area, the most doubtful first
 * @param problems one line for each image that could not be looked at
 * @param page    the report for a browser; null: there is none
 */
public record EvaluationResult(List<RequestClass> classes, Map<String, Part> parts,
        List<Image> images,
                         List<AreaScore> areas, List<String> problems, Path page) {

    /** The file that makes a folder an evaluation. */
    public static final String REPORT = "report.json";

    /** All images together. */
    public static final String ALL = "all";

    /**
     * A metric.
     *
     * @param value NaN: there is none
     * @param low   of its 95 % interval; NaN: there are too few images for one
     * @param high  the same
     */
    public record Figure(double value, double low, double high) {
    }

    /**
     * Metrics of some images.
     *
     * @param images    how many
     * @param confusion px; rows: annotated, columns: predicted, the last one: nothing
     * @param macroF1   mean over classes
     * @param f1        of each class
     */
    public record Part(int images, long[][] confusion, Figure macroF1, Map<String, Figure> f1) {

        /**
         * Share of what was drawn of a class that was predicted as another; NaN: none was drawn.
         */
        public double share(int drawn, int predicted) {
            long sum = 0;
            for (long count : confusion[drawn]) {
                sum += count;
            }
            return sum == 0 ? Double.NaN : (double) confusion[drawn][predicted] / sum;
        }
    }

    /**
     * One image.
     *
     * @param part    of the split, or null
     * @param macroF1 NaN: there is none
     * @param f1      of each class, NaN: not annotated there
     */
    public record Image(String id, String name, String part, double macroF1,
                        Map<String, Double> f1) {
    }

    /**
     * Reads a report.
     *
     * @param folder that {@code evaluate} wrote into
     * @throws IOException there is none, or it is damaged
     */
    public static EvaluationResult read(Path folder) throws IOException {
        Path file = folder.resolve(REPORT);
        try {
            Path page = folder.resolve("report.html");
            return of(Json.read(file), Files.isRegularFile(page) ? page : null);
        } catch (RuntimeException e) {
            throw new IOException(Json.damage(file, e), e);
        }
    }

    static EvaluationResult of(JsonObject json, Path page) {
        List<RequestClass> classes = ModelFolder.classes(Json.list(json, "classes"));
        List<Image> images = new ArrayList<>();
        List<AreaScore> areas = new ArrayList<>();
        for (JsonElement element : Json.list(json, "slides")) {
            JsonObject slide = element.getAsJsonObject();
            Image image = image(slide);
            images.add(image);
            Json.list(slide, "areas").forEach(area -> areas.add(AreaScore.of(
                    image.id(), image.name(), image.part(), area.getAsJsonObject())));
        }
        areas.sort(Comparator.comparingDouble(EvaluationResult::rank).reversed());
        Map<String, Part> parts = new LinkedHashMap<>();
        Json.object(json, "parts").asMap().forEach(
                (name, part) -> parts.put(name, part(part.getAsJsonObject())));
        return new EvaluationResult(classes, parts, images, areas, problems(json), page);
    }

    /** The areas of a part that were annotated as one class and predicted as another; null: any. */
    public List<AreaScore> areas(String part, String drawn, String predicted) {
        return areas.stream()
                .filter(a -> part == null || part.equals(ALL) || part.equals(a.part()))
                .filter(a -> drawn == null || drawn.equals(a.drawn()))
                .filter(a -> predicted == null || predicted.equals(a.predicted()))
                .toList();
    }

    /** Those without a number come last. */
    private static double rank(AreaScore area) {
        return Double.isNaN(area.doubt()) ? -1 : area.doubt();
    }

    private static Image image(JsonObject slide) {
        Map<String, Double> f1 = new LinkedHashMap<>();
        Json.object(slide, "classes").asMap().forEach((name, figures) -> {
            JsonObject of = figures.getAsJsonObject();
            boolean drawn = AreaScore.number(of, "support") > 0;
            f1.put(name, drawn ? AreaScore.number(of, "f1") : Double.NaN);
        });
        return new Image(Json.text(slide, "id"), Json.text(slide, "name"),
                Json.text(slide, "split"), AreaScore.number(Json.object(slide, "macro"), "f1"), f1);
    }

    private static Part part(JsonObject json) {
        List<JsonElement> rows = Json.list(json, "confusion");
        long[][] confusion = new long[rows.size()][];
        for (int i = 0; i < confusion.length; i++) {
            confusion[i] = rows.get(i).getAsJsonArray().asList().stream()
                    .mapToLong(JsonElement::getAsLong).toArray();
        }
        Map<String, Figure> f1 = new LinkedHashMap<>();
        Json.object(json, "f1").asMap().forEach(
                (name, figure) -> f1.put(name, figure(figure.getAsJsonObject())));
        Double images = Json.number(json, "slides");
        return new Part(images == null ? 0 : images.intValue(), confusion,
                figure(Json.object(json, "macro_f1")), f1);
    }

    private static Figure figure(JsonObject json) {
        return new Figure(AreaScore.number(json, "value"), AreaScore.number(json, "low"),
                AreaScore.number(json, "high"));
    }

    private static List<String> problems(JsonObject json) {
        List<String> lines = new ArrayList<>();
        for (JsonElement element : Json.list(json, "problems")) {
            String image = Json.text(element.getAsJsonObject(), "image");
            String message = String.valueOf(Json.text(element.getAsJsonObject(), "message"));
            lines.add(image == null || message.startsWith(image)
                    ? message : image + ": " + message);
        }
        return lines;
    }
}
