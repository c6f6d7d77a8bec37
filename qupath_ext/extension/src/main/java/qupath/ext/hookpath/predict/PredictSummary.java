package qupath.ext.hookpath.predict;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.models.OutOfDistribution;

/**
 * What a prediction found and what became of it.
 *
 * @param images one for each image that got results
 * @param problems one line for each image that failed
 * @param out folder with maps and GeoJSON, one folder for each image
 */
public record PredictSummary(List<Image> images, List<String> problems, Path out) {

    /**
     * What was found in one image.
     *
     * @param id the project's number of the image
     * @param name its name
     * @param run tag of the objects
     * @param areasMm2 class name → area in mm²
     * @param added objects added
     * @param removed results of earlier runs taken away
     * @param folders maps and GeoJSON of this image, a folder for each plane that was predicted
     * @param likeness to the images that the model learned from, of the plane that is least like
     *     them; null: nothing is known
     */
    public record Image(String id, String name, String run, Map<String, Double> areasMm2,
            int added, int removed, Map<Plane, Path> folders, OutOfDistribution likeness) {

        /** Maps and GeoJSON of the first plane; null: nothing was written. */
        public Path folder() {
            return folders.values().stream().findFirst().orElse(null);
        }

        /**
         * A probability map, one channel per class.
         *
         * @param plane whose, if it was predicted; else the first one's
         * @return null: none was written
         */
        public Path probabilities(Plane plane) {
            Path folder = folders.getOrDefault(plane, folder());
            Path file = folder == null ? null : folder.resolve("probabilities.tif");
            return file != null && Files.isRegularFile(file) ? file : null;
        }
    }

    /** Class name → area in mm² over all images. */
    public Map<String, Double> areasMm2() {
        Map<String, Double> sum = new LinkedHashMap<>();
        images.forEach(image -> image.areasMm2().forEach(
                (name, area) -> sum.merge(name, area, Double::sum)));
        return sum;
    }

    /** Planes that were predicted, of whatever image. */
    public Set<Plane> planes() {
        Set<Plane> found = new LinkedHashSet<>();
        images.forEach(image -> found.addAll(image.folders().keySet()));
        return found;
    }

    /** Images that look unlike those that the model learned from. */
    public List<Image> unlike() {
        return images.stream().filter(one -> one.likeness() != null && one.likeness().isUnlike())
                .toList();
    }

    /** Objects added in all images. */
    public int added() {
        return images.stream().mapToInt(Image::added).sum();
    }
}
