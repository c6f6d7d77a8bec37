package qupath.ext.hookpath.ui.setup;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.PythonChoice;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.environment.EnvironmentBuilder;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.environment.SetupListener;
import qupath.lib.gui.prefs.PathPrefs;

/** Building and choosing the Python, for the window and for scripts. Not for JavaFX's thread. */
public final class PythonSetup {

    private static final Logger logger = LoggerFactory.getLogger(PythonSetup.class);

    private PythonSetup() {}

    /**
     * Builds an environment and uses it from now on. Whatever was there before is used on if this
     * fails or is cancelled.
     *
     * @param options how
     * @param listener hears how far it is, on several threads
     * @param cancelled asked a few times a second
     * @return the new Python
     * @throws CancellationException it was cancelled
     * @throws HookpathException it failed; one line why
     */
    public static PythonInterpreter build(
            SetupOptions options, SetupListener listener, BooleanSupplier cancelled) {
        try {
            PythonInterpreter built = options.builder().build(listener, cancelled);
            use(built);
            return built;
        } catch (PythonProblem e) {
            throw ErrorMessages.of(e);
        } catch (IOException e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException(UiTexts.get("job.stopped"));
        }
    }

    /**
     * Uses a Python from now on, if its package fits.
     *
     * @param python which
     * @throws PythonProblem it cannot be used; nothing is changed
     */
    public static void choose(PythonInterpreter python) throws PythonProblem {
        python.check(ExtensionVersion.ofThisJar());
        use(python);
    }

    /** Takes away what a QuPath that was killed left of a build. */
    public static void sweep() {
        EnvironmentBuilder.sweep(SetupOptions.usualFolder());
    }

    private static void use(PythonInterpreter python) {
        Preferences.python().set(python.executable().toString());
        PathPrefs.savePreferences();
        PythonChoice.forget();
    }

    /**
     * For scripts: uses {@code python} if that is given, else builds an environment.
     *
     * @param arguments see {@link SetupOptions#of}; or {@code python}
     * @return path of the Python that is used from now on
     * @throws HookpathException it failed; nothing is changed
     */
    public static String run(Map<String, ?> arguments) {
        Object given = arguments == null ? null : arguments.get("python");
        if (given == null) {
            return build(SetupOptions.of(arguments), logger::info,
                    Thread.currentThread()::isInterrupted).executable().toString();
        }
        try {
            choose(new PythonInterpreter(SetupOptions.path(given.toString())));
            return given.toString();
        } catch (PythonProblem e) {
            throw ErrorMessages.of(e);
        }
    }
}
