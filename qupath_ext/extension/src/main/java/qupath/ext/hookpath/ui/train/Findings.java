package qupath.ext.hookpath.ui.train;

import java.util.List;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.TrainingPlan;
import qupath.ext.hookpath.core.TrainingPlan.Finding;

/** What a plan has to say, in words. */
final class Findings {

    private Findings() {}

    static String text(String prefix, Finding finding) {
        return Texts.get(prefix + finding.key(), finding.values().toArray());
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
