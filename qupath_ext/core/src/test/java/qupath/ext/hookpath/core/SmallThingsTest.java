package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmallThingsTest {

    @TempDir
    Path temp;

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {"3, a few seconds", "12, about 10 s", "54, about 50 s",
        "55, about 1 min", "170, about 3 min", "3569, about 59 min", "3590, about 1 h",
        "7800, about 2 h 10 min", "7100, about 2 h"})
    void timeLeftIsRounded(double seconds, String text) {
        assertEquals(text, TimeLeft.text(seconds));
    }

    @Test
    void onlyDevicesThatTheComputerMayHaveAreOffered() {
        assertEquals(List.of("auto", "mps", "cpu"), Devices.of("Mac OS X", "aarch64", false));
        assertEquals(List.of("auto", "cpu"), Devices.of("Mac OS X", "x86_64", false));
        assertEquals(List.of("auto", "cuda", "cpu"), Devices.of("Windows 11", "amd64", true));
        assertEquals(List.of("auto", "cpu"), Devices.of("Linux", "amd64", false));
        assertTrue(Devices.untested("mps"));
        assertFalse(Devices.untested("auto"));
    }

    @Test
    void timeLeftThatIsNotKnownIsEmpty() {
        assertEquals("", TimeLeft.text(Double.NaN));
        assertEquals("", TimeLeft.text(Double.POSITIVE_INFINITY));
        assertEquals("", TimeLeft.text(-1));
    }

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

    @Test
    void settingsStayBetweenSessions() throws IOException {
        assertNull(Settings.read(temp).get(Settings.PYTHON));
        Settings.read(temp).with(Settings.PYTHON, "/a b/ü").with("other", "x").write();
        assertEquals("/a b/ü", Settings.read(temp).get(Settings.PYTHON));
        Settings.read(temp).with(Settings.PYTHON, null).write();
        assertNull(Settings.read(temp).get(Settings.PYTHON));
        assertEquals("x", Settings.read(temp).get("other"));
        Files.writeString(temp.resolve("hookpath/settings.json"), "{");
        assertNull(Settings.read(temp).get("other"));
    }

    @Test
    void versionsFitByMajorAndMinor() {
        assertTrue(Version.fit("0.1.0", "0.1.9"));
        assertFalse(Version.fit("0.1.0", "0.10.0"));
        assertTrue(Version.older("0.9.9", "0.10.0"));
        assertFalse(Version.older("1.0.0", "0.10.0"));
        assertFalse(Version.older("0.1.0", "0.1.5"));
        assertTrue(Version.older("0.1.dev3", "0.2"));
    }

    @Test
    void theOldestPythonIsThatOfThePackage() throws IOException {
        Path repository = Path.of(System.getProperty("hookpath.repository"));
        String pyproject = Files.readString(repository.resolve("pyproject.toml"));
        assertTrue(pyproject.contains("requires-python = \">=3." + Python.OLDEST_MINOR + "\""));
    }

    @Test
    void eachPlaceRemembersItsOwnValue() {
        RememberedValues none = RememberedValues.parse("");
        RememberedValues two = none.with("/a/p.qpproj", "/m/1").with("", "/m/2");
        RememberedValues read = RememberedValues.parse(two.text());
        assertEquals("/m/1", read.of("/a/p.qpproj"));
        assertEquals("/m/2", read.of(""));
        assertEquals("", read.of("/b/p.qpproj"));
        assertEquals("", read.with("", "").of(""));
        assertEquals("", none.with("/a", "two\nlines").text());
    }

    @Test
    void placesUsedLongAgoAreForgottenWhereThereIsNoRoom() {
        RememberedValues many = RememberedValues.parse("");
        for (int i = 0; i < 100; i++) {
            many = many.with("/projects/" + i, "x".repeat(100));
        }
        assertTrue(many.text().length() <= 8000);
        assertEquals("", RememberedValues.parse(many.text()).of("/projects/0"));
        assertFalse(RememberedValues.parse(many.text()).of("/projects/99").isEmpty());
    }
}
