package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import qupath.ext.hookpath.core.PythonProblem.Kind;

/**
 * Builds a Python environment with the package {@code hookpath} in it, with uv where there is one,
 * else with Python's venv and pip. It is built beside an environment that is there already, which
 * gives way only when the new one works. For one thread.
 */
public final class EnvironmentBuilder {

    private final Path folder;
    private Path basePython;
    private Path uv = PythonSearch.here().program("uv");
    private Path wheels;
    private boolean offline;
    private Torch torch = Torch.suggested();
    private String extensionVersion = Version.ofThisJar();
    private List<String> imports = List.of("torch", "torchvision", "openslide", "rasterio");

    private EnvironmentBuilder(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /** One that builds in the folder, usually {@link #folder(Path)}. */
    public static EnvironmentBuilder in(Path folder) {
        return new EnvironmentBuilder(folder);
    }

    /** Where "Set up Python…" builds: {@code <user dir>/hookpath/python}. */
    public static Path folder(Path userDir) {
        return userDir.resolve("hookpath").resolve("python");
    }

    /** The Python (3.11 or later) to build from; null: the first suitable one is found. */
    public EnvironmentBuilder basePython(Path python) {
        this.basePython = python;
        return this;
    }

    /** A folder of wheels to install from, or null. */
    public EnvironmentBuilder wheels(Path folderOrNull) {
        this.wheels = folderOrNull == null ? null : folderOrNull.toAbsolutePath();
        return this;
    }

    /** Whether to use nothing but the wheels. */
    public EnvironmentBuilder offline(boolean only) {
        this.offline = only;
        return this;
    }

    /** Which build of torch to install; {@link Torch#suggested()} unless said. */
    public EnvironmentBuilder torch(Torch build) {
        this.torch = build;
        return this;
    }

    /** uv's file; null: venv and pip. What is on the PATH unless said. */
    public EnvironmentBuilder uv(Path program) {
        this.uv = program;
        return this;
    }

    /** The version that the package must fit; the jar's unless said. */
    EnvironmentBuilder extensionVersion(String version) {
        this.extensionVersion = version;
        return this;
    }

    /** The modules that must load before the environment counts as good. */
    EnvironmentBuilder imports(List<String> modules) {
        this.imports = modules;
        return this;
    }

    /**
     * Builds it. Takes minutes, and some GB on disk.
     *
     * @param line      hears what is done and each line that the installer writes, one at a time,
     *                  on this and other threads
     * @param cancelled asked a few times a second, on this thread
     * @throws CancellationException when cancelled; what was there before stays
     * @throws PythonProblem when there is no Python to build from, or the result does not work
     * @throws IOException when installing failed, or the folder is in use; says why in one line
     */
    public Python build(Consumer<String> line, BooleanSupplier cancelled)
            throws IOException, PythonProblem, InterruptedException {
        if (offline && (wheels == null || !Files.isDirectory(wheels))) {
            throw new IOException("To install offline, give a folder of wheels; " + wheels
                    + " is none");
        }
        Files.createDirectories(folder.getParent());
        Path lockFile = folder.resolveSibling(folder.getFileName() + ".lock");
        try (FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            if (!locked(lock)) {
                throw new IOException(folder + " is being built already");
            }
            Folders.recover(folder);
            return buildBeside(new Steps(line, cancelled));
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private Python buildBeside(Steps steps)
            throws IOException, PythonProblem, InterruptedException {
        Path beside = folder.resolveSibling(folder.getFileName() + ".new");
        Path bundled = Files.createTempDirectory("hookpath");
        try {
            Folders.delete(beside);
            install(beside, BundledPackage.unpack(bundled), steps);
            steps.stopIfCancelled();
            EnvironmentScripts.rewrite(beside, folder);
            swap(beside);
            return Python.ofEnvironment(folder);
        } finally {
            Folders.delete(bundled);
            Folders.delete(beside);
        }
    }

    private void install(Path environment, BundledPackage bundled, Steps steps)
            throws IOException, PythonProblem, InterruptedException {
        Installer installer = new Installer(uv, usablePython(), wheels, offline, torch,
                bundled.constraints());
        steps.run("The environment could not be made", installer.create(environment));
        OwnEnvironment.mark(environment);
        installPackage(installer, environment, requirement(bundled), steps);
        Python python = Python.ofEnvironment(environment);
        if (!imports.isEmpty()) {
            steps.run("What was installed does not work",
                    List.of(python.executable().toString(), "-c",
                            "import " + String.join(", ", imports)));
        }
        python.check(extensionVersion);
    }

    /** torch for the CPU has an index of its own, which a firewall may hide: the default does, too. */
    private static void installPackage(Installer installer, Path environment, String requirement,
            Steps steps) throws IOException, InterruptedException {
        try {
            steps.run("Installing failed", installer.install(environment, requirement));
        } catch (IOException e) {
            if (installer.torch() != Torch.CPU || installer.offline()) {
                throw e;
            }
            steps.say(e.getMessage());
            steps.say("Trying again with the default build of torch (larger)");
            steps.run("Installing failed",
                    installer.withDefaultTorch().install(environment, requirement));
        }
    }

    private String requirement(BundledPackage bundled) {
        return bundled.wheel() != null ? bundled.wheel().toString()
                : "hookpath==" + Version.majorMinor(extensionVersion) + ".*";
    }

    /** The base Python, checked; null when uv may fetch one. */
    private Path usablePython() throws PythonProblem {
        List<Path> tried = basePython != null ? List.of(basePython)
                : PythonSearch.here().basePythons();
        for (Path candidate : tried) {
            int[] language = new Python(candidate).language();
            if (language != null && language[0] == 3 && language[1] >= Python.OLDEST_MINOR) {
                return candidate;
            }
        }
        if (uv != null && basePython == null && !offline) {
            return null;
        }
        String wanted = "Python 3." + Python.OLDEST_MINOR + " or later";
        throw new PythonProblem(Kind.MISSING, basePython != null
                ? basePython + " is no " + wanted + "; choose another"
                : "No " + wanted + " was found; install one from python.org, then try again");
    }

    private void swap(Path beside) throws IOException {
        try {
            Folders.swap(beside, folder);
        } catch (IOException e) {
            throw new IOException(folder + " cannot be replaced (" + e.getMessage()
                    + "); end the jobs and the preview that use it, then try again", e);
        }
    }
}
