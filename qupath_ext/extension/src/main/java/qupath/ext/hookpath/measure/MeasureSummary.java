package qupath.ext.hookpath.measure;

import java.nio.file.Path;
import java.util.List;
import qupath.ext.hookpath.core.evaluation.RegionMeasurements;

/**
 * What was measured.
 *
 * @param images by image, the whole of it and its regions
 * @param problems one line for each image that was not measured
 * @param table the table of all regions
 */
public record MeasureSummary(List<RegionMeasurements> images, List<String> problems, Path table) {

    /** Regions on all images, without the images themselves. */
    public int regions() {
        return images.stream().mapToInt(image -> image.regions().size() - 1).sum();
    }
}
