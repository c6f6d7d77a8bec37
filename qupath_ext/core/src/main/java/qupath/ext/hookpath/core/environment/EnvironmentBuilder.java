package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.FolderReplacement;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;
import qupath.ext.hookpath.core.jobs.JobFolders;

/**
 * Builds a Python environment with the package {@code hookpath} in it, with uv (fetched, where
 * there is none), else with Python's venv and pip. It is built beside an environment that is there
 * already, which gives way only when the new one works. For one thread.
 */
public final class EnvironmentBuilder {

    /** With what the menu needs; by its first extra Bio-Formats' formats are read, too. */
    private static final String PACKAGE = "hookpath[qupath,train,export]";

    private final Path folder;
    private Path basePython;
    private Path uv;
    private boolean uvSaid;
    private Path wheels;
    private boolean offline;
    private boolean askFirst = true;
    private TorchBuild torch = TorchBuild.suggested();
    private PackageSources sources = PackageSources.USUAL;
    private String extensionVersion = ExtensionVersion.ofThisJar();
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

    /**
     * A folder of wheels, or null. Offline everything comes from it; else what is fetched is kept
     * there.
     */
    public EnvironmentBuilder wheels(Path folderOrNull) {
        this.wheels = folderOrNull == null ? null : folderOrNull.toAbsolutePath();
        return this;
    }

    /** Whether to use nothing but the wheels. */
    public EnvironmentBuilder offline(boolean only) {
        this.offline = only;
        return this;
    }

    /** Which build of torch to install; {@link TorchBuild#suggested()} unless said. */
    public EnvironmentBuilder torch(TorchBuild build) {
        this.torch = build;
        return this;
    }

    /** uv's file; null: venv and pip. Unless said: our own, fetched where it is not here yet. */
    public EnvironmentBuilder uv(Path program) {
        this.uv = program;
        this.uvSaid = true;
        return this;
    }

    /** Where packages and Python come from; the usual places unless said. */
    public EnvironmentBuilder sources(PackageSources places) {
        this.sources = places;
        return this;
    }

    /** Looks not first whether the package index is in reach. */
    EnvironmentBuilder withoutAsking() {
        this.askFirst = false;
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
     * @param listener  hears what is done, on this and other threads
     * @param cancelled asked a few times a second, on this thread
     * @throws CancellationException when cancelled; what was there before stays
     * @throws PythonProblem when there is no Python to build from, or the result does not work
     * @throws IOException when installing failed, or the folder is in use; says why in one line
     */
    public PythonInterpreter build(SetupListener listener, BooleanSupplier cancelled)
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
            FolderReplacement.recover(folder);
            return buildBeside(new CommandSequence(listener, cancelled));
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /**
     * Takes away what a build that was cut short (QuPath killed, the computer off) left beside an
     * environment; nothing while one is being built.
     *
     * @param folder of the environment
     */
    public static void sweep(Path folder) {
        Path lockFile = folder.resolveSibling(folder.getFileName() + ".lock");
        if (!Files.exists(lockFile)) {
            return;
        }
        try (FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            if (locked(lock)) {
                FolderReplacement.recover(folder);
                FolderReplacement.delete(beside(folder));
            }
        } catch (IOException e) {
            // files in use: the next build or start takes them away
        }
    }

    private static Path beside(Path folder) {
        return folder.resolveSibling(folder.getFileName() + ".new");
    }

    private PythonInterpreter buildBeside(CommandSequence steps)
            throws IOException, PythonProblem, InterruptedException {
        Path beside = beside(folder);
        Path scratch = JobFolders.temporary("build");
        try (HttpRequests web = new HttpRequests(ProxySettings.here(sources.proxy()))) {
            FolderReplacement.delete(beside);
            install(beside, scratch, web, steps);
            steps.stopIfCancelled();
            EnvironmentScripts.rewrite(beside, folder);
            swap(beside);
            tidy();
            return PythonInterpreter.ofEnvironment(folder);
        } finally {
            FolderReplacement.delete(scratch);
            FolderReplacement.delete(beside);
        }
    }

    private EnvironmentRecipe recipe() {
        return new EnvironmentRecipe(folder.resolveSibling("setup"), basePython, uv, uvSaid,
                wheels, offline,
                torch, sources, askFirst, extensionVersion, imports);
    }

    private void install(Path environment, Path scratch, HttpRequests web, CommandSequence steps)
            throws IOException, PythonProblem, InterruptedException {
        EnvironmentRecipe recipe = recipe();
        steps.variables(web.forUv());
        steps.variables(sources.forUv(System.getenv()));
        steps.variables(Map.of("UV_CACHE_DIR", recipe.cache().toString(), "UV_PYTHON_INSTALL_DIR",
                recipe.pythons().toString()));
        steps.begin(Step.INSTALLER);
        BuildTools tools = new BuildTools(recipe, web);
        tools.reachIndex(steps);
        Path installer = tools.uv(steps);
        Path python = tools.python(installer, scratch, steps);
        BundledPackage bundled = BundledPackage.unpack(scratch);
        InstallCommands commands = new InstallCommands(installer, python, wheels, offline, torch,
                bundled.constraints());
        steps.run("The environment could not be made", commands.create(environment));
        OwnEnvironment.mark(environment);
        new PackageInstaller(recipe, web, commands, scratch)
                .install(environment, requirement(bundled), steps);
        check(environment, steps);
    }

    private void check(Path environment, CommandSequence steps)
            throws IOException, PythonProblem, InterruptedException {
        steps.begin(Step.CHECK);
        PythonInterpreter python = PythonInterpreter.ofEnvironment(environment);
        if (!imports.isEmpty()) {
            steps.run("What was installed does not work",
                    List.of(python.executable().toString(), "-c",
                            "import " + String.join(", ", imports)));
        }
        python.check(extensionVersion);
    }

    /** What was only kept so that an interrupted build can go on; uv and Python stay. */
    private void tidy() {
        try {
            FolderReplacement.delete(recipe().cache());
            FolderReplacement.delete(recipe().setup().resolve("wheels"));
        } catch (IOException e) {
            // some GB too many, no more
        }
    }

    private String requirement(BundledPackage bundled) {
        return bundled.wheel() != null ? PACKAGE + " @ " + bundled.wheel().toUri()
                : PACKAGE + "==" + ExtensionVersion.majorMinor(extensionVersion) + ".*";
    }

    private void swap(Path beside) throws IOException {
        try {
            FolderReplacement.swap(beside, folder);
        } catch (IOException e) {
            throw new IOException(folder + " cannot be replaced (" + e.getMessage()
                    + "); end the jobs and the preview that use it, then try again", e);
        }
    }
}
