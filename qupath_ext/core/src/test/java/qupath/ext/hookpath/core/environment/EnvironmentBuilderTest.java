package qupath.ext.hookpath.core.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.FolderReplacement;
import qupath.ext.hookpath.core.environment.PythonProblem.Kind;

@Timeout(120)
class EnvironmentBuilderTest {

    @TempDir
    Path temp;

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private Path wheels;
    private Path folder;

    @BeforeEach
    void makeWheels() throws IOException {
        wheels = Files.createDirectories(temp.resolve("my wheels"));
        folder = temp.resolve("user dir ü").resolve("hookpath").resolve("python");
    }

    private EnvironmentBuilder offline(Path uv) {
        return EnvironmentBuilder.in(folder).wheels(wheels).offline(true).uv(uv)
                .extensionVersion("0.1.0").imports(List.of("hookpath")).withoutAsking();
    }

    private PythonInterpreter build(EnvironmentBuilder builder) throws Exception {
        return builder.build(lines::add, () -> false);
    }

    private static Path uv() {
        Path uv = ProgramSearch.here().program("uv");
        assumeTrue(uv != null, "no uv on the PATH");
        assumeTrue(!ProgramSearch.here().basePythons().isEmpty(), "no Python on the PATH");
        return uv;
    }

    private void assumeVenv() {
        boolean works = ProgramSearch.here().basePythons().stream().map(PythonInterpreter::new)
                .anyMatch(p -> p.language() != null
                        && p.language()[1] >= PythonInterpreter.OLDEST_MINOR
                        && ProgramAnswer.of(p.executable(), "-c",
                                "import ensurepip").exitCode() == 0);
        assumeTrue(works, "no Python 3.11 or later with venv and pip on the PATH");
    }

    private List<String> siblings() throws IOException {
        try (Stream<Path> files = Files.list(folder.getParent())) {
            return files.map(f -> f.getFileName().toString()).sorted()
                    .filter(name -> !name.equals("setup")).toList();    // kept to go on with
        }
    }

