package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import qupath.ext.hookpath.core.ExtensionVersion;

/**
 * The Python package as it lies in the extension's jar.
 *
 * @param wheel       the package's wheel, or null: not in this jar
 * @param constraints versions that were tested together ({@code requirements.lock}), or null
 */
record BundledPackage(Path wheel, Path constraints) {

    private static final String RESOURCES = "/qupath/ext/hookpath/python/";

    /** Copies both into a folder. */
    static BundledPackage unpack(Path folder) throws IOException {
        String wheel = "hookpath-" + ExtensionVersion.ofThisJar() + "-py3-none-any.whl";
        return new BundledPackage(copy(wheel, folder), copy("requirements.lock", folder));
    }

    private static Path copy(String name, Path folder) throws IOException {
        try (InputStream in = BundledPackage.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                return null;
            }
            Path file = folder.resolve(name);
            Files.copy(in, file);
            return file;
        }
    }
}
