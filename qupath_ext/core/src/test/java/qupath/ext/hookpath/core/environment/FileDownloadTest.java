package qupath.ext.hookpath.core.environment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.environment.PylockFile.Wheel;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

@Timeout(30)
class FileDownloadTest {

    private static final int SIZE = 300_000;

    @TempDir
    Path temp;

    private final byte[] content = new byte[SIZE];
    private final List<String> ranges = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final AtomicLong bytes = new AtomicLong();
    private boolean knowsRanges = true;
    private int breaksAfter = SIZE;
    private HttpServer server;
    private HttpRequests web;

    @BeforeEach
    void serve() throws IOException {
        new Random(1).nextBytes(content);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/file.whl", this::answer);
        server.start();
        web = new HttpRequests(new ProxySettings("", null, Map.of(), ""));
    }

    @AfterEach
    void stop() {
        server.stop(0);
        web.close();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        ranges.add(String.valueOf(range));
        int from = range == null || !knowsRanges ? 0
                : Integer.parseInt(range.replaceAll("\\D", ""));
        int to = Math.min(SIZE, from + breaksAfter);
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, SIZE - from);
        exchange.getResponseBody().write(content, from, to - from);
        if (to < SIZE) {
            exchange.getResponseBody().flush();
        }
        exchange.close();
    }

    private URI place(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private String hash() throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private FileDownload download() throws Exception {
        return new FileDownload(place("/file.whl"), temp.resolve("file.whl"), hash());
    }

    private void run(FileDownload download) throws Exception {
        download.run(web, bytes, said::add, () -> false);
    }

    @Test
    void aFileIsFetchedAndItsHashChecked() throws Exception {
        run(download());
        assertArrayEquals(content, Files.readAllBytes(temp.resolve("file.whl")));
        assertTrue(download().isHere());
        assertEquals(SIZE, bytes.get());
        assertEquals(List.of("null"), ranges);
    }

    @Test
    void aBrokenConnectionIsGoneOnFromWhereItBroke() throws Exception {
        breaksAfter = 140_000;
        run(download());
        assertArrayEquals(content, Files.readAllBytes(temp.resolve("file.whl")));
        // What was still on its way when the connection broke may be lost.
        int came = Integer.parseInt(ranges.get(1).replaceAll("\\D", ""));
        assertTrue(came > 0 && came <= breaksAfter, ranges.toString());
        assertEquals("null", ranges.getFirst());
        assertEquals(ranges.size() - 1, said.size());
        assertTrue(said.getFirst().contains("trying again (2 of 3) from byte " + came),
                said.getFirst());
        assertEquals(SIZE, bytes.get());
    }

    @Test
    void whatAnEarlierRunBroughtIsNotFetchedAgain() throws Exception {
        Files.write(temp.resolve("file.whl.part"), java.util.Arrays.copyOf(content, 100_000));
        run(download());
        assertEquals(List.of("bytes=100000-"), ranges);
        assertEquals(SIZE - 100_000, bytes.get());
        assertTrue(download().isHere());
    }

    @Test
    void aServerThatKnowsNoRangesBeginsAnew() throws Exception {
        knowsRanges = false;
        Files.write(temp.resolve("file.whl.part"), new byte[100_000]);
        run(download());
        assertTrue(download().isHere());
        assertEquals(SIZE - 100_000, bytes.get());
    }

    @Test
    void anotherFileThanExpectedIsRefusedAndDeleted() throws Exception {
        FileDownload other = new FileDownload(place("/file.whl"), temp.resolve("o.whl"),
                "0".repeat(64));
        IOException error = assertThrows(IOException.class, () -> run(other));
        assertTrue(error.getMessage().startsWith("o.whl is not what was expected"));
        assertFalse(Files.exists(temp.resolve("o.whl")));
        assertEquals(0, other.begun());
    }

    @Test
    void aNoOfTheServerIsFinal() {
        FileDownload none = new FileDownload(place("/none"), temp.resolve("n"), "");
        IOException error = assertThrows(HttpRequests.RefusedException.class, () -> run(none));
        assertEquals("127.0.0.1 answered 404", error.getMessage());
    }

    @Test
    void cancelledItKeepsWhatHasArrived() throws Exception {
        FileDownload download = download();
        assertThrows(CancellationException.class,
                () -> download.run(web, bytes, said::add, () -> bytes.get() > 0));
        assertTrue(download.begun() > 0);
        run(download);
        assertTrue(download.isHere());
    }

    @Test
    void filesThatAreThereAreNotFetched() throws Exception {
        List<Wheel> wheels = List.of(new Wheel("file", place("/file.whl"), SIZE, hash()));
        CommandSequence steps = new CommandSequence(said::add, () -> false);
        new ParallelDownloads(web, temp.resolve("w"), steps).all(Step.FETCH, wheels);
        new ParallelDownloads(web, temp.resolve("w"), steps).all(Step.FETCH, wheels);
        assertEquals(1, ranges.size());
        assertEquals(List.of("Fetching 1 of 1 files", "  file.whl"), said);
    }

    @Test
    void nameAndPasswordOfAnAddressAreSent() throws Exception {
        server.createContext("/private", exchange -> {
            byte[] sent = exchange.getRequestHeaders().getFirst("Authorization").getBytes();
            exchange.sendResponseHeaders(200, sent.length);
            exchange.getResponseBody().write(sent);
            exchange.close();
        });
        URI asked = URI.create(place("/private").toString().replace("//", "//me:secret@"));
        assertEquals("Basic bWU6c2VjcmV0", web.page(asked));
    }

    @Test
    void anIndexWithoutUvIsNotTheEnd() throws Exception {
        server.createContext("/simple/uv/", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        EnvironmentRecipe recipe = new EnvironmentRecipe(temp, null, null, false, null, false,
                TorchBuild.DEFAULT,
                new PackageSources(place("/simple").toString(), "", ""), true, "0.1.0", List.of());
        BuildTools tools = new BuildTools(recipe, web);
        CommandSequence steps = new CommandSequence(said::add, () -> false);
        tools.reachIndex(steps);
        assertEquals(ProgramSearch.here().program("uv"), tools.uv(steps));
        assertTrue(said.getLast().endsWith("; going on with what is here"), said.getLast());
    }

    @Test
    void aRequestGoesThroughTheProxy() throws Exception {
        String proxy = "127.0.0.1:" + server.getAddress().getPort();
        try (HttpRequests proxied = new HttpRequests(new ProxySettings(proxy, null, Map.of(),
                ""))) {
            FileDownload far = new FileDownload(URI.create("http://far.example/file.whl"),
                    temp.resolve("far.whl"), hash());
            far.run(proxied, bytes, said::add, () -> false);
            assertTrue(far.isHere());
        }
    }
}
