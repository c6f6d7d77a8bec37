package qupath.ext.hookpath.results;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.ImageResultImport;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.ResultOwnership;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.GroovyCall;
import qupath.ext.hookpath.core.jobs.ResultIndex.ImageResult;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * Takes results away, whatever their number; what a person drew or changed stays. Not for the
 * JavaFX thread.
 */
public final class ResultRemoval {

    /**
     * What was taken away.
     *
     * @param removed image name → number of objects; images without any are not listed
     */
    public record Summary(Map<String, Integer> removed) {

        /** Objects in all images. */
        public int total() {
            return removed.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    private ResultRemoval() {}

    /**
     * How many untouched results an image has.
     *
     * @param objects its objects
     * @return run → number of objects
     */
    public static Map<String, Integer> count(Collection<? extends PathObject> objects) {
        Map<String, Integer> found = new LinkedHashMap<>();
        for (PathObject object : objects) {
            if (ResultOwnership.isOurs(object, null)) {
                found.merge(ResultOwnership.runOf(object), 1, Integer::sum);
            }
        }
        return found;
    }

    /**
     * How many untouched results an image of a project has, without changing anything.
     *
     * @param project the project
     * @param entry one of its images
     * @return run → number of objects
     * @throws HookpathException its data file cannot be read
     */
    public static Map<String, Integer> count(
            Project<BufferedImage> project, ProjectImageEntry<BufferedImage> entry) {
        return count(OpenImage.objectsOf(project, entry));
    }

    /**
     * Takes results away from an open image; it is not saved.
     *
     * @param image the image
     * @param run only this run; null: all
     * @return what was taken away
     */
    public static Summary fromImage(OpenImage image, String run) {
        Map<String, Integer> removed = new LinkedHashMap<>();
        int count = remove(image, run);
        if (count > 0) {
            removed.put(image.name(), count);
        }
        return new Summary(removed);
    }

    /**
     * Takes results away from images of a project and saves those that had any, but for one in the
     * window, which stays unsaved.
     *
     * @param project the project
     * @param entries its images
     * @param run only this run; null: all
     * @return what was taken away
     * @throws HookpathException images that could not be changed; the others were
     */
    public static Summary fromProject(Project<BufferedImage> project,
            List<ProjectImageEntry<BufferedImage>> entries, String run) {
        Map<String, Integer> removed = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            try {
                if (has(count(project, entry), run)) {
                    OpenImage image = OpenImage.of(project, entry);
                    removed.merge(image.name(), remove(image, run), Integer::sum);
                    image.saveUnlessShown();
                }
            } catch (RuntimeException e) {
                problems.add(ErrorMessages.oneLine(e));
            }
        }
        if (!problems.isEmpty()) {
            throw new HookpathException(UiTexts.get(
                    "error.someImages", problems.size(), entries.size(), problems.get(0)));
        }
        return new Summary(removed);
    }

    private static boolean has(Map<String, Integer> counts, String run) {
        return run == null ? !counts.isEmpty() : counts.containsKey(run);
    }

    private static int remove(OpenImage image, String run) {
        if (!has(count(image.objects()), run)) {
            return 0;
        }
        String script = run == null ? GroovyCall.plain("removeResults")
                : GroovyCall.plain("removeResults", run);
        return new ImageResultImport(image).step(UiTexts.get("step.remove"), script)
                .run(new ImageResult(null, null, 0, run == null ? List.of() : List.of(run),
                        run == null, Map.of()))
                .removed();
    }
}
