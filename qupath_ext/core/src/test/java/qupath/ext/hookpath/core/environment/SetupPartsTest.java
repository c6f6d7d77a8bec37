package qupath.ext.hookpath.core.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

/** What "Set up Python…" is made of, without a net. */
class SetupPartsTest {

    private static final URI INDEX = URI.create("https://pypi.org/simple");

    @TempDir
    Path temp;

    // ---- which files

    @Test
    void theFilesToFetchAreReadFromUvsLock() throws IOException {
        String hash = "ab".repeat(32);
        Path lock = Files.writeString(temp.resolve("pylock.toml"), """
                lock-version = "1.0"

                [[packages]]
                name = "hookpath"
                version = "0.1.0"
                archive = { path = "/tmp/hookpath-0.1.0-py3-none-any.whl", \
                hashes = { sha256 = "00" } }

                [[packages]]
                name = "affine"
                version = "3.0.1"
                sdist = { url = "https://x.org/affine.tar.gz", size = 9, \
                hashes = { sha256 = "%1$s" } }
                wheels = [{ url = "https://x.org/a/affine-3.0.1-py3-none-any.whl", \
                upload-time = 2026-08-28T18:38:12Z, size = 10887, hashes = { sha256 = "%1$s" } }]

                [[packages]]
                name = "fonttools"
                version = "4"
                wheels = [
                    { url = "https://x.org/fonttools-4-cp312-cp312-linux.whl", size = 5, \
                hashes = { sha256 = "%1$s" } },
                    { url = "https://x.org/fonttools-4-py3-none-any.whl", size = 6, \
                hashes = { sha256 = "%1$s" } },
                ]

                [[packages]]
                name = "local"
                version = "1"
                wheels = [{ path = "wheels/local-1-py3-none-any.whl", hashes = {} }]
                """.formatted(hash));
        PylockFile read = PylockFile.read(lock);
        assertTrue(read.complete());
        assertEquals(List.of("affine", "fonttools"),
                read.wheels().stream().map(PylockFile.Wheel::name).toList());
        assertEquals(10887, read.wheels().getFirst().size());
        assertEquals("fonttools-4-cp312-cp312-linux.whl", read.wheels().get(1).file());
        assertEquals(List.of(temp.resolve("wheels/local-1-py3-none-any.whl").toString(),
                Path.of("w/affine-3.0.1-py3-none-any.whl").toString(),
                Path.of("w/fonttools-4-cp312-cp312-linux.whl").toString()),
                read.files(Path.of("w")));
    }

    @Test
    void aPackageThatMustBeBuiltIsLeftToUv() throws IOException {
        Path lock = Files.writeString(temp.resolve("pylock.toml"), """
                [[packages]]
                name = "old"
                sdist = { url = "https://x.org/old-1.tar.gz", size = 9, hashes = { sha256 = "00" } }
                """);
        assertFalse(PylockFile.read(lock).complete());
    }

    // ---- uv and Python

    @ParameterizedTest
    @CsvSource({"Linux, amd64, manylinux_2_17_x86_64", "Linux, aarch64, manylinux_2_17_aarch64",
        "Mac OS X, aarch64, macosx_11_0_arm64", "Mac OS X, x86_64, macosx_10_12_x86_64",
        "Windows 11, amd64, win_amd64", "Windows 11, aarch64, win_arm64"})
    void everySystemHasItsUv(String system, String processor, String tag) {
        UvProgram uv = UvProgram.of(system, processor);
        assertTrue(uv.file().startsWith("uv-" + uv.version() + "-py3-none-" + tag), uv.file());
        assertEquals(64, uv.sha256().length());
    }

    @Test
    void anUnknownSystemHasNone() {
        assertNull(UvProgram.of("AIX", "ppc64"));
    }

