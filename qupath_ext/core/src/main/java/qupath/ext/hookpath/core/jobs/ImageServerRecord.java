package qupath.ext.hookpath.core.jobs;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What QuPath recorded about how to open one image, checked to be readable by the Python package.
 *
 * @param file the slide; null where {@code problem} says why there is none, and for an image behind
 *     an address (OMERO, DICOMweb), which only QuPath reads
 * @param cropToBounds whether QuPath crops to {@code openslide.bounds-*}, so that its pixel (0, 0)
 *     is not the file's
 * @param mppXY µm per pixel of level 0 as QuPath has them (set by hand or from the file); null
 *     where QuPath knows none
 * @param width level-0 pixels as QuPath sees them; 0 where the record does not say
 * @param height level-0 pixels as QuPath sees them; 0 where the record does not say
 * @param sizeZ planes along z; 1 where the record does not say
 * @param sizeT time points; 1 where the record does not say
 * @param channels names of its channels, in their order; empty: it is RGB, or nobody says
 * @param server QuPath's own JSON, where only QuPath gives these pixels for certain (turned images,
 *     other series, formats that OpenSlide does not read, addresses); null: the file is read as it
 *     is
 * @param problem why the image cannot be handed over, for a person, without the image's name; null
 *     if it can
 */
public record ImageServerRecord(
        Path file, boolean cropToBounds, double[] mppXY, int width, int height, int sizeZ,
        int sizeT, List<String> channels, JsonObject server, String problem) {

    /**
     * Reads QuPath's JSON of a server builder, as it is in a project file.
     *
     * @param builder the {@code serverBuilder} object
     * @return the record; never null, {@code problem} says what is wrong
     */
    public static ImageServerRecord parse(JsonObject builder) {
        JsonObject inner = builder;
        JsonObject metadata = objectIn(builder, "metadata");
        while ("pyramidize".equals(text(inner, "builderType"))) { // only adds levels: same frame
            inner = objectIn(inner, "builder");
            if (metadata.isEmpty()) {
                metadata = objectIn(inner, "metadata");
            }
        }
        String problem = problemWith(inner);
        if (problem != null) {
            return new ImageServerRecord(null, false, null, 0, 0, 1, 1, List.of(), null, problem);
        }
        return readable(builder, inner, metadata);
    }

    /** Whether QuPath turns, cuts or combines the file's pixels: its frame is not the file's. */
    public boolean transformed() {
        return server != null && !isPlain(server);
    }

    private static ImageServerRecord readable(
            JsonObject whole, JsonObject builder, JsonObject metadata) {
        Path file = fileOf(firstUri(builder));
        String problem = file == null || Files.exists(file) ? null : notFound(file);
        String provider = text(builder, "providerClassName");
        boolean openslide = provider == null
                || provider.toLowerCase(Locale.ROOT).contains("openslide");
        boolean asItIs = openslide && isPlain(builder) && file != null;
        boolean crop = asItIs && !arguments(builder).contains("--no-crop");
        return new ImageServerRecord(problem == null ? file : null, crop, microns(metadata),
                number(metadata, "width"), number(metadata, "height"),
                Math.max(1, number(metadata, "sizeZ")), Math.max(1, number(metadata, "sizeT")),
                channels(metadata),
                asItIs ? null : whole, problem);
    }

    /** Whether the pixels are those of a file: not turned, cut or put together. */
    private static boolean isPlain(JsonObject builder) {
        return "uri".equals(kind(builder)) && text(builder, "uri") != null;
    }

    private static String kind(JsonObject builder) {
        return builder.has("builderType") ? text(builder, "builderType") : "uri";
    }

    /** The first file that a server reads, however deep it is wrapped; null: none. */
    private static String firstUri(JsonElement builder) {
        List<JsonElement> members = new ArrayList<>();
        if (builder instanceof JsonObject object) {
            if (text(object, "uri") != null) {
                return text(object, "uri");
            }
            object.entrySet().forEach(member -> members.add(member.getValue()));
        } else if (builder instanceof JsonArray array) {
            array.forEach(members::add);
        }
        return members.stream().map(ImageServerRecord::firstUri).filter(Objects::nonNull)
                .findFirst().orElse(null);
    }

    private static String notFound(Path file) {
        return "slide not found at " + file + "; put it back, or open the image in QuPath's "
                + "project list and update its path";
    }

    private static String problemWith(JsonObject builder) {
        if (firstUri(builder) == null) {
            return "has a kind of server that names no file (" + kind(builder)
                    + "); add the original image file instead";
        }
        return null;
    }

    /** Names of the channels of an image that is no RGB, which one 8-bit channel is, too. */
    private static List<String> channels(JsonObject metadata) {
        if (!metadata.has("isRGB") || metadata.get("isRGB").getAsBoolean()
                || !(metadata.get("channels") instanceof JsonArray listed)) {
            return List.of();
        }
        String type = metadata.has("pixelType") ? text(metadata, "pixelType") : "UINT8";
        if (listed.size() == 1 && "UINT8".equals(type)) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        for (JsonElement one : listed) {
            String name = one instanceof JsonObject object ? text(object, "name") : null;
            names.add(name == null ? "" : name);
        }
        return List.copyOf(names);
    }

    private static double[] microns(JsonObject metadata) {
        JsonObject calibration = objectIn(metadata, "pixelCalibration");
        double x = microns(calibration, "pixelWidth");
        double y = microns(calibration, "pixelHeight");
        return x > 0 && y > 0 ? new double[] {x, y} : null;
    }

    private static double microns(JsonObject calibration, String side) {
        JsonObject length = objectIn(calibration, side);
        String unit = text(length, "unit");
        boolean known = unit != null && List.of("µm", "μm", "um").contains(unit);
        JsonElement value = length.get("value");
        boolean number = value != null && value.isJsonPrimitive()
                && value.getAsJsonPrimitive().isNumber();
        return known && number ? value.getAsDouble() : Double.NaN;
    }

    private static Path fileOf(String uri) {
        if (uri == null) {
            return null;
        }
        try {
            URI parsed = URI.create(uri);
            return "file".equals(parsed.getScheme()) ? Path.of(parsed) : null;
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            return null;
        }
    }

    private static List<String> arguments(JsonObject builder) {
        List<String> found = new ArrayList<>();
        if (builder.get("args") instanceof JsonArray array) {
            array.forEach(a -> found.add(a.getAsString()));
        }
        return found;
    }

    private static JsonObject objectIn(JsonObject parent, String key) {
        return parent.get(key) instanceof JsonObject child ? child : new JsonObject();
    }

    private static String text(JsonObject parent, String key) {
        JsonElement value = parent.get(key);
        return value == null || !value.isJsonPrimitive() ? null : value.getAsString();
    }

    private static int number(JsonObject parent, String key) {
        JsonElement value = parent.get(key);
        return value == null || value.isJsonNull() ? 0 : value.getAsInt();
    }
}
