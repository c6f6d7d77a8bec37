package qupath.ext.hookpath.core.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import qupath.ext.hookpath.core.FolderReplacement;
import qupath.ext.hookpath.core.Json;

/** Training runs below a folder of models: names for new ones, and those that were cut short. */
public final class TrainingRuns {

    /** In a run's folder: a person ended it and wants no more of it. */
    private static final String ENDED = "ended-by-person";

    private static final Set<Path> UNDER_WAY = ConcurrentHashMap.newKeySet();

    private TrainingRuns() {
    }

    /** A name that no folder has yet: {@code "hooknet"}, {@code "hooknet-2"}… */
    public static String freeName(Path models, String wanted) {
        String name = wanted;
        for (int n = 2; Files.exists(models.resolve(name)); n++) {
            name = wanted + "-" + n;
        }
        return name;
    }

    /**
     * Runs that can go on: cut short by a crash, a power cut or the end of QuPath, and not under
     * way in this QuPath; the latest first.
     *
     * @param models a folder of runs; may be missing
     */
    public static List<TrainingRunFolder> interrupted(Path models) {
        Comparator<java.time.Instant> latest = Comparator.nullsLast(Comparator.reverseOrder());
        return TrainingRunFolder.below(models).stream()
                .filter(run -> run.state() == TrainingRunFolder.State.INTERRUPTED)
                .filter(run -> !isUnderWay(run.path()))
                .sorted(Comparator.comparing(TrainingRunFolder::started, latest)).toList();
    }

    /** Whether a person ended this run on purpose: no need to point at it. */
    public static boolean wasEnded(Path run) {
        return Files.exists(run.resolve(ENDED));
    }

    /** Notes that a person ended this run on purpose. */
    public static void markEnded(Path run, boolean ended) throws IOException {
        if (ended) {
            Files.write(run.resolve(ENDED), new byte[0]);
        } else {
            Files.deleteIfExists(run.resolve(ENDED));
        }
    }

    /** Whether the projects that a run was started on are where they were. */
    public static boolean hasSources(Path run) {
        try {
            List<String> sources = Json.texts(Json.read(run.resolve(TrainingRunFolder.RECORD)),
                    "projects");
            return !sources.isEmpty() && sources.stream().allMatch(s -> Files.exists(Path.of(s)));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** Whether a run is going on in this process. */
    public static boolean isUnderWay(Path run) {
        return UNDER_WAY.contains(key(run));
    }

    /** Notes that a run is going on in this process, or no longer is. */
    public static void setUnderWay(Path run, boolean underWay) {
        if (underWay) {
            UNDER_WAY.add(key(run));
        } else {
            UNDER_WAY.remove(key(run));
        }
    }

    /** Deletes the folder of a run, and nothing that is none. */
    public static void delete(Path run) throws IOException {
        if (Files.exists(run.resolve(TrainingRunFolder.RECORD))) {
            FolderReplacement.delete(run);
        }
    }

    private static Path key(Path run) {
        return run.toAbsolutePath().normalize();
    }
}
