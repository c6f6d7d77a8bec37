package qupath.ext.hookpath.core;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reading JSON that may lack fields or hold nulls where a value was expected. */
public final class Json {

    /** Compact, keeps nulls, writes no HTML escapes. */
    public static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    /** The same for people: indented. */
    public static final Gson PRETTY = GSON.newBuilder().setPrettyPrinting().create();

    /** For GeoJSON as QuPath reads it: no nulls, NaN as it is. */
    public static final Gson FEATURES = new GsonBuilder().disableHtmlEscaping()
            .serializeSpecialFloatingPointValues().create();

    private Json() {
    }

    /** The object in a UTF-8 file; an IOException names the file and what is wrong. */
    public static JsonObject read(Path file) throws IOException {
        // Opening a pipe would wait for ever.
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + ": is no ordinary file");
        }
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            JsonElement all = JsonParser.parseReader(reader);
            if (all.isJsonObject()) {
                return all.getAsJsonObject();
            }
            throw new IOException(file + ": not a JSON object");
        } catch (JsonParseException e) {
            throw new IOException(file + ": damaged JSON (" + reason(e) + ")", e);
        }
    }

    /** What a parser found, as one line. */
    public static String reason(Exception error) {
        String text = String.valueOf(error.getMessage()).lines().findFirst().orElse("");
        return text.replaceFirst("^([a-z]+\\.)+\\w+: ", "")
                .replaceFirst("^Use JsonReader\\.setStrictness\\(.*\\) to accept ", "");
    }

    /** Why a file that was read could not be understood, with its name. */
    public static String damage(Path file, Exception error) {
        String why = reason(error);
        return error instanceof IOException && why.contains(file.toString()) ? why
                : file + ": damaged (" + why + ")";
    }

    public static JsonElement get(JsonObject object, String key) {
        JsonElement value = object.get(key);
        return value == null ? JsonNull.INSTANCE : value;
    }

    public static String text(JsonObject object, String key) {
        JsonElement value = get(object, key);
        return value.isJsonPrimitive() ? value.getAsString() : null;
    }

    /** A number, or null: absent, null, or no number. */
    public static Double number(JsonObject object, String key) {
        return number(get(object, key));
    }

    public static Double number(JsonElement value) {
        boolean numeric = value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
        return numeric ? Double.valueOf(value.getAsDouble()) : null;
    }

    public static boolean flag(JsonObject object, String key) {
        JsonElement value = get(object, key);
        return value.isJsonPrimitive() && value.getAsBoolean();
    }

    /** An inner object; empty when absent. */
    public static JsonObject object(JsonObject object, String key) {
        JsonElement value = get(object, key);
        return value.isJsonObject() ? value.getAsJsonObject() : new JsonObject();
    }

    /** The elements of a list; empty when absent. */
    public static List<JsonElement> list(JsonObject object, String key) {
        JsonElement value = get(object, key);
        return value.isJsonArray() ? value.getAsJsonArray().asList() : List.of();
    }

    public static List<String> texts(JsonObject object, String key) {
        return list(object, key).stream().map(JsonElement::getAsString).toList();
    }

    /** Name → number; what is no number becomes NaN. */
    public static Map<String, Double> numbers(JsonObject object) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        object.asMap().forEach((name, value) -> {
            Double number = number(value);
            numbers.put(name, number == null ? Double.NaN : number);
        });
        return numbers;
    }

    /** Name → text, null where the file says null. */
    public static Map<String, String> strings(JsonObject object) {
        Map<String, String> strings = new LinkedHashMap<>();
        object.keySet().forEach(name -> strings.put(name, text(object, name)));
        return strings;
    }

    public static List<Double> doubles(List<JsonElement> values) {
        List<Double> doubles = new ArrayList<>();
        values.forEach(v -> doubles.add(number(v)));
        return doubles;
    }
}