    @Test
    void uvBuildsOfflineFromAFolderOfWheels() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        PythonInterpreter python = build(offline(uv()));
        assertEquals("0.1.7", python.version());
        assertEquals(PythonInterpreter.ofEnvironment(folder), python);
        assertEquals(List.of("python", "python.lock"), siblings());
        assertTrue(lines.getFirst().contains("venv"), lines.getFirst());
    }

    @Test
    void pipBuildsOfflineAndTheConsoleScriptWorksInItsPlace() throws Exception {
        assumeVenv();
        FakeWheel.write(wheels, "0.1.7");
        PythonInterpreter python = build(offline(null));
        assertEquals("0.1.7", python.version());
        Path script = python.executable().resolveSibling("hookpath");
        assumeTrue(Files.exists(script), "scripts are programs on Windows");
        assertEquals(List.of("hookpath 0.1.7"), ProgramAnswer.of(script, "--version").lines());
    }

    @Test
    void aNewEnvironmentReplacesTheOldOne() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        build(offline(uv()));
        FakeWheel.write(wheels, "0.1.8");
        PythonInterpreter python = build(offline(uv()));
        assertEquals("0.1.8", python.version());
        assertEquals(OwnEnvironment.others(), OwnEnvironment.isolation(python.executable()));
        assertEquals(Map.of(), OwnEnvironment.isolation(Path.of("python")));
        assertEquals(List.of("python", "python.lock"), siblings());
    }

    @Test
    void aFailedBuildLeavesTheOldOneAndSaysWhy() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        Path uv = uv();
        build(offline(uv));
        IOException error = assertThrows(IOException.class,
                () -> build(offline(uv).extensionVersion("0.9.0")));
        assertTrue(error.getMessage().startsWith("Installing failed: "), error.getMessage());
        assertTrue(error.getMessage().contains("hookpath"), error.getMessage());
        assertFalse(error.getMessage().contains("\n"), error.getMessage());
        assertEquals("0.1.7", PythonInterpreter.ofEnvironment(folder).version());
        assertEquals(List.of("python", "python.lock"), siblings());
    }

    @Test
    void whereTorchForTheCpuCannotBeHadTheDefaultIsTaken() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        Path firewalled = FakePython.script(temp.resolve("firewalled uv"), """
                case "$*" in
                  *--torch-backend*) echo 'error: no route to the index' >&2; exit 2 ;;
                  pip*--no-index*) exec '%1$s' "$@" ;;
                  pip*) exec '%1$s' "$@" --no-index ;;
                  *) exec '%1$s' "$@" ;;
                esac
                """.formatted(uv())).executable();
        PythonInterpreter built = build(offline(firewalled).offline(false).torch(TorchBuild.CPU));
        assertEquals("0.1.7", built.version());
        assertTrue(lines.stream().anyMatch(l -> l.contains("no route to the index")), "" + lines);
        IOException error = assertThrows(IOException.class,
                () -> build(offline(firewalled).offline(false).torch(TorchBuild.CUDA)));
        assertTrue(error.getMessage().contains("no route to the index"), error.getMessage());
    }

    @Test
    void anInstallationThatDoesNotLoadIsNotKept() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        Path uv = uv();
        IOException error = assertThrows(IOException.class,
                () -> build(offline(uv).imports(List.of("no_such_module"))));
        assertTrue(error.getMessage().contains("no_such_module"), error.getMessage());
        assertFalse(Files.exists(folder));
    }

    @Test
    void cancelEndsTheInstallerAndLeavesTheOldOne() throws Exception {
        FakeWheel.write(wheels, "0.1.7");
        Path uv = uv();
        build(offline(uv));
        Path slow = FakePython.script(temp.resolve("slow uv"), "echo working; sleep 60")
                .executable();
        long begin = System.nanoTime();
        assertThrows(CancellationException.class, () -> offline(slow)
                .build(lines::add, () -> lines.contains("working")));
        assertTrue((System.nanoTime() - begin) / 1e9 < 20);
        assertEquals("0.1.7", PythonInterpreter.ofEnvironment(folder).version());
        assertEquals(List.of("python", "python.lock"), siblings());
    }

    @Test
    void whatAnInterruptedSwapLeftIsPutRight() throws Exception {
        Path old = Files.createDirectories(FolderReplacement.old(folder));
        Files.writeString(old.resolve("a"), "kept");
        FolderReplacement.recover(folder);
        assertEquals("kept", Files.readString(folder.resolve("a")));
        assertFalse(Files.exists(old));
    }

    @Test
    void anIndexThatIsOutOfReachIsOneLineAtOnce() {
        long begin = System.nanoTime();
        IOException error = assertThrows(IOException.class, () -> EnvironmentBuilder.in(folder)
                .sources(new PackageSources("http://127.0.0.1:9/simple/", "", "")).uv(null)
                .build(lines::add, () -> false));
        assertTrue(error.getMessage().startsWith("127.0.0.1 is out of reach ("),
                error.getMessage());
        assertTrue(error.getMessage().endsWith("choose a folder of wheels"), error.getMessage());
        assertTrue((System.nanoTime() - begin) / 1e9 < 20);
        assertFalse(Files.exists(folder));
    }

    @Test
    void whatAKilledBuildLeftIsSweptUnlessOneIsRunning() throws Exception {
        Path left = Files.createDirectories(folder.resolveSibling("python.new"));
        Path lock = Files.createFile(folder.resolveSibling("python.lock"));
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            channel.lock();
            EnvironmentBuilder.sweep(folder);
            assertTrue(Files.exists(left));
        }
        EnvironmentBuilder.sweep(folder);
        assertFalse(Files.exists(left));
    }

    @Test
    void offlineNeedsAFolderOfWheels() {
        IOException error = assertThrows(IOException.class, () -> build(offline(null)
                .wheels(temp.resolve("nothing"))));
        assertTrue(error.getMessage().contains("nothing is none"), error.getMessage());
    }

    @Test
    void aBaseThatIsNoPythonIsRefused() throws Exception {
        Path other = FakePython.script(temp.resolve("other"), "echo Python 3.9.1").executable();
        PythonProblem problem = assertThrows(PythonProblem.class,
                () -> build(offline(null).basePython(other)));
        assertEquals(Kind.MISSING, problem.kind());
        assertTrue(problem.getMessage().contains("is no Python 3.11 or later"));
    }

    @Test
    void torchIsChosenWithTheOptionOfTheInstaller() throws IOException {
        Path lock = Files.writeString(temp.resolve("lock"), "a==1\ncuda-toolkit==13.2.2 ; x\n");
        Path python = Path.of("py");
        InstallCommands uv = new InstallCommands(Path.of("uv"), python, null, false,
                TorchBuild.CPU, lock);
        assertTrue(uv.install(temp, "hookpath")
                .containsAll(List.of("--torch-backend", "cpu", "-c")));
        List<String> pip = new InstallCommands(null, python, null, false, TorchBuild.CUDA, lock)
                .install(temp, "hookpath");
        assertTrue(pip.get(pip.indexOf("--extra-index-url") + 1).endsWith("/whl/cu132"));
        List<String> plain = new InstallCommands(null, python, null, false, TorchBuild.DEFAULT,
                null)
                .install(temp, "hookpath");
        assertEquals(List.of("-m", "pip", "install", "--no-warn-script-location", "hookpath"),
                plain.subList(1, plain.size()));
    }
}
