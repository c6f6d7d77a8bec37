package qupath.ext.hookpath.core.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.SettingsFile;
import qupath.ext.hookpath.core.environment.PythonProblem.Kind;

@Timeout(30)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the fake Python is a shell script")
class PythonInterpreterTest {

    @TempDir
    Path temp;

    private PythonInterpreter answering(String version, String language, String said, int code)
            throws IOException {
        return FakePython.script(temp.resolve("python"), """
                case "$*" in
                  --version) echo "%s"; exit 0;;
                  *) echo "%s"; echo "%s" >&2; exit %d;;
                esac
                """.formatted(language, version, said, code));
    }

    private PythonProblem problemOf(PythonInterpreter python) {
        return assertThrows(PythonProblem.class, () -> python.check("0.1.3"));
    }

    @Test
    void versionIsThatOfThePackageWhateverElseIsPrinted() throws Exception {
        PythonInterpreter python = answering("a notice\nhookpath 0.1.2", "Python 3.12.1", "noise",
                0);
        assertEquals("0.1.2", python.version());
    }

    @Test
    void versionsFitWhenMajorAndMinorAreEqual() throws Exception {
        answering("hookpath 0.1.9", "Python 3.12.1", "", 0).check("0.1.0");
        PythonProblem newer = problemOf(answering("hookpath 0.2.0", "Python 3.12.1", "", 0));
        assertEquals(Kind.WRONG_VERSION, newer.kind());
        assertTrue(newer.getMessage().endsWith("update the extension"), newer.getMessage());
        PythonProblem older = problemOf(answering("hookpath 0.0.9", "Python 3.12.1", "", 0));
        assertTrue(older.getMessage().contains("update the package"), older.getMessage());
    }

    @Test
    void eachKindOfProblemIsToldApart() throws Exception {
        assertEquals(Kind.MISSING,
                problemOf(new PythonInterpreter(temp.resolve("nothing"))).kind());
        assertEquals(Kind.MISSING, problemOf(new PythonInterpreter(temp)).kind());
        assertEquals(Kind.NOT_PYTHON, problemOf(answering("", "GNU coreutils", "", 1)).kind());
        assertEquals(Kind.NOT_PYTHON, problemOf(answering("", "Python 3.9.2", "", 1)).kind());
        assertEquals(Kind.NO_PACKAGE, problemOf(answering("", "Python 3.12.1",
                "/usr/bin/python: No module named hookpath", 1)).kind());
        PythonProblem broken = problemOf(answering("", "Python 3.12.1", "libfoo.so is missing", 1));
        assertEquals(Kind.BROKEN, broken.kind());
        assertTrue(broken.getMessage().contains("libfoo.so is missing"), broken.getMessage());
    }

    @Test
    void aFileThatIsNoProgramIsNoPython() throws Exception {
        Path text = Files.writeString(temp.resolve("a.txt"), "no program");
        assertEquals(Kind.NOT_PYTHON, problemOf(new PythonInterpreter(text)).kind());
    }

    @Test
    void candidatesAreTheChosenOneTheBuiltOneTheActiveOneThenThePath() throws Exception {
        Path userDir = temp.resolve("user dir");
        Path chosen = touch(temp.resolve("chosen/bin/python"));
        Path built = touch(userDir.resolve("hookpath/python/bin/python"));
        Path active = touch(temp.resolve("venv/bin/python"));
        Path onPath = touch(temp.resolve("bin/python3"));
        Path alsoOnPath = touch(temp.resolve("bin/python"));
        SettingsFile.read(userDir).with(SettingsFile.PYTHON, chosen.toString()).write();
        ProgramSearch search = new ProgramSearch(Map.of(
                "VIRTUAL_ENV", temp.resolve("venv").toString(), "PATH",
                temp.resolve("bin") + ":" + temp.resolve("missing")), false, temp);
        List<Path> found = search.candidates(userDir);
        assertEquals(List.of(chosen, built, active, onPath, alsoOnPath), found.subList(0, 5));
    }

    @Test
    void onWindowsPyIsTriedAndTheShopsStubIsNot() throws Exception {
        Path py = touch(temp.resolve("Windows/py.exe"));
        touch(temp.resolve("WindowsApps/python3.exe"));
        Path env = touch(temp.resolve("venv/Scripts/python.exe"));
        ProgramSearch search = new ProgramSearch(Map.of(
                "VIRTUAL_ENV", temp.resolve("venv").toString(), "Path",
                temp.resolve("WindowsApps") + ";" + temp.resolve("Windows")), true, temp);
        assertEquals(List.of(env, py), search.candidates(null));
    }

    private static Path touch(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }
}
