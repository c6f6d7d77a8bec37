package qupath.ext.hookpath.core.environment;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import qupath.ext.hookpath.core.environment.PylockFile.Wheel;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

/**
 * uv, which finds, fetches and installs Python and packages, as it comes from the package index:
 * one version, whose file for each system we know by its hash ({@code uv.json}).
 *
 * @param version e.g. {@code "0.13.9"}
 * @param file    name of the wheel that holds it
 * @param size    bytes of that
 * @param sha256  of that
 */
record UvProgram(String version, String file, long size, String sha256) {

    /** The one for this computer; null: there is none. */
    static UvProgram here() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static UvProgram of(String system, String processor) {
        String name = system.toLowerCase(Locale.ROOT);
        String os = name.startsWith("mac") ? "macos" : name.startsWith("windows") ? "windows"
                : "linux";
        String arch = processor.equals("amd64") ? "x86_64" : processor;
        JsonObject all = resource();
        for (JsonElement element : all.getAsJsonArray("wheels")) {
            JsonObject wheel = element.getAsJsonObject();
            if (wheel.get("system").getAsString().equals(os + "-" + arch)) {
                return new UvProgram(all.get("version").getAsString(),
                        wheel.get("file").getAsString(), wheel.get("size").getAsLong(),
                        wheel.get("sha256").getAsString());
            }
        }
        return null;
    }

    /** Where the program is once it has been {@linkplain #unpack unpacked}. */
    Path in(Path folder) {
        return folder.resolve("uv-" + version)
                .resolve(ProgramSearch.onWindows() ? "uv.exe" : "uv");
    }

    /** The wheel in a folder of wheels, if it is there and right; else null. */
    Path wheelIn(Path wheels) throws IOException {
        if (wheels == null) {
            return null;
        }
        Path found = wheels.resolve(file);
        return new FileDownload(null, found, sha256).isHere() ? found : null;
    }

    /** Fetches the wheel into a folder and gives its file. */
    Path fetch(HttpRequests web, URI index, Path folder, CommandSequence steps)
            throws IOException, InterruptedException {
        URI place = place(web.page(URI.create(index + "/uv/")), index);
        new ParallelDownloads(web, folder, steps).all(Step.INSTALLER,
                List.of(new Wheel("uv " + version, place, size, sha256)));
        return folder.resolve(file);
    }

    /** The program out of its wheel. */
    Path unpack(Path wheel, Path folder) throws IOException {
        Path program = in(folder);
        Files.createDirectories(program.getParent());
        String wanted = "/scripts/" + program.getFileName();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(wheel))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(wanted)) {
                    Path part = program.resolveSibling("uv.part");
                    Files.copy(zip, part, StandardCopyOption.REPLACE_EXISTING);
                    part.toFile().setExecutable(true);
                    Files.move(part, program, StandardCopyOption.REPLACE_EXISTING);
                    return program;
                }
            }
        }
        throw new IOException(wheel.getFileName() + " holds no program uv");
    }

    /** Where the index has the file, by its page of links (PEP 503). */
    private URI place(String page, URI index) throws IOException {
        Matcher found = Pattern.compile("href=\"([^\"#]*/?" + Pattern.quote(file) + ")[\"#]")
                .matcher(page);
        if (!found.find()) {
            throw new IOException(index.getHost() + " does not have " + file);
        }
        return URI.create(index + "/uv/").resolve(found.group(1).replace("&amp;", "&"));
    }

    private static JsonObject resource() {
        try (InputStream in =
                UvProgram.class.getResourceAsStream("/qupath/ext/hookpath/core/uv.json");
             Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonObject();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
