package qupath.ext.hookpath.core;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Settings of a training as {@code --set key=value} takes them (values as in TOML). */
public final class TrainSettings {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private TrainSettings() {
    }

    /** {@code classes=["Tumor", "Stroma"]}: these, in this order. */
    public static String classes(Collection<String> names) {
        return "classes=" + list(names);
    }

    /** {@code model.spacings=[0.5, 8.0]}: µm/px of the branches, the output's first. */
    public static String spacings(String key, List<Double> um) {
        return key + "=[" + String.join(", ", um.stream().map(String::valueOf).toList()) + "]";
    }

    /** {@code labels.line_width_um=20.0}: lines and points are areas of this width. */
    public static String lineWidth(double um) {
        return "labels.line_width_um=" + um;
    }

    /** {@code background="Normal"}: the class that means "nothing else". */
    public static String background(String name) {
        return "background=" + GSON.toJson(name);
    }

    /**
     * Further settings that a person typed: {@code key=value}, parted by semicolons or lines.
     *
     * @throws IllegalArgumentException a part is none; the message is that part
     */
    public static List<String> further(String typed) {
        List<String> found = new ArrayList<>();
        for (String part : typed.split("[;\n]")) {
            if (part.isBlank()) {
                continue;
            }
            if (!part.strip().matches("[A-Za-z0-9_.]+\\s*=.+")) {
                throw new IllegalArgumentException(part.strip());
            }
            found.add(part.strip());
        }
        return found;
    }

    /** A µm/px as a person reads it: {@code "0.5"}, {@code "8"}. */
    public static String text(double um) {
        return um == Math.rint(um) ? String.valueOf((long) um)
                : String.format(Locale.ROOT, "%.4f", um).replaceAll("0+$", "");
    }

    /** Several, as in {@code "1, 2, 4"}. */
    public static String text(List<Double> um) {
        return String.join(", ", um.stream().map(one -> text(one.doubleValue())).toList());
    }

    private static String list(Collection<String> names) {
        return "[" + String.join(", ", names.stream().map(GSON::toJson).toList()) + "]";
    }
}
