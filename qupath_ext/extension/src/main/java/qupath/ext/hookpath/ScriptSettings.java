package qupath.ext.hookpath;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Settings at the top of a script, which the command line may change with {@code name=value}. */
final class ScriptSettings {

    private final Map<String, Object> values;
    private final List<String> given = new ArrayList<>();

    private ScriptSettings(Map<String, ?> defaults) {
        this.values = new LinkedHashMap<>(defaults);
    }

    /**
     * The settings that count.
     *
     * @param defaults name → value as the script has it; it also says what kind is expected
     * @param arguments {@code name=value} each; a name may come several times where a list is
     *     expected
     * @return the settings without those that are blank, empty or null
     * @throws HookpathException an argument names no setting, or its value is of the wrong kind
     */
    static Map<String, Object> of(Map<String, ?> defaults, String... arguments) {
        var settings = new ScriptSettings(defaults);
        for (String argument : arguments == null ? new String[0] : arguments) {
            settings.take(argument);
        }
        settings.values.values().removeIf(ScriptSettings::isNothing);
        return settings.values;
    }

    private void take(String argument) {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals).strip();
        if (equals < 0 || !values.containsKey(name)) {
            throw new HookpathException(UiTexts.get(
                    "error.setting", argument, String.join(", ", values.keySet())));
        }
        values.put(name, value(name, values.get(name), argument.substring(equals + 1).strip()));
        given.add(name);
    }

    private Object value(String name, Object before, String text) {
        return switch (before) {
            case Boolean flag -> flag(name, text);
            case Number number -> number(name, text);
            case Collection<?> several -> longer(name, several, text);
            case null, default -> text;
        };
    }

    private static Boolean flag(String name, String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new HookpathException(UiTexts.get("error.flag", name, text));
        };
    }

    private static Number number(String name, String text) {
        try {
            return text.matches("-?\\d{1,9}") ? (Number) Integer.valueOf(text)
                    : Double.valueOf(text);
        } catch (NumberFormatException e) {
            throw new HookpathException(UiTexts.get("error.number", name, text));
        }
    }

    /** The first argument replaces the script's list, the following ones are added to it. */
    private List<Object> longer(String name, Collection<?> before, String text) {
        List<Object> list = new ArrayList<>(given.contains(name) ? before : List.of());
        if (!text.isBlank()) {
            list.add(text);
        }
        return list;
    }

    private static boolean isNothing(Object value) {
        return value == null || value instanceof CharSequence text && text.toString().isBlank()
                || value instanceof Collection<?> several && several.isEmpty();
    }
}
