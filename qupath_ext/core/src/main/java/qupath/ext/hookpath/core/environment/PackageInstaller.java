package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

/**
 * Brings the package and all it needs into an environment: first it is found out which files those
 * are, then they are fetched, with bytes counted, and can be gone on with; then they are installed
 * without the net. Where that way is closed uv does all of it on its own.
 *
 * @param recipe    how to build
 * @param web       the net; not used offline
 * @param installer the commands
 * @param scratch   a folder for small files
 */
record PackageInstaller(EnvironmentRecipe recipe, HttpRequests web, InstallCommands installer,
        Path scratch) {

    private static final URI TORCH = URI.create("https://download.pytorch.org/whl/");

    /** Installs a requirement: a name with a wheel's address, or with a version. */
    void install(Path environment, String requirement, CommandSequence steps)
            throws IOException, InterruptedException {
        if (recipe.offline() || installer.uv() == null) {
            steps.begin(Step.INSTALL);
            directly(installer, environment, requirement, steps);
            return;
        }
        steps.begin(Step.RESOLVE);
        InstallCommands known = torchInReach(steps);
        PylockFile lock;
        try {
            lock = resolve(known, environment, requirement, steps);
        } catch (IOException e) {
            if (known.torch() != TorchBuild.CPU) {
                throw e;
            }
            known = withDefaultTorch(e.getMessage(), steps);
            lock = resolve(known, environment, requirement, steps);
        }
        if (!lock.complete() || !fetch(lock, steps)) {
            steps.begin(Step.INSTALL);
            directly(known, environment, requirement, steps);
            return;
        }
        steps.begin(Step.INSTALL);
        List<String> files = new ArrayList<>(lock.files(recipe.packages()));
        files.add(requirement);
        steps.run("Installing failed", known.installFiles(environment, files));
    }

    private InstallCommands torchInReach(CommandSequence steps) throws InterruptedException {
        boolean special = installer.torch() == TorchBuild.CPU
                || installer.torch() == TorchBuild.CUDA;
        if (!recipe.askFirst() || !special || TorchBuild.onMac()) {
            return installer;
        }
        String problem = web.outOfReach(TORCH);
        return problem == null ? installer : withDefaultTorch(problem, steps);
    }

    /**
     * torch for the CPU has an index of its own, which a firewall may hide: the default does, too.
     */
    private InstallCommands withDefaultTorch(String problem, CommandSequence steps) {
        steps.say(problem);
        steps.say("Taking the default build of torch (larger on Linux, without CUDA on Windows)");
        return installer.withDefaultTorch();
    }

    private PylockFile resolve(InstallCommands commands, Path environment, String requirement,
            CommandSequence steps)
            throws IOException, InterruptedException {
        Path input = scratch.resolve("requirements.in");
        Path lock = scratch.resolve("pylock.toml");
        Files.writeString(input, requirement + "\n");
        steps.run("Installing failed", commands.resolve(environment, input, lock));
        return PylockFile.read(lock);
    }

    /** Whether all files are here now; not where the index wants more than Java knows of. */
    private boolean fetch(PylockFile lock, CommandSequence steps) throws IOException,
            InterruptedException {
        steps.begin(Step.FETCH);
        try {
            new ParallelDownloads(web, recipe.packages(), steps).all(Step.FETCH, lock.wheels());
            return true;
        } catch (HttpRequests.RefusedException e) {
            steps.say(e.getMessage() + "; uv fetches the packages by itself");
            return false;
        }
    }

    private static void directly(InstallCommands commands, Path environment, String requirement,
            CommandSequence steps) throws IOException, InterruptedException {
        try {
            steps.run("Installing failed", commands.install(environment, requirement));
        } catch (IOException e) {
            if (commands.torch() != TorchBuild.CPU || commands.offline()) {
                throw e;
            }
            steps.say(e.getMessage());
            steps.say("Trying again with the default build of torch (larger)");
            steps.run("Installing failed",
                    commands.withDefaultTorch().install(environment, requirement));
        }
    }
}
