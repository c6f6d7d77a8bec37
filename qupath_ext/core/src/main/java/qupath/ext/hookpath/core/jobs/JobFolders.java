package qupath.ext.hookpath.core.jobs;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.FolderReplacement;

/** Where jobs keep their requests, results and logs. */
public final class JobFolders {

    private static final Logger logger = LoggerFactory.getLogger(JobFolders.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd_HH-mm-ss");

    private static final String OURS = "\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d-[-\\w]+";

    private static final Pattern TEMPORARY = Pattern.compile("hookpath-(\\d{1,18})-[a-z]+-\\d+");

    /** Another container may share the folder, and count its processes differently. */
    private static final Duration GIVEN_UP = Duration.ofHours(1);

    /** Folders that are kept; with many objects one can hold hundreds of megabytes. */
    static final int KEPT = 30;

    private JobFolders() {
    }

    /** {@code <base>/hookpath/jobs}; base is a project's folder or QuPath's user directory. */
    public static Path in(Path base) {
        return base.resolve("hookpath").resolve("jobs");
    }

    /**
     * Makes a new folder {@code <base>/hookpath/jobs/2026-01-31_12-30-05-predict}; a number is
     * added when another job began in the same second. Of the earlier ones the latest are kept,
     * older ones go: their results are in the images.
     */
    public static Path create(Path base, String command) throws IOException {
        Path jobs = Files.createDirectories(in(base));
        forgetOldest(jobs);
        String name = TIME.format(LocalDateTime.now()) + "-" + command;
        for (int n = 2;; n++) {
            try {
                return Files.createDirectory(jobs.resolve(name));
            } catch (FileAlreadyExistsException e) {
                name = TIME.format(LocalDateTime.now()) + "-" + command + "-" + n;
            }
        }
    }

    /** Makes a folder for work that leaves nothing; see {@link #discard} and {@link #sweep()}. */
    public static Path temporary(String work) throws IOException {
        long process = ProcessHandle.current().pid();
        return Files.createTempDirectory("hookpath-" + process + "-" + work + "-");
    }

    /** Takes away the temporary folders of a QuPath that ended while it worked. */
    public static void sweep() {
        sweep(Path.of(System.getProperty("java.io.tmpdir")));
    }

    static void sweep(Path temporary) {
        Instant latest = Instant.now().minus(GIVEN_UP);
        try (DirectoryStream<Path> all = Files.newDirectoryStream(temporary, "hookpath-*")) {
            for (Path folder : all) {
                Matcher name = TEMPORARY.matcher(folder.getFileName().toString());
                if (name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()
                        && Files.getLastModifiedTime(folder).toInstant().isBefore(latest)) {
                    discard(folder);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            logger.debug("{}: not swept", temporary, e);
        }
    }

    /** Deletes a job's folder; what a program holds open stays. */
    public static void discard(Path folder) {
        try {
            FolderReplacement.delete(folder);
        } catch (IOException e) {
            logger.debug("{}: stays", folder, e);
        }
    }

    private static void forgetOldest(Path jobs) {
        try (Stream<Path> all = Files.list(jobs)) {
            List<Path> ours = all.filter(f -> f.getFileName().toString().matches(OURS))
                    .filter(f -> Files.exists(f.resolve(JobRequest.FILE_NAME))).sorted().toList();
            for (Path old : ours.subList(0, Math.max(0, ours.size() - KEPT + 1))) {
                FolderReplacement.delete(old);
            }
        } catch (IOException e) {
            logger.warn("{}: old jobs stay ({})", jobs, e.getMessage());     // open in a program
        }
    }
}
