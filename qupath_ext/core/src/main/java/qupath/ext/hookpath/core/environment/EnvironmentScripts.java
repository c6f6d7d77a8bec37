package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The scripts of an environment name its folder: rewritten for the place that it will have. */
final class EnvironmentScripts {

    private static final long LARGEST_BYTES = 100_000;

    private EnvironmentScripts() {
    }

    /** Rewrites the text files in {@code bin} or {@code Scripts}; programs are left alone. */
    static void rewrite(Path environment, Path place) throws IOException {
        for (String folder : List.of("bin", "Scripts")) {
            if (Files.isDirectory(environment.resolve(folder))) {
                for (Path file : files(environment.resolve(folder))) {
                    rewriteFile(file, environment.toString(), place.toString());
                }
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> Files.isRegularFile(f) && !Files.isSymbolicLink(f)).toList();
        }
    }

    private static void rewriteFile(Path file, String from, String to) throws IOException {
        if (Files.size(file) > LARGEST_BYTES) {
            return;
        }
        byte[] before = Files.readAllBytes(file);
        String text = new String(before, StandardCharsets.UTF_8);
        boolean isText = text.indexOf('\0') < 0 && text.indexOf('\uFFFD') < 0;
        if (isText && text.contains(from)) {
            Files.writeString(file, text.replace(from, to));    // keeps the file's permissions
        }
    }
}
