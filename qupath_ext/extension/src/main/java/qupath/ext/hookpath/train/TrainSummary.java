package qupath.ext.hookpath.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import qupath.ext.hookpath.core.training.EpochMetrics;
import qupath.ext.hookpath.core.training.MetricCurves;
import qupath.ext.hookpath.core.training.TrainingRunFolder;

/**
 * What a training gave.
 *
 * @param run the run's folder
 * @param model the model's folder
 * @param f1 macro F1 on the validation images; null: there were none
 * @param f1ByClass the same by class; NaN: not measured
 * @param bestEpoch the epoch that the model is of
 * @param epochs epochs done
 * @param report the page with all metrics; null: there is none
 * @param stopped whether it was ended early
 */
public record TrainSummary(Path run, Path model, Double f1, Map<String, Double> f1ByClass,
        int bestEpoch, int epochs, Path report, boolean stopped) {

    /** Reads it from the run's folder; null where there is no model yet. */
    static TrainSummary read(Path folder, boolean stopped) {
        TrainingRunFolder run = TrainingRunFolder.read(folder);
        if (run.model() == null) {
            return null;
        }
        EpochMetrics best = run.metrics().stream()
                .filter(row -> row.epoch() == run.bestEpoch()).findFirst()
                .orElseGet(() -> new MetricCurves(run.metrics()).best());
        Path report = folder.resolve("report.html");
        return new TrainSummary(folder, run.model(), run.bestF1(),
                best == null ? Map.of() : best.f1ByClass(), run.bestEpoch(), run.epochsDone(),
                Files.exists(report) ? report : null, stopped);
    }
}
