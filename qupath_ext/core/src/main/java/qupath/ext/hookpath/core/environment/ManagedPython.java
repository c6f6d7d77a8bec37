package qupath.ext.hookpath.core.environment;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Python that uv brings where the computer has none: a file of python-build-standalone, from
 * GitHub, a copy of it, or a folder.
 *
 * @param uv     uv's file
 * @param folder where it goes
 */
record ManagedPython(Path uv, Path folder) {

    /** The language's version that is fetched. */
    static final String WANTED = "3.12";

    private static final Pattern ARCHIVE = Pattern.compile("cpython-(\\d+)\\.(\\d+)\\.(\\d+)"
            + "(?:\\+|%2B)(\\d+)-([^-]+)-(.+?)-install_only(?:_stripped)?\\.tar\\.gz");

    /** The one that is in the folder already; null: none. */
    Path present() throws IOException {
        if (!Files.isDirectory(folder)) {
            return null;
        }
        try (Stream<Path> found = Files.list(folder)) {
            return found.filter(f -> f.getFileName().toString().startsWith("cpython-"))
                    .filter(f -> !Files.isSymbolicLink(f))
                    .map(ManagedPython::program).filter(Files::isExecutable).sorted()
                    .findFirst().orElse(null);
        }
    }

    /** Fetches it from GitHub or from the mirror that uv uses. */
    List<String> fromNet() {
        return install(WANTED);
    }

    /** What takes it from a file; writes a list for uv into a folder for that. */
    List<String> fromFile(Path archive, Path scratch) throws IOException {
        Matcher name = ARCHIVE.matcher(archive.getFileName().toString());
        if (!name.matches()) {
            throw new IllegalArgumentException(archive.toString());
        }
        Path list = scratch.resolve("pythons.json");
        Files.writeString(list, list(name, archive).toString());
        List<String> command = new ArrayList<>(install(
                name.group(1) + "." + name.group(2) + "." + name.group(3)));
        command.addAll(List.of("--python-downloads-json-url", list.toString()));
        return command;
    }

    /** The newest such file for this computer in a folder; null: none. */
    static Path archiveIn(Path wheels) throws IOException {
        if (wheels == null || !Files.isDirectory(wheels)) {
            return null;
        }
        try (Stream<Path> found = Files.list(wheels)) {
            return found.filter(f -> isForHere(f.getFileName().toString())).sorted()
                    .reduce((a, b) -> b).orElse(null);
        }
    }

    static boolean isForHere(String name) {
        Matcher parts = ARCHIVE.matcher(name);
        return parts.matches() && parts.group(5).equals(processor())
                && parts.group(6).contains(system()) && !parts.group(6).contains("musl")
                && Integer.parseInt(parts.group(2)) >= PythonInterpreter.OLDEST_MINOR;
    }

    private List<String> install(String version) {
        return List.of(uv.toString(), "python", "install", version, "--install-dir",
                folder.toString(), "--no-bin", "--no-registry");
    }

    private static JsonObject list(Matcher name, Path archive) {
        JsonObject arch = new JsonObject();
        arch.addProperty("family", name.group(5));
        arch.add("variant", JsonNull.INSTANCE);
        JsonObject one = new JsonObject();
        one.addProperty("name", "cpython");
        one.add("arch", arch);
        one.addProperty("os", system());
        one.addProperty("libc", system().equals("linux") ? "gnu" : "none");
        one.addProperty("major", Integer.parseInt(name.group(1)));
        one.addProperty("minor", Integer.parseInt(name.group(2)));
        one.addProperty("patch", Integer.parseInt(name.group(3)));
        one.addProperty("prerelease", "");
        one.addProperty("url", archive.toUri().toString());
        one.add("sha256", JsonNull.INSTANCE);
        one.add("variant", JsonNull.INSTANCE);
        one.addProperty("build", name.group(4));
        JsonObject all = new JsonObject();
        all.add("cpython-" + name.group(1) + "." + name.group(2) + "." + name.group(3) + "-"
                + system() + "-" + name.group(5), one);
        return all;
    }

    private static Path program(Path installed) {
        return ProgramSearch.onWindows() ? installed.resolve("python.exe")
                : installed.resolve("bin").resolve("python3");
    }

    private static String processor() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }

    private static String system() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "darwin" : name.startsWith("windows") ? "windows" : "linux";
    }
}
