package qupath.ext.hookpath.core.jobs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import qupath.ext.hookpath.core.environment.PythonInterpreter;

/**
 * A Python that has loaded what a training needs and waits for one, while a person still chooses
 * settings: loading takes most of the time until the first step. There is at most one; it ends by
 * itself when Java does.
 */
public final class PreloadedPython {

    private static final AtomicReference<PreloadedPython> WAITING = new AtomicReference<>();

    private final Path executable;
    private final ChildProcess process;
    private volatile Consumer<String> onOut = line -> { };
    private volatile Consumer<String> onErr = line -> { };

    private PreloadedPython(Path executable) throws IOException {
        this.executable = executable;
        List<String> command = List.of(executable.toString(), "-X", "utf8", "-m", "hookpath",
                "--request", "-", "--json");
        process = ChildProcess.startWaiting(command, line -> onOut.accept(line),
                line -> onErr.accept(line));
    }

    /**
     * Starts one, unless one of this Python waits already.
     *
     * @throws IOException it cannot be started; trainings start as ever
     */
    public static void prepare(PythonInterpreter python) throws IOException {
        PreloadedPython there = WAITING.get();
        if (there != null && there.process.isAlive()
                && there.executable.equals(python.executable())) {
            return;
        }
        end(WAITING.getAndSet(new PreloadedPython(python.executable())));
    }

    /** Ends the one that waits, if there is one. */
    public static void release() {
        end(WAITING.getAndSet(null));
    }

    private static void end(PreloadedPython unused) {
        if (unused != null) {
            unused.process.destroyTree();
        }
    }

    /**
     * The process of the one that waits, with its job.
     *
     * @return null: none of this Python waits
     */
    static ChildProcess begin(Path executable, Path requestFile, Consumer<String> onOut,
                               Consumer<String> onErr) {
        PreloadedPython found = WAITING.get();
        boolean fits = found != null && found.executable.equals(executable)
                && WAITING.compareAndSet(found, null);
        if (!fits) {
            return null;
        }
        found.onOut = onOut;
        found.onErr = onErr;
        try {
            found.process.tell(requestFile.toAbsolutePath().toString());
            return found.process.isAlive() ? found.process : null;
        } catch (IOException e) {
            end(found);
            return null;    // it has died: another one is started
        }
    }
}
