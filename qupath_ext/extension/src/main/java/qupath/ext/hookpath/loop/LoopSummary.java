package qupath.ext.hookpath.loop;

import java.util.List;
import qupath.ext.hookpath.core.loop.LoopStatus;

/**
 * What a step of the annotation loop did.
 *
 * @param step its name
 * @param status where the loop stands now
 * @param changed names of the images that got or lost objects
 * @param added objects added
 * @param removed earlier proposals taken away
 * @param problems one line for each image that failed
 * @param ranked after {@code next}: names of the images that are to do, most worthwhile first
 * @param conflicts after {@code merge}: names of the images on which both copies had worked
 */
public record LoopSummary(String step, LoopStatus status, List<String> changed, int added,
        int removed, List<String> problems, List<String> ranked, List<String> conflicts) {}