    @Test
    void uvIsUnpackedFromItsWheelAndOnlyTheRightWheelIsTaken() throws IOException {
        UvProgram uv = new UvProgram("9", "uv-9.whl", 3, "0".repeat(64));
        Path wheel = temp.resolve("uv-9.whl");
        String name = ProgramSearch.onWindows() ? "uv.exe" : "uv";
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
            zip.putNextEntry(new ZipEntry("uv/__init__.py"));
            zip.putNextEntry(new ZipEntry("uv-9.data/scripts/" + name));
            zip.write(new byte[] {1, 2, 3});
        }
        assertNull(uv.wheelIn(temp));
        Path program = uv.unpack(wheel, temp.resolve("tools"));
        assertEquals(3, Files.size(program));
        assertTrue(Files.isExecutable(program));
        Path empty = temp.resolve("empty.whl");
        new ZipOutputStream(Files.newOutputStream(empty)).close();
        assertThrows(IOException.class, () -> uv.unpack(empty, temp.resolve("t")));
    }

    @Test
    void onlyAPythonForThisComputerIsTakenFromAFolder() throws IOException {
        assertNull(ManagedPython.archiveIn(temp));
        String here = System.getProperty("os.arch").replace("amd64", "x86_64");
        String system = System.getProperty("os.name").startsWith("Mac") ? "apple-darwin"
                : ProgramSearch.onWindows() ? "pc-windows-msvc" : "unknown-linux-gnu";
        String end = "-install_only_stripped.tar.gz";
        for (String name : List.of("cpython-3.12.9+20250101-" + here + "-" + system + end,
                "cpython-3.13.1+20250101-sparc-" + system + end, "notes.txt",
                "cpython-3.10.9+20250101-" + here + "-" + system + end)) {
            Files.createFile(temp.resolve(name));
        }
        Path found = ManagedPython.archiveIn(temp);
        assertEquals("cpython-3.12.9+20250101-" + here + "-" + system + end,
                found.getFileName().toString());
        List<String> command = new ManagedPython(Path.of("uv"), temp.resolve("pythons"))
                .fromFile(found, temp);
        assertTrue(command.contains("3.12.9"), "" + command);
        assertTrue(Files.readString(temp.resolve("pythons.json"))
                .contains(found.toUri().toString()));
        assertNull(new ManagedPython(Path.of("uv"), temp.resolve("pythons")).present());
    }

    // ---- the way to the net

    private static ProxySelector javas(String host) {
        return host == null ? null : ProxySelector.of(new InetSocketAddress(host, 3128));
    }

    private static String through(ProxySettings proxies) {
        return proxies.inWords(INDEX);
    }

    @Test
    void theProxyThatWasAskedForComesBeforeJavasAndThatBeforeTheEnvironments() {
        Map<String, String> environment = Map.of("HTTPS_PROXY", "http://user:secret@env:80",
                "NO_PROXY", "localhost,.hospital.org");
        assertEquals("asked:8080",
                through(new ProxySettings("asked:8080", javas("java"), environment, "")));
        assertEquals("java:3128", through(new ProxySettings("", javas("java"), environment, "")));
        ProxySettings ofEnvironment = new ProxySettings("", null, environment, "");
        assertEquals("env:80", through(ofEnvironment));
        assertEquals(List.of(Proxy.NO_PROXY),
                ofEnvironment.select(URI.create("https://index.hospital.org/simple")));
        assertEquals("", through(new ProxySettings("", null, Map.of(), "")));
        assertEquals("", through(new ProxySettings("not an address", null, Map.of(), "")));
    }

    @Test
    void uvIsToldOfTheSameProxy() {
        assertEquals("http://java:3128",
                new ProxySettings("", javas("java"), Map.of(), "*.org|localhost")
                .variables().get("HTTPS_PROXY"));
        assertEquals(".org,localhost",
                new ProxySettings("", javas("java"), Map.of(), "*.org|localhost")
                .variables().get("NO_PROXY"));
        assertEquals("http://asked:1", new ProxySettings("asked:1", null, Map.of(), "").variables()
                .get("ALL_PROXY"));
        assertEquals(Map.of(),      // uv reads the environment itself
                new ProxySettings("", null, Map.of("HTTPS_PROXY", "http://env:80"),
                        "").variables());
    }

    @Test
    void packagesComeFromTheIndexThatWasAskedForElseTheEnvironments() {
        PackageSources asked = new PackageSources(" https://nexus/simple/ ",
                "https://nexus/pythons/", null);
        assertEquals("https://nexus/simple", asked.indexInUse(Map.of("UV_INDEX_URL", "https://e")));
        assertEquals(Map.of("UV_DEFAULT_INDEX", "https://nexus/simple", "UV_PYTHON_INSTALL_MIRROR",
                "https://nexus/pythons"), asked.forUv(Map.of()));
        assertEquals("https://e",
                PackageSources.USUAL.indexInUse(Map.of("PIP_INDEX_URL", "https://e/")));
        assertEquals("https://pypi.org/simple", PackageSources.USUAL.indexInUse(Map.of()));
        assertEquals(Map.of(), PackageSources.USUAL.forUv(Map.of()));
    }

    @Test
    void whatIsNoAddressIsNamed() {
        assertNull(PackageSources.USUAL.noAddress(Map.of()));
        assertNull(new PackageSources("https://nexus/simple", "",
                "proxy:8080").noAddress(Map.of()));
        assertEquals("nexus", new PackageSources("nexus", "", "").noAddress(Map.of()));
        assertEquals("ftp://nexus/x",
                new PackageSources("ftp://nexus/x", "", "").noAddress(Map.of()));
        assertEquals("my proxy", new PackageSources("", "", "my proxy").noAddress(Map.of()));
        assertEquals("C:\\\\wheels",
                new PackageSources("C:\\\\wheels", "", "").noAddress(Map.of()));
    }

    // ---- how far

    @Test
    void progressIsToldInTheUnitOfTheWhole() {
        SetupProgress some = new SetupProgress(Step.FETCH, "torch", 1_230_000_000L,
                3_400_000_000L, 12_300_000);
        assertEquals("1.2 of 3.4 GB", some.bytes());
        assertEquals("12.3 MB/s", some.speed());
        assertEquals(176.4, some.secondsLeft(), 0.1);
        assertEquals(0.36, some.part(), 0.01);
        assertEquals(4, some.step().number());
        SetupProgress none = SetupProgress.of(Step.CHECK, "");
        assertEquals("", none.bytes() + none.speed());
        assertEquals(-1, none.part());
    }

    @Test
    void theRateIsThatOfTheLastSeconds() {
        DownloadRate rate = new DownloadRate();
        assertEquals(0, rate.at(0, 0));
        for (int second = 1; second <= 10; second++) {
            rate.at(second * 1_000_000_000L, second * 100);
        }
        assertEquals(100, rate.at(11_000_000_000L, 1100), 1e-9);
        assertEquals(220, rate.at(12_000_000_000L, 1800), 1e-9);
    }
}
