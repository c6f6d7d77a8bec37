package qupath.ext.hookpath.ui.loop;

import java.util.List;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.loop.LoopBeginning;
import qupath.ext.hookpath.core.loop.LoopStatus;
import qupath.ext.hookpath.core.loop.LoopStatus.State;
import qupath.ext.hookpath.loop.LoopSummary;

/** What to do next, in one line. */
final class NextStepHint {

    private NextStepHint() {}

    static String headline(LoopStatus status) {
        return status == null ? "" : UiTexts.get("loop.headline", status.round(),
                status.count(State.TODO), status.count(State.PROPOSED),
                status.count(State.CORRECTED), status.count(State.TRAINED));
    }

    /** What to do before a loop has begun; null: what is annotated is being read. */
    static String begin(LoopBeginning found) {
        return found == null ? UiTexts.get("train.why.reading")
                : UiTexts.get("loop.hint.begin." + found.next(), found.annotated(),
                        found.images(), String.join(", ", found.classes()),
                        found.images() - found.annotated());
    }

    /** What to do next. {@code current}: id of the image that is open, or null. */
    static String hint(LoopStatus status, String current) {
        if (status == null) {
            return "";
        }
        long corrected = status.count(State.CORRECTED);
        LoopStatus.Image open = status.image(current);
        if (open != null && open.state() == State.PROPOSED) {
            return UiTexts.get("loop.hint.here", open.name());
        }
        if (status.count(State.PROPOSED) > 0) {
            return UiTexts.get("loop.hint.correct", status.count(State.PROPOSED));
        }
        if (status.round() == 0) {
            return UiTexts.get(corrected > 0 ? "loop.hint.first" : "loop.hint.draw");
        }
        long toDo = status.count(State.TODO);
        return corrected > 0 ? UiTexts.get("loop.hint.retrain", corrected, toDo)
                : UiTexts.get(toDo > 0 ? "loop.hint.propose" : "loop.hint.done");
    }

    /** What a step did. {@code next}: what to do now. */
    static String done(LoopSummary found, String next) {
        String images = String.join(", ", found.changed());
        List<String> ranked = found.ranked();
        List<String> conflicts = found.conflicts();
        int several = Math.min(1, Math.max(ranked.size(), conflicts.size()));
        return UiTexts.get("loop.done." + found.step(), found.added(), images,
                found.status() == null ? 0 : found.status().round(), several,
                ranked.isEmpty() ? "" : ranked.get(0), String.join(", ", conflicts), next);
    }
}
