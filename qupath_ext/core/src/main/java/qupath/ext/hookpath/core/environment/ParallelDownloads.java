package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import qupath.ext.hookpath.core.environment.PylockFile.Wheel;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

/** Brings files into a folder, some at a time; what is there already, or in part, is kept. */
final class ParallelDownloads {

    private static final int AT_ONCE = 4;
    private static final long POLL_MS = 250;

    private final HttpRequests web;
    private final Path folder;
    private final CommandSequence steps;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final Set<String> underWay = new ConcurrentSkipListSet<>();
    private final DownloadRate rate = new DownloadRate();

    ParallelDownloads(HttpRequests web, Path folder, CommandSequence steps) {
        this.web = web;
        this.folder = folder;
        this.steps = steps;
    }

    /**
     * Brings all of them.
     *
     * @param step which step of setting up this is
     * @throws IOException one of them cannot be had; one line says why
     */
    void all(Step step, List<Wheel> wheels) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        long total = wheels.stream().mapToLong(Wheel::size).sum();
        List<Wheel> missing = missing(wheels);
        if (missing.isEmpty()) {
            return;
        }
        steps.say("Fetching " + missing.size() + " of " + wheels.size() + " files");
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(AT_ONCE, missing.size()),
                Thread.ofVirtual().factory());
        try {
            List<Future<?>> running = new ArrayList<>();
            for (Wheel wheel : missing) {
                running.add(threads.submit(() -> {
                    one(wheel);
                    return null;
                }));
            }
            for (Future<?> future : running) {
                await(future, step, total);
            }
        } finally {
            stop.set(true);
            threads.shutdownNow();
            threads.awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private List<Wheel> missing(List<Wheel> wheels) throws IOException {
        List<Wheel> missing = new ArrayList<>();
        for (Wheel wheel : wheels) {
            steps.stopIfCancelled();
            FileDownload download = download(wheel);
            if (download.isHere()) {
                bytes.addAndGet(wheel.size());
            } else {
                bytes.addAndGet(download.begun());
                missing.add(wheel);
            }
        }
        return missing;
    }

    private void one(Wheel wheel) throws IOException, InterruptedException {
        underWay.add(wheel.name());
        try {
            download(wheel).run(web, bytes, steps::say, stop::get);
            steps.say("  " + wheel.file());
        } finally {
            underWay.remove(wheel.name());
        }
    }

    private FileDownload download(Wheel wheel) {
        return new FileDownload(wheel.url(), folder.resolve(wheel.file()), wheel.sha256());
    }

    private void await(Future<?> future, Step step, long total)
            throws IOException, InterruptedException {
        while (true) {
            try {
                future.get(POLL_MS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                steps.stopIfCancelled();
                long done = bytes.get();
                steps.progress(new SetupProgress(step, String.join(", ", underWay), done, total,
                        rate.at(System.nanoTime(), done)));
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException known) {
                    throw known;
                }
                if (e.getCause() instanceof RuntimeException known) {
                    throw known;
                }
                throw new IOException(e.getCause());
            }
        }
    }
}
