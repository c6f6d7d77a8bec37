package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.jobs.DurationText;

class SmallThingsTest {

    @TempDir
    Path temp;

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {"3, a few seconds", "12, about 10 s", "54, about 50 s",
        "55, about 1 min", "170, about 3 min", "3569, about 59 min", "3590, about 1 h",
        "7800, about 2 h 10 min", "7100, about 2 h"})
    void timeLeftIsRounded(double seconds, String text) {
        assertEquals(text, DurationText.about(seconds));
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
        assertEquals("", DurationText.about(Double.NaN));
        assertEquals("", DurationText.about(Double.POSITIVE_INFINITY));
        assertEquals("", DurationText.about(-1));
    }

    @Test
    void settingsStayBetweenSessions() throws IOException {
        assertNull(SettingsFile.read(temp).get(SettingsFile.PYTHON));
        SettingsFile.read(temp).with(SettingsFile.PYTHON, "/a b/ü").with("other", "x").write();
        assertEquals("/a b/ü", SettingsFile.read(temp).get(SettingsFile.PYTHON));
        SettingsFile.read(temp).with(SettingsFile.PYTHON, null).write();
        assertNull(SettingsFile.read(temp).get(SettingsFile.PYTHON));
        assertEquals("x", SettingsFile.read(temp).get("other"));
        Files.writeString(temp.resolve("hookpath/settings.json"), "{");
        assertNull(SettingsFile.read(temp).get("other"));
    }

    @Test
    void versionsFitByMajorAndMinor() {
        assertTrue(ExtensionVersion.fit("0.1.0", "0.1.9"));
        assertFalse(ExtensionVersion.fit("0.1.0", "0.10.0"));
        assertTrue(ExtensionVersion.older("0.9.9", "0.10.0"));
        assertFalse(ExtensionVersion.older("1.0.0", "0.10.0"));
        assertFalse(ExtensionVersion.older("0.1.0", "0.1.5"));
        assertTrue(ExtensionVersion.older("0.1.dev3", "0.2"));
    }

    @Test
    void theOldestPythonIsThatOfThePackage() throws IOException {
        Path repository = Path.of(System.getProperty("hookpath.repository"));
        String pyproject = Files.readString(repository.resolve("pyproject.toml"));
        assertTrue(pyproject.contains("requires-python = \">=3." + PythonInterpreter.OLDEST_MINOR
                + "\""));
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
