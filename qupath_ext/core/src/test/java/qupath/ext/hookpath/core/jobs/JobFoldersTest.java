package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of jobs: none meets another, old ones go, what is no job's stays. */
class JobFoldersTest {

    @TempDir
    Path temp;

    @Test
    void jobFoldersNeverMeet() throws IOException {
        Path first = JobFolders.create(temp, "predict");
        Path second = JobFolders.create(temp, "predict");
        assertNotEquals(first, second);
        assertEquals(temp.resolve("hookpath/jobs"), first.getParent());
        assertTrue(first.getFileName().toString()
                .matches("\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d-predict"), first.toString());
    }

    @Test
    void theOldestJobsAreForgottenButNothingElse() throws IOException {
        Path jobs = JobFolders.in(temp);
        Path mine = Files.createDirectories(jobs.resolve("2020-01-01_00-00-00-mine"));
        Path other = Files.createDirectories(jobs.resolve("a folder"));
        Files.writeString(other.resolve("request.json"), "");
        for (int i = 10; i < 10 + JobFolders.KEPT + 5; i++) {
            Path job = Files.createDirectories(jobs.resolve("2020-01-01_00-00-" + i + "-predict"));
            Files.writeString(job.resolve("request.json"), "");
        }
        JobFolders.create(temp, "info");
        assertTrue(Files.exists(mine) && Files.exists(other));
        assertFalse(Files.exists(jobs.resolve("2020-01-01_00-00-15-predict")));
        assertTrue(Files.exists(jobs.resolve("2020-01-01_00-00-16-predict")));
    }

    @Test
    void temporaryFoldersOfADeadQuPathAreSweptAndNoOthers() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
        long living = ProcessHandle.current().pid();
        String dead = "999999999";     // no system counts so far
        Path left = Files.createDirectory(temp.resolve("hookpath-" + dead + "-estimate-123"));
        Files.writeString(left.resolve("request.json"), "{}");
        Files.setLastModifiedTime(left, old);
        Path fresh = Files.createDirectory(temp.resolve("hookpath-" + dead + "-estimate-124"));
        List<Path> others = List.of(temp.resolve("hookpath-" + living + "-estimate-125"),
                temp.resolve("hookpath-mine"), temp.resolve("hookpath-" + dead + "-my notes-1"));
        for (Path other : others) {
            Files.setLastModifiedTime(Files.createDirectory(other), old);
        }
        JobFolders.sweep(temp);
        assertFalse(Files.exists(left));
        assertTrue(Files.exists(fresh));
        assertTrue(others.stream().allMatch(Files::exists));
        Path mine = JobFolders.temporary("estimate");
        assertTrue(mine.getFileName().toString()
                .matches("hookpath-" + living + "-estimate-\\d+"), mine.toString());
        JobFolders.discard(mine);
        assertFalse(Files.exists(mine));
    }
}
