package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import qupath.ext.hookpath.core.ExtensionVersion;

/**
 * The environments that we built are known by a file in them. What others set for their Python
 * (PYTHONPATH…) must not reach one; in a Python that somebody else made it may be needed.
 */
public final class OwnEnvironment {

    private static final String MARK = "hookpath-environment.txt";

    private OwnEnvironment() {
    }

    /** Marks an environment's folder as ours. */
    static void mark(Path environment) throws IOException {
        Files.writeString(environment.resolve(MARK),
                "Made by hookpath " + ExtensionVersion.ofThisJar()
                + ". \"Set up Python\" replaces this folder as a whole.\n");
    }

    /** The variables to take away (null) for a program in one of our environments. */
    public static Map<String, String> isolation(Path program) {
        Path folder = program.getParent() == null ? null : program.getParent().getParent();
        return folder != null && Files.exists(folder.resolve(MARK)) ? others() : Map.of();
    }

    /** The variables that lead Python to the packages of another one. */
    static Map<String, String> others() {
        Map<String, String> gone = new HashMap<>();
        for (String name : new String[] {"PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV",
            "CONDA_PREFIX"}) {
            gone.put(name, null);
        }
        gone.put("PYTHONNOUSERSITE", "1");
        return gone;
    }
}
