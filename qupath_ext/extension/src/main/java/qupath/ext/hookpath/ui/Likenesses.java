package qupath.ext.hookpath.ui;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.Likeness;
import qupath.ext.hookpath.core.Wording;
import qupath.ext.hookpath.predict.Foresight;
import qupath.ext.hookpath.predict.PredictSummary;

/** How like the images that a model learned from others are, in words, and what is to be done. */
final class Likenesses {

    private static final int MOST_NAMED = 3;

    private record Seen(String name, Likeness likeness) {}

    private Likenesses() {}

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
    static String text(Foresight found, int all) {
        for (Foresight.Image image : found.images()) {
            if (image.problem() != null) {
                return Texts.get("run.refused", Wording.inWindow(image.problem()));
            }
        }
        if (!found.hasReference()) {
            return Texts.get("run.noReference");
        }
        List<Seen> unlike = found.unlike().stream()
                .map(image -> new Seen(image.name(), image.likeness())).toList();
        return unlike.isEmpty() ? like(found, all) : unlike(unlike);
    }

    /** Whether there is something to be done. */
    static boolean deservesALook(Foresight found) {
        return !found.unlike().isEmpty()
                || found.images().stream().anyMatch(image -> image.problem() != null);
    }

    /** The least like of them; empty: none has tissue. */
    private static String like(Foresight found, int all) {
        List<Foresight.Image> known = found.images().stream()
                .filter(image -> image.likeness() != null).toList();
        return known.stream().max(Comparator.comparingDouble(one -> one.likeness().score()))
                .map(most -> Texts.get("run.like", known.size(), most.name(),
                        most.likeness().score(), most.likeness().limit(),
                        all - found.images().size()))
                .orElse("");
    }

    private static String unlike(List<Seen> images) {
        if (images.isEmpty()) {
            return "";
        }
        Likeness first = images.getFirst().likeness();
        String named = images.stream().limit(MOST_NAMED).map(Seen::name)
                .collect(Collectors.joining(", ")) + (images.size() > MOST_NAMED ? ", …" : "");
        return Texts.get("run.unlike", images.size(), named, first.score(), first.limit());
    }
}
