package qupath.ext.hookpath.core.training;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import qupath.ext.hookpath.core.Json;

/**
 * Settings that a person typed, {@code key=value} parted by semicolons or lines: what is not
 * understood is refused before a training is begun. Which there are, Python says ({@code
 * hookpath/qupath/training_options.py} wrote {@code settings.json}).
 */
public final class FurtherSettingsParser {

    private static final Map<String, String> KINDS = read();
    private static final Pattern PART = Pattern.compile("([A-Za-z][A-Za-z0-9_.]*)\\s*=\\s*(.+)");
    private static final Pattern ANOTHER = Pattern.compile("[\\s,]([A-Za-z][A-Za-z0-9_.]*)\\s*=");
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/._~][A-Za-z0-9_.+:/~\\\\-]*");
    private static final Pattern NUMBER = Pattern.compile(
            "[+-]?(\\d[\\d_]*)(\\.\\d+)?([eE][+-]?\\d+)?");
    private static final int NEAR = 3;

    private FurtherSettingsParser() {
    }

    /** A part that is not understood. */
    public static final class Misunderstood extends Exception {

        private static final long serialVersionUID = 1;
        private final String key;
        private final transient List<Object> values;

        Misunderstood(String key, Object... values) {
            super(key + " " + List.of(values));
            this.key = key;
            this.values = List.of(values);
        }

        /**
         * What is wrong: {@code form} (no key=value), {@code semicolon} (one is missing before the
         * second value), {@code unknown} setting, {@code near} (the second value is what may have
         * been meant), {@code value} (the second), {@code whole}, {@code number} or {@code flag}
         * (the setting takes one).
         */
        public String key() {
            return key;
        }

        /** The part or the setting, and the second value above, if there is one. */
        public List<Object> values() {
            return values;
        }
    }

    /**
     * The settings as {@code --set} takes them.
     *
     * @throws Misunderstood the first part that is none
     */
    public static List<String> parse(String typed) throws Misunderstood {
        List<String> found = new ArrayList<>();
        for (String part : typed.split("[;\n]")) {
            if (!part.isBlank()) {
                check(part.strip());
                found.add(part.strip());
            }
        }
        return found;
    }

    private static void check(String part) throws Misunderstood {
        Matcher pair = PART.matcher(part);
        if (!pair.matches()) {
            throw new Misunderstood("form", part);
        }
        String name = pair.group(1);
        String value = pair.group(2);
        Matcher another = ANOTHER.matcher(value);
        if (!isQuoted(value) && !isNested(value) && another.find()) {
            throw new Misunderstood("semicolon", part, another.group(1));
        }
        String kind = kindOf(name);
        if (kind == null) {
            String near = nearest(name);
            throw near == null ? new Misunderstood("unknown", name)
                    : new Misunderstood("near", name, near);
        }
        if (!fits(kind, value)) {
            throw "any".equals(kind) ? new Misunderstood("value", name, value)
                    : new Misunderstood(kind, name, value);
        }
    }

    private static boolean fits(String kind, String value) {
        if (value.equalsIgnoreCase("none") || value.equalsIgnoreCase("null")) {
            return true;
        }
        return switch (kind) {
            case "whole" -> value.matches("[+-]?\\d[\\d_]*");
            case "number" -> NUMBER.matcher(value).matches();
            case "flag" -> value.equals("true") || value.equals("false");
            default -> isQuoted(value) || isNested(value) || PLAIN.matcher(value).matches()
                    || NUMBER.matcher(value).matches();
        };
    }

    private static boolean isQuoted(String value) {
        char first = value.charAt(0);
        return value.length() > 1 && (first == '"' || first == '\'')
                && value.indexOf(first, 1) == value.length() - 1;
    }

    /** A list or a table; Python looks into it. */
    private static boolean isNested(String value) {
        return value.startsWith("[") && value.endsWith("]")
                || value.startsWith("{") && value.endsWith("}");
    }

    private static String kindOf(String name) {
        if (name.startsWith("model.") && name.length() > "model.".length()) {
            return "any";
        }
        String kind = KINDS.get(name);
        int dot = name.lastIndexOf('.');
        boolean ofTable = kind == null && dot > 0 && "any".equals(KINDS.get(name.substring(0, dot)))
                && KINDS.keySet().stream().noneMatch(k -> k.startsWith(name.substring(0, dot + 1)));
        return ofTable ? "any" : kind;
    }

    private static String nearest(String name) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        return KINDS.keySet().stream()
                .min(Comparator.comparingInt(known -> distance(name, last, known)))
                .filter(known -> distance(name, last, known) <= NEAR).orElse(null);
    }

    private static int distance(String name, String last, String known) {
        String end = known.substring(known.lastIndexOf('.') + 1);
        return Math.min(steps(name, known), end.length() < 4 ? NEAR + 1 : steps(last, end));
    }

    /** Letters to be put in, left out or exchanged (Levenshtein). */
    private static int steps(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }

    private static Map<String, String> read() {
        try (InputStream in = FurtherSettingsParser.class.getResourceAsStream(
                "/qupath/ext/hookpath/core/settings.json")) {
            JsonObject all = JsonParser.parseReader(
                    new InputStreamReader(in, StandardCharsets.UTF_8)).getAsJsonObject();
            return Json.strings(all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
