package qupath.ext.hookpath.core;

import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;

/** The folder of the QuPath that this code runs in: Python reads some images through it. */
public final class QuPathHome {

    private static final String OF_QUPATH = "qupath.lib.common.GeneralTools";

    private QuPathHome() {}

    /** The folder; null where this is no installed QuPath (one run from its source, a test). */
    public static Path find() {
        try {
            CodeSource source = Class.forName(OF_QUPATH, false, QuPathHome.class.getClassLoader())
                    .getProtectionDomain().getCodeSource();
            return source == null ? null : of(Path.of(source.getLocation().toURI()));
        } catch (ClassNotFoundException | URISyntaxException | FileSystemNotFoundException
                | IllegalArgumentException e) {
            return null;
        }
    }

    /** From {@code lib/app} (Linux), {@code Contents/app} (macOS) or {@code app} (Windows). */
    static Path of(Path jar) {
        Path app = jar.getParent();
        if (app == null || app.getParent() == null || !"app".equals(name(app))) {
            return null;
        }
        Path above = app.getParent();
        boolean deeper = "lib".equals(name(above)) || "Contents".equals(name(above));
        return deeper ? above.getParent() : above;
    }

    private static String name(Path folder) {
        return folder.getFileName() == null ? "" : folder.getFileName().toString();
    }
}
