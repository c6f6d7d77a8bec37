package qupath.ext.hookpath.core.models;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.jobs.RequestClass;

/**
 * A trained model as it lies on disk; reading one runs nothing and does not look at the weights.
 *
 * @param path       the folder with {@code model.json}
 * @param name       what to call it: the folder's name, the run's when the folder is a run's, or
 *                   {@code "loop round 2"}
 * @param family     {@code "hooknet"}, {@code "unet"}…, or null
 * @param classes    what it tells apart, with colours
 * @param spacingsUm µm per pixel of each branch, the output's first; empty: it reads whole slides,
 *                   each at its own
 * @param channels   names of the channels that it takes, in its order; empty: RGB
 * @param trainedOn  names of the training images, joined; null when unknown
 * @param trainedAt  when training began, or null
 * @param f1         macro F1 on the validation images, or null: not validated
 * @param origin     where it comes from
 * @param problem    why it cannot be used, one line, or null
 */
public record ModelFolder(Path path, String name, String family, List<RequestClass> classes,
                          List<Double> spacingsUm, List<String> channels, String trainedOn,
                          Instant trainedAt, Double f1, ModelOrigin origin, String problem) {

    /** The file that makes a folder a model. */
    public static final String CARD = "model.json";

    /** As they were trained, and as they were exported. */
    static final String WEIGHTS = "weights.safetensors";
    static final String EXPORTED = "model.onnx";

    /** Those of unknown date come last. */
    static final Comparator<ModelFolder> LATEST_FIRST = Comparator.comparing(
            ModelFolder::trainedAt, Comparator.nullsLast(Comparator.reverseOrder()));

    private static final int FORMAT = 1;
    private static final int DEPTH = 4;

    /** Reads a model's folder, or a run's; never throws, see {@link #problem}. */
    public static ModelFolder read(Path folder) {
        Path inner = folder.resolve("model");
        boolean run = !Files.exists(folder.resolve(CARD)) && Files.exists(inner.resolve(CARD));
        Path path = run ? inner : folder;
        try {
            return of(path, Json.read(path.resolve(CARD)));
        } catch (IOException | RuntimeException e) {
            Path card = path.resolve(CARD);
            return broken(path, Files.exists(card) ? Json.damage(card, e)
                    : "no " + CARD + " in " + path);
        }
    }

    /** All models in the folders and up to three levels below, the latest first. */
    public static List<ModelFolder> below(Path... roots) {
        List<ModelFolder> found = new ArrayList<>();
        for (Path root : roots) {
            if (Files.isDirectory(root)) {
                found.addAll(in(root));
            }
        }
        found.sort(LATEST_FIRST);
        return found;
    }

    /** Whether a training can start from it: it is no exported one, and has weights that learn. */
    public boolean canBeTrainedOn() {
        return problem == null && !"probe".equals(family) && NetworkFamilies.get(family) != null
                && Files.exists(path.resolve(WEIGHTS));
    }

    private static List<ModelFolder> in(Path root) {
        try (Stream<Path> paths = Files.walk(root, DEPTH)) {
            return paths.filter(p -> p.endsWith(CARD)).map(p -> read(p.getParent())).toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            return List.of();
        }
    }

    private static ModelFolder of(Path path, JsonObject card) {
        Double format = Json.number(card, "format_version");
        JsonObject training = Json.object(card, "training");
        return new ModelFolder(path, nameOf(path), Json.text(card, "family"),
                classes(Json.list(card, "classes")), spacings(card), channels(card),
                trainedOn(training),
                instant(Json.text(training, "started")),
                Json.number(Json.object(card, "metrics"), "validation_macro_f1"),
                ModelOrigin.of(path), problem(path, format));
    }

    private static String problem(Path path, Double format) {
        if (format == null) {
            return path.resolve(CARD) + ": no model of hookpath";
        }
        if (format > FORMAT) {
            return path.resolve(CARD) + ": made by a later hookpath; update the extension";
        }
        boolean weights = Files.exists(path.resolve(WEIGHTS))
                || Files.exists(path.resolve(EXPORTED));
        return weights ? null : path + ": " + WEIGHTS + " is missing";
    }

    private static ModelFolder broken(Path path, String why) {
        return new ModelFolder(path, nameOf(path), null, List.of(), List.of(), List.of(), null,
                null, null, ModelOrigin.of(path), why);
    }

    private static String nameOf(Path path) {
        ModelOrigin origin = ModelOrigin.of(path);
        if (origin.kind() == ModelOrigin.Kind.LOOP) {
            return "loop round " + origin.round();
        }
        Path absolute = path.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        boolean ofRun = absolute.endsWith("model") && parent != null
                && parent.getFileName() != null;
        return String.valueOf((ofRun ? parent : absolute).getFileName());
    }

    public static List<RequestClass> classes(List<JsonElement> entries) {
        return entries.stream().map(JsonElement::getAsJsonObject)
                .map(o -> new RequestClass(Json.text(o, "name"), colour(Json.list(o, "color"))))
                .toList();
    }

    private static int[] colour(List<JsonElement> rgb) {
        return rgb.size() < 3 ? null : rgb.stream().mapToInt(JsonElement::getAsInt).toArray();
    }

    private static List<Double> spacings(JsonObject card) {
        if ("overview".equals(Json.text(card, "reads"))) {
            return List.of();
        }
        return Json.list(card, "branches").stream()
                .map(b -> Json.number(b.getAsJsonObject(), "spacing_um")).toList();
    }

    private static List<String> channels(JsonObject card) {
        return Json.list(Json.object(card, "normalisation"), "channels").stream()
                .map(c -> Json.text(c.getAsJsonObject(), "name")).toList();
    }

    /** Those of the channels that it takes which are not among these, but for capitals. */
    public List<String> missingFrom(List<String> there) {
        List<String> known = there.stream().map(ModelFolder::plain).toList();
        return channels.stream().filter(c -> !known.contains(plain(c))).toList();
    }

    private static String plain(String channel) {
        return channel.strip().toLowerCase(Locale.ROOT);
    }

    private static String trainedOn(JsonObject training) {
        List<String> images = Json.texts(Json.object(training, "split"), "train");
        return images.isEmpty() ? null : String.join(", ", images);
    }

    public static Instant instant(String iso) {
        try {
            return iso == null ? null : OffsetDateTime.parse(iso).toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}
