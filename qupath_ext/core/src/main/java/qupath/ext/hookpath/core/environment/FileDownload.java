package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One file, checked by its hash. What an earlier try brought ({@code <name>.part}) is gone on from.
 *
 * @param url    where it is
 * @param file   where it goes
 * @param sha256 what it must hash to, in hexadecimal digits
 */
record FileDownload(URI url, Path file, String sha256) {

    private static final int TRIES = 3;
    private static final long STALLED_S = 20;
    private static final int PARTIAL = 206;
    private static final ScheduledExecutorService WATCH =
            Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "hookpath downloads");
                thread.setDaemon(true);
                return thread;
            });

    /** Whether the file is here, and right. */
    boolean isHere() throws IOException {
        return Files.isRegularFile(file) && hash(file).equals(sha256);
    }

    /** Bytes of it that are here already. */
    long begun() throws IOException {
        return Files.isRegularFile(part()) ? Files.size(part()) : 0;
    }

    /**
     * Brings it here.
     *
     * @param bytes     counts what arrives
     * @param say       hears why it is tried again
     * @param cancelled asked with every piece
     * @throws IOException           it cannot be had; one line says why
     * @throws CancellationException when cancelled; what has arrived stays for the next time
     */
    void run(HttpRequests web, AtomicLong bytes, Consumer<String> say, BooleanSupplier cancelled)
            throws IOException, InterruptedException {
        for (int tried = 1; ; tried++) {
            try {
                bring(web, bytes, cancelled);
                break;
            } catch (HttpRequests.RefusedException e) {
                throw e;
            } catch (IOException e) {
                if (tried == TRIES) {
                    throw e;
                }
                say.accept(name() + ": " + e.getMessage() + "; trying again (" + (tried + 1)
                        + " of " + TRIES + ") from byte " + begun());
            }
        }
        if (!hash(part()).equals(sha256)) {
            Files.delete(part());
            throw new IOException(name() + " is not what was expected (its hash differs); it was"
                    + " deleted, try again");
        }
        Files.move(part(), file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void bring(HttpRequests web, AtomicLong bytes, BooleanSupplier cancelled)
            throws IOException, InterruptedException {
        long from = begun();
        HttpResponse<InputStream> response = web.open(url, from);
        if (response.statusCode() != PARTIAL && from > 0) {
            Files.delete(part());
            bytes.addAndGet(-from);
        }
        AtomicLong last = new AtomicLong(System.nanoTime());
        InputStream in = response.body();
        ScheduledFuture<?> watch = WATCH.scheduleWithFixedDelay(() -> {
            if (System.nanoTime() - last.get() > TimeUnit.SECONDS.toNanos(STALLED_S)
                    || cancelled.getAsBoolean()) {
                closeQuietly(in);
            }
        }, 1, 1, TimeUnit.SECONDS);
        try (in; OutputStream out = Files.newOutputStream(part(), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND)) {
            byte[] piece = new byte[1 << 16];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                last.set(System.nanoTime());
                out.write(piece, 0, n);
                bytes.addAndGet(n);
                stopIf(cancelled);
            }
        } catch (IOException e) {
            stopIf(cancelled);
            throw new IOException("nothing arrived from " + url.getHost() + " for a while", e);
        } finally {
            watch.cancel(false);
        }
    }

    private static void stopIf(BooleanSupplier cancelled) {
        if (cancelled.getAsBoolean()) {
            throw new CancellationException("cancelled");
        }
    }

    private static void closeQuietly(InputStream in) {
        try {
            in.close();
        } catch (IOException e) {
            // it is being left anyway
        }
    }

    private Path part() {
        return file.resolveSibling(name() + ".part");
    }

    private String name() {
        return file.getFileName().toString();
    }

    private static String hash(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] piece = new byte[1 << 16];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                digest.update(piece, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
