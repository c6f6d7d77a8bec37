package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files to install, out of a {@code pylock.toml} (PEP 751) as uv writes it for one computer: of
 * every package the wheels that fit there, the most special first.
 *
 * @param wheels   one of each package, to be fetched
 * @param here     those that uv found in a folder
 * @param complete whether every package of an index is among them, with its hash
 */
record PylockFile(List<Wheel> wheels, List<Path> here, boolean complete) {

    private static final Pattern NAME = Pattern.compile("(?m)^name = \"([^\"]+)\"");
    private static final Pattern WHEEL = Pattern.compile("\\{ url = \"([^\"]+\\.whl)\"([^\\n]*)");
    private static final Pattern LOCAL =
            Pattern.compile("\\{ path = \"([^\"]+\\.whl)\"");
    private static final Pattern SIZE = Pattern.compile("size = (\\d+)");
    private static final Pattern SHA256 = Pattern.compile("sha256 = \"([0-9a-f]{64})\"");

    /**
     * A file to fetch.
     *
     * @param name   of the package
     * @param url    where it is
     * @param size   bytes; 0: not said
     * @param sha256 in hexadecimal digits
     */
    record Wheel(String name, URI url, long size, String sha256) {

        String file() {
            String path = url.getPath();
            return path.substring(path.lastIndexOf('/') + 1);
        }
    }

    static PylockFile read(Path file) throws IOException {
        List<Wheel> wheels = new ArrayList<>();
        List<Path> here = new ArrayList<>();
        boolean complete = true;
        String[] packages = Files.readString(file).split("(?m)^\\[\\[packages]]");
        for (int i = 1; i < packages.length; i++) {
            Matcher name = NAME.matcher(packages[i]);
            Matcher local = LOCAL.matcher(packages[i]);
            if (!name.find() || packages[i].contains("\narchive = { path = ")) {
                continue;
            }
            Wheel wheel = first(name.group(1), WHEEL.matcher(packages[i]));
            if (local.find()) {
                here.add(file.toAbsolutePath().resolveSibling(local.group(1)).normalize());
            } else if (wheel != null) {
                wheels.add(wheel);
            } else {
                complete = false;
            }
        }
        return new PylockFile(List.copyOf(wheels), List.copyOf(here), complete);
    }

    /** All files, those to be fetched being in a folder by now. */
    List<String> files(Path folder) {
        return Stream.concat(here.stream(), wheels.stream().map(w -> folder.resolve(w.file())))
                .map(Path::toString).toList();
    }

    private static Wheel first(String name, Matcher found) {
        while (found.find()) {
            Matcher sha256 = SHA256.matcher(found.group(2));
            Matcher size = SIZE.matcher(found.group(2));
            if (sha256.find()) {
                return new Wheel(name, URI.create(found.group(1)),
                        size.find() ? Long.parseLong(size.group(1)) : 0, sha256.group(1));
            }
        }
        return null;
    }
}
