package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands that make an environment and install into it: uv's, or Python's own venv and pip.
 *
 * @param uv          uv's file, or null: venv and pip
 * @param basePython  the Python to build from; null (with uv): uv finds or fetches one
 * @param wheels      a folder of wheels, or null
 * @param offline     whether to use nothing but the wheels
 * @param torch       which build of torch
 * @param constraints versions to keep to, or null
 */
record InstallCommands(Path uv, Path basePython, Path wheels, boolean offline, TorchBuild torch,
                 Path constraints) {

    private static final String TORCH_INDEX = "https://download.pytorch.org/whl/";
    private static final Pattern CUDA = Pattern.compile("(?m)^cuda-toolkit==(\\d+)\\.(\\d+)");

    /** What makes the environment. */
    List<String> create(Path environment) {
        if (uv == null) {
            return List.of(basePython.toString(), "-m", "venv", environment.toString());
        }
        List<String> command = new ArrayList<>(List.of(uv.toString(), "venv", "--python",
                basePython == null ? "3.12" : basePython.toString()));
        if (offline) {
            command.add("--offline");
        }
        command.add(environment.toString());
        return command;
    }

    /** What installs a package (name, or a wheel's file) into it. */
    List<String> install(Path environment, String requirement) throws IOException {
        String python = PythonInterpreter.ofEnvironment(environment).executable().toString();
        List<String> command = new ArrayList<>(uv == null
                ? List.of(python, "-m", "pip", "install", "--no-warn-script-location")
                : List.of(uv.toString(), "pip", "install", "--python", python));
        if (wheels != null) {
            command.addAll(List.of("--find-links", wheels.toString()));
        }
        if (offline) {
            command.add("--no-index");      // the wheels' versions decide
        } else {
            command.addAll(constrained());
            command.addAll(torchOptions());
        }
        command.add(requirement);
        return command;
    }

    /** What finds out which files a requirement needs on this computer. */
    List<String> resolve(Path environment, Path input, Path lock) throws IOException {
        List<String> command = new ArrayList<>(List.of(uv.toString(), "pip", "compile",
                input.toString(), "--quiet", "--format", "pylock.toml", "-o", lock.toString(),
                "--python", PythonInterpreter.ofEnvironment(environment).executable().toString()));
        if (wheels != null) {
            command.addAll(List.of("--find-links", wheels.toString()));
        }
        command.addAll(constrained());
        command.addAll(torchOptions());
        return command;
    }

    /** What installs these files and nothing else. */
    List<String> installFiles(Path environment, List<String> files) {
        List<String> command = new ArrayList<>(List.of(uv.toString(), "pip", "install", "--python",
                PythonInterpreter.ofEnvironment(environment).executable().toString(), "--no-index",
                "--no-deps"));
        command.addAll(files);
        return command;
    }

    /** The same with the build of torch that the package index has. */
    InstallCommands withDefaultTorch() {
        return new InstallCommands(uv, basePython, wheels, offline, TorchBuild.DEFAULT,
                constraints);
    }

    private List<String> constrained() {
        return constraints == null ? List.of() : List.of("-c", constraints.toString());
    }

    private List<String> torchOptions() throws IOException {
        if (torch == TorchBuild.DEFAULT || TorchBuild.onMac()) {
            return List.of();
        }
        if (uv != null) {
            return List.of("--torch-backend", torch == TorchBuild.CPU ? "cpu" : "auto");
        }
        return List.of("--extra-index-url",
                TORCH_INDEX + (torch == TorchBuild.CPU ? "cpu" : cuda()));
    }

    /** The name of the index for the CUDA that the tested versions are for. */
    private String cuda() throws IOException {
        String locked = constraints == null ? "" : Files.readString(constraints);
        Matcher found = CUDA.matcher(locked);
        return found.find() ? "cu" + found.group(1) + found.group(2) : "cu130";
    }
}
