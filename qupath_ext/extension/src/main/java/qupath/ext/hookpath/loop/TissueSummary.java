package qupath.ext.hookpath.loop;

import java.util.List;

/**
 * What outlining the tissue did.
 *
 * @param changed names of the images that got outlines
 * @param added outlines
 * @param removed earlier results that made room
 * @param problems one line for each image that failed
 */
public record TissueSummary(
        List<String> changed, int added, int removed, List<String> problems) {}
