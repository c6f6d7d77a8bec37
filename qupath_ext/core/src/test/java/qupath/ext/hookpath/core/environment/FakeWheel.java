package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import qupath.ext.hookpath.core.FolderReplacement;

/** A wheel named hookpath that knows nothing but its version. */
final class FakeWheel {

    private FakeWheel() {
    }

    /** Writes it into a folder; one of another version that is there goes. */
    static void write(Path folder, String version) throws IOException {
        FolderReplacement.delete(folder);
        Files.createDirectories(folder);
        Path file = folder.resolve("hookpath-" + version + "-py3-none-any.whl");
        String info = "hookpath-" + version + ".dist-info/";
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            put(zip, "hookpath/__init__.py", "");
            put(zip, "hookpath/main.py",
                    "def main():\n    print('hookpath " + version + "')\n");
            put(zip, "hookpath/__main__.py", "from hookpath.main import main\n\nmain()\n");
            put(zip, info + "METADATA",
                    "Metadata-Version: 2.1\nName: hookpath\nVersion: " + version + "\n");
            put(zip, info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                    + "Root-Is-Purelib: true\nTag: py3-none-any\n");
            put(zip, info + "entry_points.txt",
                    "[console_scripts]\nhookpath = hookpath.main:main\n");
            put(zip, info + "RECORD", "hookpath/__init__.py,,\nhookpath/main.py,,\n"
                    + "hookpath/__main__.py,,\n" + info
                    + "METADATA,,\n" + info + "WHEEL,,\n" + info + "entry_points.txt,,\n" + info
                    + "RECORD,,\n");
        }
    }

    private static void put(ZipOutputStream zip, String name, String text) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(text.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
    }
}
