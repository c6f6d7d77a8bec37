package qupath.ext.hookpath.ui.setup;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.SetupProgress;
import qupath.ext.hookpath.core.jobs.DurationText;

/** How far the building of an environment is, in words. */
final class SetupProgressText {

    private static final int MOST_NAMES = 2;

    private SetupProgressText() {}

    /**
     * E.g. "Step 4 of 6, fetching packages · 0.2 of 1.1 GB · 12.3 MB/s · about 2 min left ·
     * torch".
     */
    static String of(SetupProgress progress) {
        String step = UiTexts.get("setup.step", progress.step().number(),
                SetupProgress.Step.values().length, UiTexts.get("setup.step." + progress.step()));
        String left = DurationText.about(progress.secondsLeft());
        return Stream.of(step, progress.bytes(), progress.speed(),
                        left.isEmpty() ? "" : UiTexts.get("job.left", left), names(progress.what()))
                .filter(text -> !text.isEmpty()).collect(Collectors.joining(" · "));
    }

    private static String names(String all) {
        String[] names = all.split(", ");
        String first = String.join(", ", Arrays.copyOf(names, Math.min(names.length, MOST_NAMES)));
        return names.length > MOST_NAMES ? first + ", …" : first;
    }
}
