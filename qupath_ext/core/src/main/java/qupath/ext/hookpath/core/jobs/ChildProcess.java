package qupath.ext.hookpath.core.jobs;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.QuPathHome;
import qupath.ext.hookpath.core.environment.OwnEnvironment;

/**
 * A child process in UTF-8 whose outputs are drained, so that it never waits for us, and that can
 * be ended with all its own children. It gets no standard input: on Windows numpy can hang while
 * another thread waits for that.
 */
public final class ChildProcess {

    private final Process process;
    private final List<OutputLineReader> readers;

    private ChildProcess(Process process, List<OutputLineReader> readers) {
        this.process = process;
        this.readers = readers;
    }

    /**
     * Starts a command; in an environment that we built, without another one's variables.
     *
     * @param folder working folder, or null: ours
     * @param onOut  hears each line of its standard output, on a thread of the process
     * @param onErr  the same for its standard error
     */
    public static ChildProcess start(List<String> command, Path folder, Consumer<String> onOut,
                               Consumer<String> onErr) throws IOException {
        return start(command, folder, OwnEnvironment.isolation(Path.of(command.getFirst())), onOut,
                onErr);
    }

    /** The same, with environment variables changed; null takes one away. */
    public static ChildProcess start(List<String> command, Path folder, Map<String, String> changes,
                               Consumer<String> onOut, Consumer<String> onErr) throws IOException {
        ProcessBuilder builder = builder(command, folder, changes);
        ChildProcess started = of(builder.start(), onOut, onErr);
        started.process.getOutputStream().close();
        return started;
    }

    private static ProcessBuilder builder(List<String> command, Path folder,
                                          Map<String, String> changes) {
        ProcessBuilder builder = new ProcessBuilder(command);
        if (folder != null) {
            builder.directory(folder.toFile());
        }
        builder.environment().put("PYTHONUTF8", "1");
        builder.environment().put("PYTHONUNBUFFERED", "1");
        builder.environment().put("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        builder.environment().put("PIP_NO_INPUT", "1");
        builder.environment().remove("PYTHONHOME");    // another Python's would break this one
        Path qupath = QuPathHome.find();
        if (qupath != null) { // what a person set stays
            builder.environment().putIfAbsent("PAQUO_QUPATH_DIR", qupath.toString());
        }
        changes.forEach((name, value) -> {
            if (value == null) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        return builder;
    }

    /** The same, in our folder; it waits for one line on its standard input, see {@link #tell}. */
    public static ChildProcess startWaiting(List<String> command, Consumer<String> onOut,
                                      Consumer<String> onErr) throws IOException {
        ProcessBuilder builder = builder(command, null,
                OwnEnvironment.isolation(Path.of(command.getFirst())));
        return of(builder.start(), onOut, onErr);
    }

    private static ChildProcess of(Process process, Consumer<String> onOut,
                                    Consumer<String> onErr) {
        return new ChildProcess(process, List.of(
                OutputLineReader.start("hookpath-out", process.getInputStream(), onOut),
                OutputLineReader.start("hookpath-err", process.getErrorStream(), onErr)));
    }

    /** Gives it the one line that it waits for. */
    void tell(String line) throws IOException {
        try (OutputStream in = process.getOutputStream()) {
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end; false when it has not ended after that time. */
    public boolean waitFor(long milliseconds) throws InterruptedException {
        return process.waitFor(milliseconds, TimeUnit.MILLISECONDS);
    }

    /** Waits for its end and for what it said last; its exit code. */
    public int finish() throws InterruptedException {
        int code = process.waitFor();
        for (OutputLineReader reader : readers) {
            reader.finish();
        }
        return code;
    }

    /** Ends it with everything that it started. */
    public void destroyTree() {
        try (Stream<ProcessHandle> children = process.descendants()) {
            List<ProcessHandle> all = children.toList();
            process.destroyForcibly();
            all.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
