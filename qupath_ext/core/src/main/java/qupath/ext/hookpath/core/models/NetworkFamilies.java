package qupath.ext.hookpath.core.models;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.Devices;
import qupath.ext.hookpath.core.Json;

/**
 * The networks that a person can train from the window, in its order: those that learn classes
 * from what is annotated. Python says what each can be ({@code hookpath/qupath/training_options.py}
 * wrote {@code families.json}, and says why the others are left out); nothing is worked out here.
 */
public final class NetworkFamilies {

    private static final Map<String, NetworkFamily> ALL = read();

    private NetworkFamilies() {
    }

    /** Their names. */
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /** One of them, or null: no such family here (Python may still know it). */
    public static NetworkFamily get(String name) {
        return ALL.get(name);
    }

    /**
     * Presets worth offering, in the window's order.
     *
     * @param devices what the computer has, see {@link Devices#here}
     */
    public static List<String> presets(List<String> devices) {
        return devices.contains("cuda") ? List.of("auto", "gpu", "fast", "paper")
                : List.of("auto", "fast", "paper");
    }

    private static Map<String, NetworkFamily> read() {
        try (InputStream in = NetworkFamilies.class.getResourceAsStream(
                "/qupath/ext/hookpath/core/families.json")) {
            JsonObject all = JsonParser.parseReader(
                    new InputStreamReader(in, StandardCharsets.UTF_8)).getAsJsonObject();
            Map<String, NetworkFamily> found = new LinkedHashMap<>();
            all.keySet().forEach(name -> found.put(name, NetworkFamily.of(Json.object(all, name))));
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
