package qupath.ext.hookpath;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import qupath.ext.hookpath.core.Python;
import qupath.ext.hookpath.core.PythonProblem;
import qupath.ext.hookpath.core.Version;
import qupath.lib.gui.UserDirectoryManager;

/** Which Python runs the jobs. */
public final class Pythons {

    /** Environment variable with the path of the Python to use, for scripts and batch systems. */
    public static final String VARIABLE = "HOOKPATH_PYTHON";

    private static final Set<Python> CHECKED = ConcurrentHashMap.newKeySet();

    private Pythons() {}

    /**
     * The Python to use: the one asked for, else that of {@value #VARIABLE}, else the preference,
     * else the first that is found to have the package. Starts processes; not for the JavaFX
     * thread.
     *
     * @param asked path of a Python; null or blank: none
     * @return a Python whose package fits this extension
     * @throws PythonProblem there is none; the message says what to do
     */
    public static Python find(String asked) throws PythonProblem {
        for (String path : new String[] {
            asked, System.getenv(VARIABLE), Preferences.python().get()}) {
            if (path != null && !path.isBlank()) {
                return checked(new Python(pathOf(path)));
            }
        }
        return firstThatWorks();
    }

    /** Forgets which Pythons were fine (after setting one up anew). */
    public static void forget() {
        CHECKED.clear();
    }

    private static Python firstThatWorks() throws PythonProblem {
        PythonProblem wrongVersion = null;
        for (Path candidate : new LinkedHashSet<>(
                Python.candidates(UserDirectoryManager.getInstance().getUserPath()))) {
            try {
                return checked(new Python(candidate));
            } catch (PythonProblem problem) {
                if (problem.kind() == PythonProblem.Kind.WRONG_VERSION) {
                    wrongVersion = problem;
                }
            }
        }
        throw wrongVersion != null ? wrongVersion
                : new PythonProblem(PythonProblem.Kind.MISSING, Texts.get("error.noPython"));
    }

    private static Python checked(Python python) throws PythonProblem {
        if (!CHECKED.contains(python)) {
            python.check(Version.ofThisJar());
            CHECKED.add(python);
        }
        return python;
    }

    private static Path pathOf(String text) throws PythonProblem {
        try {
            return Path.of(text.strip());
        } catch (InvalidPathException e) {
            throw new PythonProblem(
                    PythonProblem.Kind.MISSING, Texts.get("error.pythonPath", text));
        }
    }
}
