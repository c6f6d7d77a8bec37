package qupath.ext.hookpath.ui.train;

import java.util.List;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.jobs.DurationText;
import qupath.ext.hookpath.core.training.TrainingCost;
import qupath.ext.hookpath.core.training.TrainingPlan;
import qupath.ext.hookpath.core.training.TrainingPlan.Finding;
import qupath.ext.hookpath.train.TrainDryRun;

/** What a plan, and a look ahead at it, have to say, in words. */
final class PlanFindings {

    private PlanFindings() {}

    static String text(String prefix, Finding finding) {
        return UiTexts.get(prefix + finding.key(), finding.values().toArray());
    }

    /** What a training would take on this computer, in words. */
    static String estimate(TrainDryRun found) {
        TrainingCost cost = found.cost();
        if (cost == null) {
            return UiTexts.get("train.estimate.refused", MessageWording.inWindow(found.problem()));
        }
        if (!cost.fits()) {
            return UiTexts.get("train.estimate.tooLarge", cost.device());
        }
        if (cost.ofTiles()) {
            return cost.stepSeconds() == null ? UiTexts.get("train.estimate.known", cost.device())
                    : UiTexts.get("train.estimate.tiles", cost.device(),
                            DurationText.about(cost.seconds()), cost.steps(), memory(cost));
        }
        if (cost.stepSeconds() == null) {
            return "";
        }
        String key = cost.isTooLittle() ? "train.estimate.little"
                : cost.isCutShort() ? "train.estimate.cut" : "train.estimate.steps";
        return UiTexts.get(key, cost.device(), DurationText.about(cost.seconds()),
                cost.stepsInTime(), memory(cost), cost.patches());
    }

    /** Whether something would be refused, or be too little or too large. */
    static boolean deservesALook(TrainDryRun found) {
        TrainingCost cost = found.cost();
        return cost == null || !cost.fits() || cost.isTooLittle();
    }

    private static String memory(TrainingCost cost) {
        return cost.memoryBytes() == 0 ? ""
                : UiTexts.get("train.estimate.memory", cost.memoryBytes() / 1e9);
    }

    /** The first note, and how many more there are; empty: none. */
    static String notes(TrainingPlan plan) {
        List<Finding> notes = plan.notes();
        if (notes.isEmpty()) {
            return "";
        }
        String first = text("train.note.", notes.get(0));
        return notes.size() == 1 ? first
                : UiTexts.get("train.note.more", first, text("train.note.", notes.get(1)),
                        notes.size() - 2);
    }
}
