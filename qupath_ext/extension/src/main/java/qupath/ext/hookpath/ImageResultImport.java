package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntConsumer;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.ResultIndex.ImageResult;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.plugins.workflow.DefaultScriptableWorkflowStep;
import qupath.lib.plugins.workflow.WorkflowStep;
import qupath.lib.projects.Project;

/**
 * Puts what a job made into an image: reads and sorts off the JavaFX thread, then changes the
 * hierarchy in one go. Untouched results of earlier runs make room; what a person drew, changed or
 * selected stays.
 */
public final class ImageResultImport {

    /**
     * What an import did.
     *
     * @param added objects added
     * @param removed results of earlier runs taken away
     */
    public record Counts(int added, int removed) {}

    private final OpenImage image;
    private Project<BufferedImage> project;
    private TargetRegions regions = TargetRegions.EVERYWHERE;
    private Set<Plane> planes = Set.of();
    private List<Path> further = List.of();
    private WorkflowStep step;
    private IntConsumer progress = count -> { };

    /**
     * Into an image.
     *
     * @param image the image; the caller saves it if it is to be saved
     */
    public ImageResultImport(OpenImage image) {
        this.image = image;
    }

    /** Adds classes that are new to the project's list. */
    public ImageResultImport project(Project<BufferedImage> project) {
        this.project = project;
        return this;
    }

    /** Puts objects below the regions that they were asked for, and replaces only there. */
    public ImageResultImport regions(TargetRegions regions) {
        this.regions = regions;
        return this;
    }

    /** What the same run has on other planes stays; none are given: it goes. */
    public ImageResultImport planes(Collection<Plane> planes) {
        this.planes = Set.copyOf(planes);
        return this;
    }

    /** Adds the objects of these files, too: of further planes of the result. */
    public ImageResultImport further(List<Path> files) {
        this.further = List.copyOf(files);
        return this;
    }

    /** Hears how many objects have been read. */
    public ImageResultImport progress(IntConsumer progress) {
        this.progress = progress;
        return this;
    }

    /**
     * Writes a line into the image's history.
     *
     * @param name what a person sees
     * @param script the line of Groovy that does it again
     */
    public ImageResultImport step(String name, String script) {
        this.step = new DefaultScriptableWorkflowStep(name, script);
        return this;
    }

    /**
     * Does it. Not for the JavaFX thread.
     *
     * @param result what the job has for the image
     * @return what was changed
     * @throws HookpathException the objects cannot be read; the image is as before
     */
    public Counts run(ImageResult result) {
        List<PathObject> found = new ArrayList<>();
        if (result.objects() != null) {
            found.addAll(GeoJsonObjects.read(result.objects(), progress));
        }
        for (Path file : further) {
            int before = found.size();
            found.addAll(GeoJsonObjects.read(file, count -> progress.accept(before + count)));
        }
        if (result.run() != null) {
            found.forEach(object -> ResultOwnership.tag(object, result.run()));
        }
        Map<PathObject, List<PathObject>> sorted = regions.sorted(image.hierarchy(), found);
        List<ResultOwnership.Seen> earlier = earlier(result);
        listClasses(found);
        int removed = image.call(() -> apply(sorted, earlier));
        setMetadata(result.metadata());
        return new Counts(found.size(), removed);
    }

    private List<ResultOwnership.Seen> earlier(ImageResult result) {
        Collection<PathObject> all = image.objects();
        Set<PathObject> found = new LinkedHashSet<>();
        if (result.replacesAll()) {
            found.addAll(ResultOwnership.ours(all, null));
        }
        for (String run : result.removedRuns()) {
            found.addAll(ResultOwnership.ours(all, run));
        }
        if (!planes.isEmpty() && result.run() != null) {
            found.removeIf(object -> result.run().equals(ResultOwnership.runOf(object))
                    && !planes.contains(TargetRegions.planeOf(object)));
        }
        return ResultOwnership.seen(regions.within(image.hierarchy(), found));
    }

    private int apply(Map<PathObject, List<PathObject>> sorted,
            List<ResultOwnership.Seen> earlier) {
        List<PathObject> gone = ResultOwnership.untouched(earlier);
        renewIds(sorted.values(), gone);
        var change = new HierarchyChange(image.hierarchy()).remove(gone);
        sorted.forEach((region, objects) -> change.add(isThere(region) ? region : null, objects));
        ViewerRepaint.gently(image.data(), gone.size()
                + sorted.values().stream().mapToInt(List::size).sum());
        change.apply();
        if (step != null) {
            image.data().getHistoryWorkflow().addStep(step);
        }
        return gone.size();
    }

    /**
     * Results that are drawn anew from the same maps have the ids of the earlier ones, of which a
     * person's stay: no two objects of an image have the same.
     */
    private void renewIds(Collection<List<PathObject>> found, List<PathObject> gone) {
        Set<PathObject> leaving = new HashSet<>(gone);
        Set<UUID> taken = new HashSet<>();
        for (PathObject object : image.objects()) {
            if (!leaving.contains(object)) {
                taken.add(object.getID());
            }
        }
        found.stream().flatMap(List::stream).filter(object -> taken.contains(object.getID()))
                .forEach(PathObject::refreshID);
    }

    /** A region may have been deleted while the job ran: then the objects go below the root. */
    private static boolean isThere(PathObject region) {
        return region != null && (region.getParent() != null || region.isTMACore());
    }

    private void listClasses(List<PathObject> objects) {
        Set<PathClass> used = new LinkedHashSet<>();
        for (PathObject object : objects) {
            if (object.getPathClass() != null) {
                used.add(object.getPathClass());
            }
        }
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (qupath != null && qupath.getProject() == project) {
            BackgroundThreads.call(true, () -> addMissing(qupath.getAvailablePathClasses(), used));
        } else if (project != null) {
            List<PathClass> known = new ArrayList<>(project.getPathClasses());
            if (addMissing(known, used)) {
                project.setPathClasses(known);
            }
        }
    }

    private static boolean addMissing(List<PathClass> known, Set<PathClass> used) {
        List<PathClass> missing = new ArrayList<>(used);
        missing.removeAll(known);
        return !missing.isEmpty() && known.addAll(missing);
    }

    private void setMetadata(Map<String, String> values) {
        if (image.entry() == null || values.isEmpty()) {
            return;
        }
        ProjectEntries.set(image.entry().getMetadata(), values);
        if (project != null) {
            ProjectEntries.save(project);
        }
    }
}
