package qupath.ext.hookpath.core.training;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.models.ModelFolder;

/**
 * A training run as it lies on disk.
 *
 * @param path      the run's folder
 * @param state     how far it got
 * @param metrics   one row for each epoch done
 * @param family    {@code "hooknet"}, {@code "unet"}…
 * @param preset    the preset it was started with
 * @param classes   what it learns to tell apart
 * @param split     {@code "train"}, {@code "val"}, {@code "test"} → image names
 * @param epochs    epochs it was to run
 * @param steps     optimiser steps of an epoch; 0: not known
 * @param bestF1    macro F1 of the model that was kept, or null
 * @param bestEpoch its epoch, 0: none yet
 * @param started   when it began, or null
 * @param model     the model's folder, or null: none yet
 * @param problem   why the run cannot be read, or null
 */
public record TrainingRunFolder(Path path, State state, List<EpochMetrics> metrics, String family,
                        String preset, List<RequestClass> classes, Map<String, List<String>> split,
                        int epochs, int steps, Double bestF1, int bestEpoch, Instant started,
                        Path model, String problem) {

    /** The file that makes a folder a run. */
    public static final String RECORD = "run.json";

    /** In the folder of a run of several networks: a run of each of the first. */
    private static final String STAGES = "stages";

    private static final int DEPTH = 4;

    /** How far a run got. */
    public enum State {
        /** All epochs are done, or training saw that it got no better. */
        FINISHED,
        /** It can go on from its last checkpoint, or is going on just now in another process. */
        INTERRUPTED,
        /** Nothing was learned yet, there is no checkpoint. */
        EMPTY,
        /** See {@link TrainingRunFolder#problem}. */
        BROKEN
    }

    /** Reads a run; never throws. */
    public static TrainingRunFolder read(Path folder) {
        try {
            JsonObject record = Json.read(folder.resolve(RECORD));
            return of(folder, record, MetricsCsv.read(folder.resolve("metrics.csv")));
        } catch (IOException | RuntimeException e) {
            Path file = folder.resolve(RECORD);
            String why = Files.exists(file) ? Json.damage(file, e)
                    : "no " + RECORD + " in " + folder;
            return new TrainingRunFolder(folder, State.BROKEN, List.of(), null, null, List.of(),
                    Map.of(),
                    0, 0, null, 0, null, null, why);
        }
    }

    /**
     * All runs in the folders and up to three levels below, in order of their paths, but those
     * that are a stage of another.
     */
    public static List<TrainingRunFolder> below(Path... roots) {
        List<TrainingRunFolder> found = new ArrayList<>();
        for (Path root : roots) {
            try (Stream<Path> paths = Files.walk(root, DEPTH)) {
                paths.filter(p -> p.endsWith(RECORD) && !isStage(p.getParent())).sorted()
                        .forEach(p -> found.add(read(p.getParent())));
            } catch (IOException | java.io.UncheckedIOException e) {
                continue;   // no such folder, or one that may not be read: no runs there
            }
        }
        return found;
    }

    /** Epochs done. */
    public int epochsDone() {
        return metrics.isEmpty() ? 0 : metrics.getLast().epoch();
    }

    private static TrainingRunFolder of(Path folder, JsonObject record, List<EpochMetrics> metrics)
            throws IOException {
        JsonObject config = Json.object(record, "config");
        Path model = folder.resolve("model");
        boolean hasModel = Files.exists(model.resolve(ModelFolder.CARD));
        JsonObject best = hasModel
                ? Json.object(Json.read(model.resolve(ModelFolder.CARD)), "metrics")
                : new JsonObject();
        Double epochs = Json.number(config, "epochs");
        Double steps = Json.number(config, "steps_per_epoch");
        Double bestEpoch = Json.number(best, "epoch");
        TrainingRunFolder run = new TrainingRunFolder(folder, State.EMPTY, metrics,
                Json.text(config, "family"),
                Json.text(config, "preset"), ModelFolder.classes(Json.list(record, "classes")),
                split(Json.object(record, "split")), epochs == null ? 0 : epochs.intValue(),
                steps == null ? 0 : steps.intValue(),
                Json.number(best, "validation_macro_f1"),
                bestEpoch == null ? 0 : bestEpoch.intValue(),
                ModelFolder.instant(Json.text(record, "started")), hasModel ? model : null, null);
        return run.with(run.found(Json.number(config, "patience")));
    }

    /** Goes on with the run that it is a part of, not by itself. */
    private static boolean isStage(Path run) {
        Path parent = run.getParent();
        return parent != null && parent.endsWith(STAGES) && parent.getParent() != null
                && Files.exists(parent.resolveSibling(RECORD));
    }

    private State found(Double patience) {
        boolean stale = patience != null && bestF1 != null && epochsDone() - bestEpoch >= patience;
        if (!metrics.isEmpty() && (stale || epochsDone() >= epochs)) {
            return State.FINISHED;
        }
        boolean begun = Files.exists(path.resolve("checkpoints").resolve("last.pt"))
                || Files.isDirectory(path.resolve(STAGES));
        return begun || !metrics.isEmpty() ? State.INTERRUPTED : State.EMPTY;
    }

    private TrainingRunFolder with(State newState) {
        return new TrainingRunFolder(path, newState, metrics, family, preset, classes, split,
                epochs,
                steps, bestF1, bestEpoch, started, model, problem);
    }

    private static Map<String, List<String>> split(JsonObject split) {
        return Map.of("train", Json.texts(split, "train"), "val", Json.texts(split, "val"),
                "test", Json.texts(split, "test"));
    }
}
