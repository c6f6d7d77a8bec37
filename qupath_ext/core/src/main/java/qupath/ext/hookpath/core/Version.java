package qupath.ext.hookpath.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The extension's own version and how it must fit that of the Python package. */
public final class Version {

    private Version() {
    }

    /** The version that the jar was built as, e.g. {@code "0.1.0"}. */
    public static String ofThisJar() {
        try (InputStream in = Version.class.getResourceAsStream("version.txt")) {
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

    private static String majorMinor(String version) {
        String[] parts = version.strip().split("\\.", 3);
        return parts.length < 2 ? version.strip() : parts[0] + "." + parts[1];
    }
}
