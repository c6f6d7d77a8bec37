package qupath.ext.hookpath.core.maps;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.Plane;

/**
 * What {@code hookpath predict} left for one image: {@code prediction.json} and what lies beside.
 *
 * @param path          the image's folder
 * @param image         the image's name when it was predicted
 * @param slide         path of the slide then; null when unknown
 * @param run           tag of the run
 * @param objects       GeoJSON file; null: none was written
 * @param probabilities TIFF with one channel per class; null: none was written
 * @param width         size in level-0 px of the image as it was predicted, NaN when unknown
 * @param height        size in level-0 px of the image as it was predicted, NaN when unknown
 * @param slackPx       by how much the size may be off: one output pixel, in level-0 px
 * @param areasMm2      class name → area in mm²
 * @param plane         the plane that was predicted
 */
public record PredictionFolder(Path path, String image, String slide, String run, Path objects,
                               Path probabilities, double width, double height, double slackPx,
                               Map<String, Double> areasMm2, Plane plane) {

    /** The file that makes a folder a finished prediction. */
    public static final String RECORD = "prediction.json";

    private static final int DEPTH = 3;

    /**
     * Reads the folder of one image.
     *
     * @throws IOException there is no finished prediction, or it cannot be read
     */
    public static PredictionFolder read(Path folder) throws IOException {
        JsonObject json = Json.read(folder.resolve(RECORD));
        List<JsonElement> scale = Json.list(json, "downsample");
        double x = scale.size() == 2 ? scale.get(0).getAsDouble() : Double.NaN;
        double y = scale.size() == 2 ? scale.get(1).getAsDouble() : Double.NaN;
        Map<String, Double> areas = new LinkedHashMap<>();
        Json.object(json, "areas_mm2").asMap().forEach((k, v) -> areas.put(k, v.getAsDouble()));
        Plane plane = Plane.of(json);
        return new PredictionFolder(folder, Json.text(json, "image"),
                Json.text(Json.object(json, "slide"), "path"), Json.text(json, "run"),
                existing(folder, "objects.geojson"), existing(folder, "probabilities.tif"),
                size(json, "width") * x, size(json, "height") * y, Math.max(x, y), areas,
                plane == null ? Plane.FIRST : plane);
    }

    /** All finished predictions in a folder and below; those that cannot be read are left out. */
    public static List<PredictionFolder> below(Path folder) {
        List<PredictionFolder> found = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(folder, DEPTH)) {
            for (Path record : paths.filter(p -> p.endsWith(RECORD)).sorted().toList()) {
                try {
                    found.add(read(record.getParent()));
                } catch (IOException | RuntimeException e) {
                    // damaged or written by a later version: not one that can be used
                }
            }
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
        return found;
    }

    /**
     * The prediction of an image, one for each of its planes: that of its very file, else the only
     * one of its name. Where its file has several predictions, the first run counts.
     *
     * @param among where to look
     * @param image the image's name
     * @param slide the image's file; may be null
     * @return empty where there is none, or several images have that name
     */
    public static List<PredictionFolder> of(
            List<PredictionFolder> among, String image, Path slide) {
        List<PredictionFolder> found = among.stream().filter(one -> slide != null
                && one.slide != null && slide.equals(Path.of(one.slide))).toList();
        if (found.isEmpty()) {
            found = among.stream().filter(one -> one.isOf(image)).toList();
            boolean several = found.stream().map(one -> Arrays.asList(one.slide, one.run))
                    .distinct().count() > 1;
            found = several ? List.of() : found;
        }
        Map<Plane, PredictionFolder> planes = new LinkedHashMap<>();
        for (PredictionFolder one : found) {
            if (Objects.equals(one.run, found.getFirst().run)) {
                planes.putIfAbsent(one.plane, one);
            }
        }
        return List.copyOf(planes.values());
    }

    /** By its name; a plane's has the plane behind the image's. */
    private boolean isOf(String name) {
        return name.equals(image)
                || (name + " (z %d, t %d)".formatted(plane.z(), plane.t())).equals(image);
    }

    /** What an image's folder ends with, so that images of one name have different ones. */
    public static String digest(String id, String name) {
        try {
            byte[] text = (id + "\n" + name).getBytes(StandardCharsets.UTF_8);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
            return HexFormat.of().formatHex(hash).substring(0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether it was made in the frame of an image of this size (level-0 px). */
    public boolean fits(int widthPx, int heightPx) {
        return !(Math.abs(width - widthPx) > slackPx) && !(Math.abs(height - heightPx) > slackPx);
    }

    private static double size(JsonObject json, String key) {
        Double value = Json.number(json, key);
        return value == null ? Double.NaN : value;
    }

    private static Path existing(Path folder, String name) {
        Path file = folder.resolve(name);
        return Files.isRegularFile(file) ? file : null;
    }
}
