package qupath.ext.hookpath;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import qupath.ext.hookpath.core.jobs.JobRequest;

/** Named arguments of a script: the command line's option names in camelCase. */
public final class ScriptArguments {

    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Set<String> taken = new LinkedHashSet<>();

    private ScriptArguments(Map<String, ?> values) {
        this.values.putAll(values);
    }

    /**
     * The arguments of a call; null counts as none.
     *
     * @param values name → text, number, flag, path, file, list of these
     */
    public static ScriptArguments of(Map<String, ?> values) {
        return new ScriptArguments(values == null ? Map.of() : values);
    }

    /**
     * Takes a text out; it does not reach the command line.
     *
     * @param key its name
     * @param otherwise where it is not given
     */
    public String text(String key, String otherwise) {
        Object value = take(key);
        return value == null ? otherwise : value.toString();
    }

    /**
     * Takes a flag out.
     *
     * @param key its name
     * @param otherwise where it is not given
     * @throws HookpathException it is neither true nor false
     */
    public boolean flag(String key, boolean otherwise) {
        Object value = take(key);
        if (value == null) {
            return otherwise;
        }
        return switch (value.toString()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new HookpathException(UiTexts.get("error.flag", key, value));
        };
    }

    /**
     * Takes a path out.
     *
     * @param key its name
     * @return null where it is not given
     */
    public Path path(String key) {
        Object value = take(key);
        return value == null ? null
                : value instanceof File file ? file.toPath() : Path.of(value.toString());
    }

    /**
     * Takes a list out; one value is a list of one.
     *
     * @param key its name
     * @return empty where it is not given
     */
    public List<String> texts(String key) {
        Object value = take(key);
        List<String> found = new ArrayList<>();
        if (value instanceof Collection<?> several) {
            several.forEach(v -> found.add(v.toString()));
        } else if (value != null) {
            found.add(value.toString());
        }
        return found;
    }

    /** Hands all that was not taken out to the command line, {@code minArea} as min-area. */
    public void addTo(JobRequest.Builder request) {
        values.forEach((key, value) -> {
            if (!taken.contains(key)) {
                request.option(dashed(key), plain(value));
            }
        });
    }

    private Object take(String key) {
        taken.add(key);
        return values.get(key);
    }

    private static String dashed(String key) {
        return key.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    /** Groovy's own kinds of text and number as what JSON knows. */
    private static Object plain(Object value) {
        if (value instanceof Collection<?> several) {
            return several.stream().map(ScriptArguments::plain).toList();
        }
        boolean known = value == null || value instanceof Number || value instanceof Boolean;
        return known ? value : value.toString();
    }
}
