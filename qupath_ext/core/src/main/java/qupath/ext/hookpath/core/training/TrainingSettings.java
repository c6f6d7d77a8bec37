package qupath.ext.hookpath.core.training;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Settings of a training as {@code --set key=value} takes them (values as in TOML). */
public final class TrainingSettings {

    private static final int MOST_EPOCHS = 100_000;
    private static final double MOST_MINUTES = 100_000;
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private TrainingSettings() {
    }

    /** {@code classes=["Tumor", "Stroma"]}: these, in this order. */
    public static String classes(Collection<String> names) {
        return "classes=" + list(names);
    }

    /** {@code channels=["DAPI", "CD8"]}: these, in this order. */
    public static String channels(Collection<String> names) {
        return "channels=" + list(names);
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
     * So many minutes, and as many epochs as they may be enough for: the schedule is fitted to the
     * time.
     *
     * @param minutes above 0
     * @param usual   the preset's minutes, or what is usual
     * @param epochs  the preset's
     */
    public static List<String> howLong(double minutes, double usual, int epochs) {
        long most = Math.max(epochs, (long) Math.ceil(epochs * minutes / usual));
        return List.of("minutes=" + minutes, "epochs=" + Math.min(most, MOST_EPOCHS));
    }

    /**
     * Minutes that a person typed.
     *
     * @return NaN: nothing was typed; 0: no number of minutes
     */
    public static double minutes(String typed) {
        if (typed.isBlank()) {
            return Double.NaN;
        }
        try {
            double minutes = Double.parseDouble(typed.strip().replace(',', '.'));
            return minutes >= 0.1 && minutes <= MOST_MINUTES ? minutes : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
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
