package qupath.ext.hookpath.ui.setup;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.EnvironmentBuilder;
import qupath.ext.hookpath.core.environment.PackageSources;
import qupath.ext.hookpath.core.environment.TorchBuild;

/**
 * How to build an environment.
 *
 * @param folder where it goes
 * @param basePython the Python to build from; null: one that is found
 * @param wheels a folder of wheels; null: none
 * @param offline whether to use nothing but the wheels
 * @param torch which build of torch
 * @param sources where packages and Python are fetched from
 */
public record SetupOptions(
        Path folder, Path basePython, Path wheels, boolean offline, TorchBuild torch,
        PackageSources sources) {

    /** Where it is built unless somebody says otherwise: in QuPath's user directory. */
    public static Path usualFolder() {
        return EnvironmentBuilder.folder(JobLauncher.base(null));
    }

    /**
     * From a script's arguments.
     *
     * @param arguments {@code folder}, {@code basePython}, {@code wheels}, {@code offline},
     *     {@code torch} ({@code 'cpu'}, {@code 'cuda'}, {@code 'default'}), {@code index},
     *     {@code pythonMirror}, {@code proxy}
     * @throws HookpathException there is no such build of torch
     */
    public static SetupOptions of(Map<String, ?> arguments) {
        ScriptArguments options = ScriptArguments.of(arguments);
        PackageSources remembered = Preferences.sources();
        Path wheels = path(options.text("wheels", null));
        return new SetupOptions(
                Path.of(options.text("folder", usualFolder().toString())),
                path(options.text("basePython", null)), wheels,
                options.flag("offline", false),
                torch(options.text("torch", TorchBuild.suggested().name())),
                new PackageSources(options.text("index", remembered.index()),
                        options.text("pythonMirror", remembered.python()),
                        options.text("proxy", remembered.proxy())));
    }

    /** A builder that does it. */
    EnvironmentBuilder builder() {
        return EnvironmentBuilder.in(folder).basePython(basePython).wheels(wheels)
                .offline(offline).torch(torch).sources(sources);
    }

    static Path path(String text) {
        return text == null || text.isBlank() ? null : Path.of(text.strip());
    }

    private static TorchBuild torch(String name) {
        try {
            return TorchBuild.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new HookpathException(UiTexts.get("setup.torch.unknown", name), e);
        }
    }
}
