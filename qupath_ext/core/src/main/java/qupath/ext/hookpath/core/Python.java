package qupath.ext.hookpath.core;

import java.nio.file.Path;
import java.util.List;

/**
 * A Python executable that may hold the package {@code hookpath}.
 *
 * @param executable the interpreter's file, usually that of an environment; called directly
 */
public record Python(Path executable) {

    /**
     * The version of the package {@code hookpath} in this Python.
     *
     * @throws PythonProblem when there is none, or it cannot be started
     */
    public String version() throws PythonProblem {
        throw new PythonProblem(PythonProblem.Kind.MISSING, "not there yet");
    }

    /**
     * Checks that jobs can be started with it.
     *
     * @param extensionVersion what the package's version must fit to
     * @throws PythonProblem when they cannot
     */
    public void check(String extensionVersion) throws PythonProblem {
        version();
    }

    /**
     * Pythons worth trying, the likeliest first: the environment that "Set up Python…" builds, an
     * activated one, what is on the PATH.
     *
     * @param userDir QuPath's user directory, or null
     */
    public static List<Path> candidates(Path userDir) {
        return List.of();
    }
}
