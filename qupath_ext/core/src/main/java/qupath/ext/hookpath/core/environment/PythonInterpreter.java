package qupath.ext.hookpath.core.environment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.environment.PythonProblem.Kind;

/**
 * A Python executable that may hold the package {@code hookpath}.
 *
 * @param executable the interpreter's file, usually that of an environment; called directly
 */
public record PythonInterpreter(Path executable) {

    /** The oldest Python that the package runs on: 3.11. */
    public static final int OLDEST_MINOR = 11;

    /** The newest one that all packages of the tested versions have files for. */
    static final int NEWEST_MINOR = 14;

    private static final String SET_UP =
            "choose another Python, or build one with \"Set up Python\"";

    /** The Python of an environment's folder, which need not be there yet. */
    public static PythonInterpreter ofEnvironment(Path folder) {
        return new PythonInterpreter(ProgramSearch.onWindows()
                ? folder.resolve("Scripts").resolve("python.exe")
                : folder.resolve("bin").resolve("python"));
    }

    /**
     * The version of the package {@code hookpath} in this Python; takes about a second.
     *
     * @throws PythonProblem when there is none, or it cannot be started
     */
    public String version() throws PythonProblem {
        if (!Files.isRegularFile(executable)) {
            throw new PythonProblem(Kind.MISSING, executable + " is not there; " + SET_UP);
        }
        ProgramAnswer answer = ProgramAnswer.of(executable, "-X", "utf8", "-m", "hookpath",
                "--version");
        String line = answer.lineStartingWith("hookpath ");
        if (answer.exitCode() == 0 && line != null) {
            return line.substring("hookpath ".length()).strip();
        }
        throw problem(answer);
    }

    /**
     * Checks that jobs can be started with it.
     *
     * @param extensionVersion what the package's version must fit to
     * @throws PythonProblem when they cannot
     */
    public void check(String extensionVersion) throws PythonProblem {
        String found = version();
        if (!ExtensionVersion.fit(found, extensionVersion)) {
            String older = ExtensionVersion.older(found, extensionVersion)
                    ? "update the package (\"Set up Python\")" : "update the extension";
            throw new PythonProblem(Kind.WRONG_VERSION, "hookpath " + found + " in " + executable
                    + " does not fit extension " + extensionVersion + "; " + older);
        }
    }

    /**
     * Pythons worth trying, the likeliest first: the one that was chosen before, the environment
     * that "Set up Python…" builds, an activated one, what is on the PATH. Files that are there;
     * whether they hold the package is not looked at.
     *
     * @param userDir QuPath's user directory, or null
     */
    public static List<Path> candidates(Path userDir) {
        return ProgramSearch.here().candidates(userDir);
    }

    /**
     * The first candidate that jobs can be started with; takes a second for each that is tried.
     *
     * @throws PythonProblem what is wrong with the likeliest one, when there is none
     */
    public static PythonInterpreter find(Path userDir, String extensionVersion)
            throws PythonProblem {
        PythonProblem first = null;
        for (Path candidate : candidates(userDir)) {
            try {
                PythonInterpreter python = new PythonInterpreter(candidate);
                python.check(extensionVersion);
                return python;
            } catch (PythonProblem e) {
                first = first == null ? e : first;
            }
        }
        throw first != null ? first : new PythonProblem(Kind.MISSING,
                "No Python was found; build one with \"Set up Python\"");
    }

    /** The version of Python itself, e.g. {@code {3, 12}}; null when this is no Python. */
    int[] language() {
        return ProgramAnswer.of(executable, "--version").pythonVersion();
    }

    private PythonProblem problem(ProgramAnswer answer) {
        int[] language = language();
        if (language == null) {
            return new PythonProblem(Kind.NOT_PYTHON, executable + " is no Python; " + SET_UP);
        }
        if (language[0] != 3 || language[1] < OLDEST_MINOR) {
            return new PythonProblem(Kind.NOT_PYTHON, executable + " is Python " + language[0] + "."
                    + language[1] + ", too old (3." + OLDEST_MINOR + " or later); " + SET_UP);
        }
        if (answer.says("No module named hookpath")) {
            return new PythonProblem(Kind.NO_PACKAGE, "The package hookpath is not in " + executable
                    + "; " + SET_UP);
        }
        return new PythonProblem(Kind.BROKEN, "hookpath in " + executable + " cannot be started ("
                + answer.lastLine() + "); build it anew with \"Set up Python\"");
    }
}
