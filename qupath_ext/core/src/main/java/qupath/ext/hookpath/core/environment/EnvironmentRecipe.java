package qupath.ext.hookpath.core.environment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How an environment is to be built; see {@link EnvironmentBuilder}.
 *
 * @param setup     where uv, Python and packages are kept that are fetched
 * @param basePython the Python to build from, or null
 * @param uv        the uv to use; null with {@code uvSaid}: venv and pip
 * @param uvSaid    whether somebody said which uv
 * @param wheels    a folder of wheels, or null
 * @param offline   whether to use nothing but the wheels
 * @param torch     which build of torch
 * @param sources   where packages and Python come from
 * @param askFirst  whether to look first if the package index is in reach
 * @param extensionVersion what the package must fit
 * @param imports   modules that must load
 */
record EnvironmentRecipe(Path setup, Path basePython, Path uv, boolean uvSaid, Path wheels,
        boolean offline,
              TorchBuild torch, PackageSources sources, boolean askFirst, String extensionVersion,
              List<String> imports) {

    /** Where packages are put: the folder that was given, else one of ours. */
    Path packages() {
        return wheels != null ? wheels : setup.resolve("wheels");
    }

    /** Where uv keeps what it makes of them. */
    Path cache() {
        return setup.resolve("cache");
    }

    Path pythons() {
        return setup.resolve("pythons");
    }

    /** Whether uv has settings of its own, which may name another package index. */
    static boolean uvIsConfigured(Map<String, String> environment, Path home) {
        return environment.containsKey("UV_CONFIG_FILE") || environment.containsKey("UV_INDEX")
                || Files.exists(home.resolve(".config/uv/uv.toml"))
                || Files.exists(Path.of("/etc/uv/uv.toml"))
                || environment.containsKey("APPDATA")
                && Files.exists(Path.of(environment.get("APPDATA"), "uv", "uv.toml"));
    }
}
