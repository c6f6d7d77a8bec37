package qupath.ext.hookpath;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.locationtech.jts.geom.Geometry;
import qupath.ext.hookpath.core.geojson.ResultAppearance;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.roi.PolygonROI;
import qupath.lib.roi.interfaces.ROI;

/**
 * Which objects a run made, and which are a person's.
 *
 * <p>An object is a run's while it carries the run's tag <em>and</em> looks as it was written. Once
 * a person moved, reshaped, reclassified, named or locked it, it is that person's: nothing here
 * removes it.
 */
public final class ResultOwnership {

    /** Key of the object metadata that says which run made an object. */
    public static final String RUN_TAG = "hookpath.run";

    /** Key of the object metadata that says how the object looked when it was written. */
    public static final String APPEARANCE_KEY = "hookpath.looks";

    /** Key of the object metadata of a result that a person confirmed: that person's from then. */
    public static final String CONFIRMED_KEY = "hookpath.confirmed";

    /** What the tag of tissue outlines begins with. */
    private static final String TISSUE_RUN = "hookpath-tissue";

    private ResultOwnership() {}

    /**
     * The run that made an object.
     *
     * @param object any object
     * @return the run; null for a person's object
     */
    public static String runOf(PathObject object) {
        return object.hasMetadata() ? object.getMetadata().get(RUN_TAG) : null;
    }

    /**
     * Whether an object may be taken away with its run.
     *
     * @param object any object
     * @param run only this run; null: any
     */
    public static boolean isOurs(PathObject object, String run) {
        String made = runOf(object);
        return made != null && (run == null || run.equals(made)) && !wasEdited(object);
    }

    /** An object as it was when it was found to be a run's; cheap to compare with. */
    record Seen(PathObject object, ROI roi, PathClass pathClass, String name, boolean locked) {

        private boolean isAsItWas() {
            return object.getROI() == roi && object.getPathClass() == pathClass
                    && Objects.equals(object.getName(), name) && object.isLocked() == locked;
        }
    }

    /** Notes how objects are, to see later whether a person touched them in the meantime. */
    static List<Seen> seen(Collection<PathObject> objects) {
        List<Seen> found = new ArrayList<>(objects.size());
        for (PathObject o : objects) {
            found.add(new Seen(o, o.getROI(), o.getPathClass(), o.getName(), o.isLocked()));
        }
        return found;
    }

    /** Those that nobody touched since. */
    static List<PathObject> untouched(Collection<Seen> seen) {
        List<PathObject> found = new ArrayList<>(seen.size());
        for (Seen before : seen) {
            if (before.isAsItWas()) {
                found.add(before.object());
            }
        }
        return found;
    }

    /** Whether it stays when new results come: an outline of tissue, to begin with. */
    static boolean isLasting(PathObject object) {
        String made = runOf(object);
        return made != null && made.startsWith(TISSUE_RUN);
    }

    /** The objects among these that give way to results of a run; null: to new ones of any kind. */
    static List<PathObject> ours(Collection<? extends PathObject> objects, String run) {
        List<PathObject> found = new ArrayList<>();
        for (PathObject object : objects) {
            if (isOurs(object, run) && (run != null || !isLasting(object))) {
                found.add(object);
            }
        }
        return found;
    }

    /**
     * Tags an object with its run and how it looks, unless that has been done, or it is one that a
     * person confirmed.
     */
    static void tag(PathObject object, String run) {
        Map<String, String> metadata = object.getMetadata();
        if (metadata.containsKey(CONFIRMED_KEY)) {
            return;
        }
        metadata.putIfAbsent(RUN_TAG, run);
        metadata.putIfAbsent(APPEARANCE_KEY, appearance(object).toJson());
    }

    private static boolean wasEdited(PathObject object) {
        String written = object.getMetadata().get(APPEARANCE_KEY);
        return written == null ? object.isLocked()
                : !ResultAppearance.parse(written).alike(appearance(object));
    }

    private static ResultAppearance appearance(PathObject object) {
        ROI roi = object.getROI();
        double[] bounds = {roi.getBoundsX(), roi.getBoundsY(),
                roi.getBoundsX() + roi.getBoundsWidth(), roi.getBoundsY() + roi.getBoundsHeight()};
        String className = object.getPathClass() == null ? null : object.getPathClass().toString();
        if (roi instanceof PolygonROI) { // from its vertices: its geometry may have lost area
            return new ResultAppearance(className, object.getName(), object.isLocked(),
                    roi.getArea(), roi.getLength(), bounds);
        }
        Geometry geometry = roi.getGeometry();
        return new ResultAppearance(className, object.getName(), object.isLocked(),
                geometry.getArea(), geometry.getLength(), bounds);
    }
}
