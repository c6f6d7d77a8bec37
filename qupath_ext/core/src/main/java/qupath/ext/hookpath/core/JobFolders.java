package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;

/** Where jobs keep their requests, results and logs. */
public final class JobFolders {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd_HH-mm-ss");

    private JobFolders() {
    }

    /** {@code <base>/hookpath/jobs}; base is a project's folder or QuPath's user directory. */
    public static Path in(Path base) {
        return base.resolve("hookpath").resolve("jobs");
    }

    /**
     * Makes a new folder {@code <base>/hookpath/jobs/2026-01-31_12-30-05-predict}; a number is
     * added when another job began in the same second.
     */
    public static Path create(Path base, String command) throws IOException {
        Path jobs = Files.createDirectories(in(base));
        String name = TIME.format(LocalDateTime.now()) + "-" + command;
        for (int n = 2;; n++) {
            try {
                return Files.createDirectory(jobs.resolve(name));
            } catch (FileAlreadyExistsException e) {
                name = TIME.format(LocalDateTime.now()) + "-" + command + "-" + n;
            }
        }
    }
}
