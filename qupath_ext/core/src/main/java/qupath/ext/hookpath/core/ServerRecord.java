package qupath.ext.hookpath.core;

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
import java.util.Map;
import java.util.Objects;

/**
 * What QuPath recorded about how to open one image, checked to be readable by the Python package.
 *
 * @param file the slide; null where {@code problem} says why there is none
 * @param cropToBounds whether QuPath crops to {@code openslide.bounds-*}, so that its pixel (0, 0)
 *     is not the file's
 * @param mppXY µm per pixel of level 0 as QuPath has them (set by hand or from the file); null
 *     where QuPath knows none
 * @param width level-0 pixels as QuPath sees them; 0 where the record does not say
 * @param height level-0 pixels as QuPath sees them; 0 where the record does not say
 * @param server QuPath's own JSON, where only QuPath gives these pixels for certain (turned images,
 *     other series, formats that OpenSlide does not read); null: the file is read as it is
 * @param problem why the image cannot be handed over, for a person, without the image's name; null
 *     if it can
 */
public record ServerRecord(
        Path file, boolean cropToBounds, double[] mppXY, int width, int height,
        JsonObject server, String problem) {

    private static final Map<String, String> TRANSFORMED = Map.ofEntries(
            Map.entry("rotated", "is rotated in QuPath"),
            Map.entry("flipped", "is flipped in QuPath"),
            Map.entry("cropped", "is a crop of another image"),
            Map.entry("affine", "is transformed in QuPath"),
            Map.entry("sparse", "is put together from several regions"),
            Map.entry("channels", "combines channels of several images"),
            Map.entry("color", "shows channels computed by QuPath"),
            Map.entry("color_deconvolved", "shows stains separated by QuPath"),
            Map.entry("normalized", "is normalised in QuPath"),
            Map.entry("typeConvert", "is converted to another pixel type in QuPath"),
            Map.entry("swapRedBlue", "has red and blue swapped in QuPath"),
            Map.entry("sliced", "is a slice of a z-stack or time series"),
            Map.entry("z_projected", "is a projection of a z-stack"),
            Map.entry("z_concatenated", "is a z-stack put together from several images"));

    /**
     * Reads QuPath's JSON of a server builder, as it is in a project file.
     *
     * @param builder the {@code serverBuilder} object
     * @return the record; never null, {@code problem} says what is wrong
     */
    public static ServerRecord parse(JsonObject builder) {
        JsonObject inner = builder;
        JsonObject metadata = objectIn(builder, "metadata");
        while ("pyramidize".equals(text(inner, "builderType"))) { // only adds levels: same frame
            inner = objectIn(inner, "builder");
            if (metadata.isEmpty()) {
                metadata = objectIn(inner, "metadata");
            }
        }
        String problem = problemWith(inner, metadata);
        if (problem != null) {
            return new ServerRecord(null, false, null, 0, 0, null, problem);
        }
        return readable(builder, inner, metadata);
    }

    /** Whether QuPath turns, cuts or combines the file's pixels: its frame is not the file's. */
    public boolean transformed() {
        return server != null && !isPlain(server);
    }

    private static ServerRecord readable(
            JsonObject whole, JsonObject builder, JsonObject metadata) {
        String uri = firstUri(builder);
        Path file = fileOf(uri);
        String problem = file == null
                ? uri + " is not a file; download the slide and add the file to the project"
                : Files.exists(file) ? null : notFound(file);
        String provider = text(builder, "providerClassName");
        boolean openslide = provider == null
                || provider.toLowerCase(Locale.ROOT).contains("openslide");
        boolean asItIs = openslide && isPlain(builder);
        boolean crop = asItIs && !arguments(builder).contains("--no-crop");
        return new ServerRecord(problem == null ? file : null, crop, microns(metadata),
                number(metadata, "width"), number(metadata, "height"), asItIs ? null : whole,
                problem);
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
        return members.stream().map(ServerRecord::firstUri).filter(Objects::nonNull)
                .findFirst().orElse(null);
    }

    private static String notFound(Path file) {
        return "slide not found at " + file + "; put it back, or open the image in QuPath's "
                + "project list and update its path";
    }

    private static String problemWith(JsonObject builder, JsonObject metadata) {
        if (firstUri(builder) == null) {
            return "has a kind of server that names no file (" + kind(builder)
                    + "); add the original image file instead";
        }
        String why = isPlain(builder) ? null : TRANSFORMED.get(kind(builder));
        String stack = stackOrChannels(metadata);
        return stack == null || why == null ? stack : why + " and " + stack;
    }

    private static String stackOrChannels(JsonObject metadata) {
        for (var axis : Map.of("sizeZ", "a z-stack", "sizeT", "a time series").entrySet()) {
            if (number(metadata, axis.getKey()) > 1) {
                return "is " + axis.getValue() + " (" + number(metadata, axis.getKey())
                        + " planes); hookpath reads single-plane slides";
            }
        }
        if (!metadata.has("isRGB") || metadata.get("isRGB").getAsBoolean()) {
            return null;
        }
        JsonElement channels = metadata.get("channels");
        int count = channels instanceof JsonArray array ? array.size() : 0;
        String type = metadata.has("pixelType") ? text(metadata, "pixelType") : "UINT8";
        if (count == 1 && "UINT8".equals(type)) {
            return null;
        }
        return "has " + count + " " + type + (count == 1 ? " channel" : " channels")
                + "; hookpath reads 8-bit RGB slides: export an RGB rendering from QuPath and add "
                + "that";
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
