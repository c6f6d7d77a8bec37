package qupath.ext.hookpath.ui.train;

import java.util.List;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.TimeLeft;
import qupath.ext.hookpath.core.TrainingCost;
import qupath.ext.hookpath.core.TrainingPlan;
import qupath.ext.hookpath.core.TrainingPlan.Finding;
import qupath.ext.hookpath.core.Wording;
import qupath.ext.hookpath.train.Estimate;

/** What a plan, and a look ahead at it, have to say, in words. */
final class Findings {

    private Findings() {}

    static String text(String prefix, Finding finding) {
        return Texts.get(prefix + finding.key(), finding.values().toArray());
    }

    /** What a training would take on this computer, in words. */
    static String estimate(Estimate found) {
        TrainingCost cost = found.cost();
        if (cost == null) {
            return Texts.get("train.estimate.refused", Wording.inWindow(found.problem()));
        }
        if (!cost.fits()) {
            return Texts.get("train.estimate.tooLarge", cost.device());
        }
        if (cost.ofTiles()) {
            return cost.stepSeconds() == null ? Texts.get("train.estimate.known", cost.device())
                    : Texts.get("train.estimate.tiles", cost.device(),
                            TimeLeft.text(cost.seconds()), cost.steps(), memory(cost));
        }
        if (cost.stepSeconds() == null) {
            return "";
        }
        String key = cost.isTooLittle() ? "train.estimate.little"
                : cost.isCutShort() ? "train.estimate.cut" : "train.estimate.steps";
        return Texts.get(key, cost.device(), TimeLeft.text(cost.seconds()), cost.stepsInTime(),
                memory(cost), cost.patches());
    }

    private static String memory(TrainingCost cost) {
        return cost.memoryBytes() == 0 ? ""
                : Texts.get("train.estimate.memory", cost.memoryBytes() / 1e9);
    }

    /** The first note, and how many more there are; empty: none. */
    static String notes(TrainingPlan plan) {
        List<Finding> notes = plan.notes();
        if (notes.isEmpty()) {
            return "";
        }
        String first = text("train.note.", notes.get(0));
        return notes.size() == 1 ? first
                : Texts.get("train.note.more", first, text("train.note.", notes.get(1)),
                        notes.size() - 2);
    }
}
