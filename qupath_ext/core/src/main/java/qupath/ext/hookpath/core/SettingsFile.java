package qupath.ext.hookpath.core;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is remembered between sessions, in {@code <user dir>/hookpath/settings.json}: the same in
 * the window, in scripts, and in a headless QuPath. Immutable.
 */
public final class SettingsFile {

    /** The Python that jobs are started with. */
    public static final String PYTHON = "python";

    private final Path file;
    private final Map<String, String> values;

    private SettingsFile(Path file, Map<String, String> values) {
        this.file = file;
        this.values = values;
    }

    /** Those of a user directory; none when there is no file, or a damaged one. */
    public static SettingsFile read(Path userDir) {
        Path file = userDir.resolve("hookpath").resolve("settings.json");
        try {
            Map<String, String> values = Json.strings(Json.read(file));
            return new SettingsFile(file, values);
        } catch (IOException e) {
            return new SettingsFile(file, Map.of());
        }
    }

    /** A value, or null. */
    public String get(String key) {
        return values.get(key);
    }

    /** The settings with a value changed; null takes it away. */
    public SettingsFile with(String key, String value) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        if (value == null) {
            changed.remove(key);
        } else {
            changed.put(key, value);
        }
        return new SettingsFile(file, changed);
    }

    /** Writes them to disk. */
    public SettingsFile write() throws IOException {
        Files.createDirectories(file.getParent());
        JsonObject json = new JsonObject();
        values.forEach(json::addProperty);
        AtomicTextFile.replace(file, Json.PRETTY.toJson(json));
        return this;
    }
}
