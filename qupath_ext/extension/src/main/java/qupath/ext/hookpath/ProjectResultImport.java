package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.ResultIndex.ImageResult;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * What a job over a whole project made, taken over into it: objects image by image, metadata at
 * the end.
 *
 * @param changed names of the images that got or lost objects
 * @param added objects added
 * @param removed earlier results taken away
 * @param problems one line for each image that could not be changed
 */
public record ProjectResultImport(List<String> changed, int added, int removed,
        List<String> problems) {

    private static final Logger logger = LoggerFactory.getLogger(ProjectResultImport.class);

    /**
     * Takes over all that the job left, also if it failed or was stopped half-way.
     *
     * @param project the project
     * @param outcome how the job ended
     */
    public static ProjectResultImport of(Project<BufferedImage> project, JobOutcome outcome) {
        List<String> changed = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        int added = 0;
        int removed = 0;
        boolean metadata = false;
        for (Map.Entry<String, ImageResult> one : outcome.index().images().entrySet()) {
            ProjectImageEntry<BufferedImage> entry = entry(project, one.getKey());
            if (entry == null) {
                continue; // removed from the project while the job ran
            }
            if (isMetadataOnly(one.getValue())) {
                metadata |= ProjectEntries.set(entry.getMetadata(), one.getValue().metadata());
                continue;
            }
            try {
                ImageResultImport.Counts counts = take(project, entry, one.getValue());
                added += counts.added();
                removed += counts.removed();
                changed.add(entry.getImageName());
            } catch (RuntimeException e) {
                logger.warn("{}: not imported", entry.getImageName(), e);
                problems.add(entry.getImageName() + ": " + ErrorMessages.oneLine(e));
            }
        }
        if (metadata) {
            ProjectEntries.save(project);
        }
        return new ProjectResultImport(changed, added, removed, problems);
    }

    /**
     * The same of a job that may have failed half-way: why it did is one more problem.
     *
     * @param project the project
     * @param outcome how the job ended
     * @throws HookpathException nothing was made; everything is as before
     */
    public static ProjectResultImport orThrow(Project<BufferedImage> project, JobOutcome outcome) {
        ProjectResultImport made = of(project, outcome);
        HookpathException failure = ErrorMessages.of(outcome);
        if (failure == null) {
            return made;
        }
        if (made.changed().isEmpty()) {
            throw failure;
        }
        List<String> problems = new ArrayList<>(made.problems());
        problems.add(failure.getMessage());
        return new ProjectResultImport(made.changed(), made.added(), made.removed(), problems);
    }

    private static ImageResultImport.Counts take(Project<BufferedImage> project,
            ProjectImageEntry<BufferedImage> entry, ImageResult result) {
        OpenImage image = OpenImage.of(project, entry);
        ImageResultImport.Counts counts = new ImageResultImport(image).project(project).run(result);
        image.saveUnlessShown();
        return counts;
    }

    private static ProjectImageEntry<BufferedImage> entry(
            Project<BufferedImage> project, String id) {
        return project.getImageList().stream().filter(e -> e.getID().equals(id)).findFirst()
                .orElse(null);
    }

    private static boolean isMetadataOnly(ImageResult result) {
        return result.objects() == null && !result.replacesAll() && result.removedRuns().isEmpty();
    }
}
