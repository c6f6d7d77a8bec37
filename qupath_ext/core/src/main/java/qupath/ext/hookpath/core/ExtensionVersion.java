package qupath.ext.hookpath.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;

/** The extension's own version and how it must fit that of the Python package. */
public final class ExtensionVersion {

    private static final Comparator<String> ORDER = Comparator
            .<String>comparingInt(v -> part(v, 0)).thenComparingInt(v -> part(v, 1));

    private ExtensionVersion() {
    }

    /** The version that the jar was built as, e.g. {@code "0.1.0"}. */
    public static String ofThisJar() {
        try (InputStream in = ExtensionVersion.class.getResourceAsStream("version.txt")) {
            return in == null ? "0.0.0"
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether two versions work together: the same major and minor number. */
    public static boolean fit(String one, String other) {
        return majorMinor(one).equals(majorMinor(other));
    }

    /** Whether the first comes before the second, by major and minor number. */
    public static boolean older(String one, String other) {
        return ORDER.compare(one, other) < 0;
    }

    public static String majorMinor(String version) {
        String[] parts = version.strip().split("\\.", 3);
        return parts.length < 2 ? version.strip() : parts[0] + "." + parts[1];
    }

    private static int part(String version, int index) {
        String[] parts = version.strip().split("\\.");
        String digits = index < parts.length ? parts[index].replaceAll("\\D.*", "") : "";
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }
}
