package qupath.ext.hookpath.core.environment;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.SettingsFile;

/**
 * Where Pythons and other programs are on this computer.
 *
 * @param environment environment variables
 * @param windows     whether programs end in {@code .exe}
 * @param home        the user's folder
 */
record ProgramSearch(Map<String, String> environment, boolean windows, Path home) {

    static ProgramSearch here() {
        return new ProgramSearch(System.getenv(), onWindows(),
                Path.of(System.getProperty("user.home")));
    }

    static boolean onWindows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    /** See {@link PythonInterpreter#candidates}. */
    List<Path> candidates(Path userDir) {
        List<Path> tried = new ArrayList<>();
        if (userDir != null) {
            addIfPath(tried, SettingsFile.read(userDir).get(SettingsFile.PYTHON));
            tried.add(in(EnvironmentBuilder.folder(userDir)));
        }
        for (String active : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            Path folder = path(environment.get(active));
            if (folder != null) {
                tried.add(in(folder));
                tried.add(folder.resolve("python.exe"));     // Conda on Windows
            }
        }
        tried.addAll(onPath(windows ? List.of("python3", "python", "py")
                : List.of("python3", "python")));
        return existing(tried);
    }

    /** Pythons to build an environment from: those on the PATH, the latest by name first. */
    List<Path> basePythons() {
        List<Path> tried = new ArrayList<>(onPath(List.of("python3.13", "python3.12",
                "python3.11", "python3", "python", "py")));
        tried.addAll(installedOnWindows());
        return existing(tried);
    }

    /** A program on the PATH or in a usual folder, or null. */
    Path program(String name) {
        return existing(onPath(List.of(name))).stream().findFirst().orElse(null);
    }

    private Path in(Path environmentFolder) {
        return windows ? environmentFolder.resolve("Scripts").resolve("python.exe")
                : environmentFolder.resolve("bin").resolve("python");
    }

    private List<Path> onPath(List<String> names) {
        List<Path> folders = new ArrayList<>();
        String separator = windows ? ";" : File.pathSeparator;
        for (String part : environment.getOrDefault(windows ? pathKey() : "PATH", "")
                .split(separator)) {
            addIfPath(folders, part);
        }
        // A program started from the desktop has a short PATH.
        folders.add(home.resolve(".local").resolve("bin"));
        folders.add(home.resolve(".cargo").resolve("bin"));
        if (!windows) {
            folders.add(Path.of("/usr/local/bin"));
            folders.add(Path.of("/opt/homebrew/bin"));
        }
        return names.stream().flatMap(name -> folders.stream()
                .map(folder -> folder.resolve(windows ? name + ".exe" : name))).toList();
    }

    private String pathKey() {
        return environment.keySet().stream().filter(key -> key.equalsIgnoreCase("PATH")).findFirst()
                .orElse("PATH");
    }

    private List<Path> installedOnWindows() {
        Path local = path(environment.get("LOCALAPPDATA"));
        if (local == null) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(local.resolve("Programs").resolve("Python"))) {
            return found.map(folder -> folder.resolve("python.exe")).sorted().toList().reversed();
        } catch (IOException e) {
            return List.of();
        }
    }

    private List<Path> existing(List<Path> files) {
        Set<Path> found = new LinkedHashSet<>();
        for (Path file : files) {
            if (Files.isRegularFile(file) && Files.isExecutable(file) && !isStoreStub(file)) {
                found.add(file.toAbsolutePath());
            }
        }
        return List.copyOf(found);
    }

    /** Windows has files named python.exe that only open its shop. */
    private boolean isStoreStub(Path file) {
        return windows && file.toString().contains("WindowsApps");
    }

    private static void addIfPath(List<Path> paths, String text) {
        Path path = path(text);
        if (path != null) {
            paths.add(path);
        }
    }

    private static Path path(String text) {
        try {
            return text == null || text.isBlank() ? null : Path.of(text.strip());
        } catch (InvalidPathException e) {
            return null;
        }
    }
}
