package qupath.ext.hookpath.ui;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.models.OutOfDistribution;
import qupath.ext.hookpath.predict.PredictSummary;
import qupath.ext.hookpath.predict.PredictionDryRun;

/** How like the images that a model learned from others are, in words, and what is to be done. */
final class OutOfDistributionTexts {

    private static final int MOST_NAMED = 3;

    private record Seen(String name, OutOfDistribution likeness) {}

    private OutOfDistributionTexts() {}

    /** Of images that were predicted: those that look unlike; empty: there are none. */
    static String text(PredictSummary summary) {
        return unlike(summary.unlike().stream()
                .map(image -> new Seen(image.name(), image.likeness())).toList());
    }

    /**
     * Of images that are to be predicted.
     *
     * @param all how many are to be; some may not have been looked at
     */
    static String text(PredictionDryRun found, int all) {
        for (PredictionDryRun.Image image : found.images()) {
            if (image.problem() != null) {
                return UiTexts.get("run.refused", MessageWording.inWindow(image.problem()));
            }
        }
        if (!found.hasReference()) {
            return UiTexts.get("run.noReference");
        }
        List<Seen> unlike = found.unlike().stream()
                .map(image -> new Seen(image.name(), image.likeness())).toList();
        return unlike.isEmpty() ? like(found, all) : unlike(unlike);
    }

    /** Whether there is something to be done. */
    static boolean deservesALook(PredictionDryRun found) {
        return !found.unlike().isEmpty()
                || found.images().stream().anyMatch(image -> image.problem() != null);
    }

    /** The least like of them; empty: none has tissue. */
    private static String like(PredictionDryRun found, int all) {
        List<PredictionDryRun.Image> known = found.images().stream()
                .filter(image -> image.likeness() != null).toList();
        return known.stream().max(Comparator.comparingDouble(one -> one.likeness().score()))
                .map(most -> UiTexts.get("run.like", known.size(), most.name(),
                        most.likeness().score(), most.likeness().limit(),
                        all - found.images().size()))
                .orElse("");
    }

    private static String unlike(List<Seen> images) {
        if (images.isEmpty()) {
            return "";
        }
        OutOfDistribution first = images.getFirst().likeness();
        String named = images.stream().limit(MOST_NAMED).map(Seen::name)
                .collect(Collectors.joining(", ")) + (images.size() > MOST_NAMED ? ", …" : "");
        return UiTexts.get("run.unlike", images.size(), named, first.score(), first.limit());
    }
}
