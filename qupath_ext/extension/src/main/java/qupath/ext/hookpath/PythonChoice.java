package qupath.ext.hookpath;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.lib.gui.UserDirectoryManager;

/** Which Python runs the jobs. */
public final class PythonChoice {

    /** Environment variable with the path of the Python to use, for scripts and batch systems. */
    public static final String VARIABLE = "HOOKPATH_PYTHON";

    private static final Set<PythonInterpreter> CHECKED = ConcurrentHashMap.newKeySet();

    private PythonChoice() {}

    /**
     * The Python to use: the one asked for, else that of {@value #VARIABLE}, else the preference,
     * else the first that is found to have the package. Starts processes; not for the JavaFX
     * thread.
     *
     * @param asked path of a Python; null or blank: none
     * @return a Python whose package fits this extension
     * @throws PythonProblem there is none; the message says what to do
     */
    public static PythonInterpreter find(String asked) throws PythonProblem {
        for (String path : new String[] {
            asked, System.getenv(VARIABLE), Preferences.python().get()}) {
            if (path != null && !path.isBlank()) {
                return checked(new PythonInterpreter(pathOf(path)));
            }
        }
        return firstThatWorks();
    }

    /** Forgets which Pythons were fine (after setting one up anew). */
    public static void forget() {
        CHECKED.clear();
    }

    private static PythonInterpreter firstThatWorks() throws PythonProblem {
        PythonProblem wrongVersion = null;
        for (Path candidate : new LinkedHashSet<>(
                PythonInterpreter.candidates(UserDirectoryManager.getInstance().getUserPath()))) {
            try {
                return checked(new PythonInterpreter(candidate));
            } catch (PythonProblem problem) {
                if (problem.kind() == PythonProblem.Kind.WRONG_VERSION) {
                    wrongVersion = problem;
                }
            }
        }
        throw wrongVersion != null ? wrongVersion
                : new PythonProblem(PythonProblem.Kind.MISSING, UiTexts.get("error.noPython"));
    }

    private static PythonInterpreter checked(PythonInterpreter python) throws PythonProblem {
        if (!CHECKED.contains(python)) {
            python.check(ExtensionVersion.ofThisJar());
            CHECKED.add(python);
        }
        return python;
    }

    private static Path pathOf(String text) throws PythonProblem {
        try {
            return Path.of(text.strip());
        } catch (InvalidPathException e) {
            throw new PythonProblem(
                    PythonProblem.Kind.MISSING, UiTexts.get("error.pythonPath", text));
        }
    }
}
