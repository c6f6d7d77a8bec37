package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A shell script in Python's place. Its arguments are {@code -X utf8 -m hookpath …}. */
public final class FakePython {

    private FakePython() {
    }

    /** Answers {@code hookpath --version}, and runs the given lines of sh for a job. */
    public static PythonInterpreter of(Path folder, String... shellLines) throws IOException {
        return script(folder.resolve("python"), """
                case "$*" in
                  *--version) echo "hookpath 0.1.0"; exit 0;;
                esac
                request="$6"
                """ + String.join("\n", shellLines));
    }

    static PythonInterpreter script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new PythonInterpreter(file);
    }
}
