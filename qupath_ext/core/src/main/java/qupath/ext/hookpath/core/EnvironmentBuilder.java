package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Builds a Python environment with the package {@code hookpath} in it. */
public final class EnvironmentBuilder {

    /** Which build of torch to install. */
    public enum Torch {
        /** What the package index has: for an NVIDIA GPU on Linux. */
        DEFAULT,
        /** Without a GPU: a tenth of the size. */
        CPU,
        /** For an NVIDIA GPU, also on Windows. */
        CUDA
    }

    private final Path folder;

    private EnvironmentBuilder(Path folder) {
        this.folder = folder;
    }

    /** One that builds in the folder, usually {@code <user dir>/hookpath/python}. */
    public static EnvironmentBuilder in(Path folder) {
        return new EnvironmentBuilder(folder);
    }

    /** Where "Set up Python…" builds: {@code <user dir>/hookpath/python}. */
    public static Path folder(Path userDir) {
        return userDir.resolve("hookpath").resolve("python");
    }

    /** The Python (3.11 or later) to build from; without it the first suitable one is found. */
    public EnvironmentBuilder basePython(Path python) {
        return this;
    }

    /** A folder of wheels to install from, or null. */
    public EnvironmentBuilder wheels(Path folderOrNull) {
        return this;
    }

    /** Whether to use nothing but the wheels. */
    public EnvironmentBuilder offline(boolean only) {
        return this;
    }

    /** Which build of torch to install. */
    public EnvironmentBuilder torch(Torch build) {
        return this;
    }

    /**
     * Builds it, beside an environment that is there, which is replaced when all went well.
     *
     * @param line      hears each line that the installer writes; on a thread of the builder
     * @param cancelled asked a few times a second
     * @throws java.util.concurrent.CancellationException when cancelled
     * @throws PythonProblem when there is no suitable Python, or installing failed
     */
    public Python build(Consumer<String> line, BooleanSupplier cancelled)
            throws IOException, PythonProblem, InterruptedException {
        throw new IOException(folder + ": not there yet");
    }
}
