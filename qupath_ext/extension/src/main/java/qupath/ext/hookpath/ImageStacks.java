package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javafx.beans.value.ChangeListener;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Images of several planes: z-stacks and time series. */
public final class ImageStacks {

    private ImageStacks() {}

    /** The plane of an image that a viewer shows; null: the image has one. */
    public static Plane planeOf(ImageData<BufferedImage> image, QuPathViewer viewer) {
        var server = image.getServer();
        return server.nZSlices() > 1 || server.nTimepoints() > 1 ? shown(viewer) : null;
    }

    /** The plane that a viewer shows. */
    public static Plane shown(QuPathViewer viewer) {
        return new Plane(viewer.getZPosition(), viewer.getTPosition());
    }

    /**
     * Planes of an image in words, e.g. {@code z 0,2-4, t 1}; empty where there are none, or the
     * image has one.
     */
    public static String named(Collection<Plane> planes, int sizeZ, int sizeT) {
        return planes.isEmpty() ? ""
                : named(Plane.listedZ(planes), Plane.listedT(planes), sizeZ, sizeT);
    }

    /** The same of indices that are written down. */
    public static String named(String alongZ, String inTime, int sizeZ, int sizeT) {
        List<String> parts = new ArrayList<>();
        if (sizeZ > 1) {
            parts.add(UiTexts.get("planes.z") + " " + alongZ);
        }
        if (sizeT > 1) {
            parts.add(UiTexts.get("planes.t") + " " + inTime);
        }
        return String.join(", ", parts);
    }

    /**
     * Planes of a project's stacks on which a person drew areas of a class. Not for the JavaFX
     * thread.
     *
     * @return none where all of them are those that QuPath opens the images with
     * @throws HookpathException an image's data file cannot be read
     */
    public static Set<Plane> drawnElsewhere(Project<BufferedImage> project) {
        Set<Plane> found = new LinkedHashSet<>();
        boolean elsewhere = false;
        for (ProjectImageEntry<BufferedImage> entry : project.getImageList()) {
            ImageServerRecord record = JobInputWriter.serverOf(entry.getServerBuilder());
            if (record.sizeZ() <= 1 && record.sizeT() <= 1) {
                continue;
            }
            for (PathObject object : OpenImage.objectsOf(project, entry)) {
                if (ProjectAnnotations.isOfAClass(object)
                        && !ResultOwnership.isOurs(object, null)) {
                    Plane plane = TargetRegions.planeOf(object);
                    elsewhere |= !plane.equals(Plane.usual(record.sizeZ()));
                    found.add(plane);
                }
            }
        }
        return elsewhere ? found : Set.of();
    }

    /**
     * Follows what the active viewer shows.
     *
     * @param qupath QuPath
     * @param changed called when the viewer, or the plane in it, is another one
     * @return ends that
     */
    public static Runnable follow(QuPathGUI qupath, Runnable changed) {
        ChangeListener<Number> onPlane = (o, was, is) -> changed.run();
        ChangeListener<QuPathViewer> onViewer = (o, was, is) -> {
            follow(was, is, onPlane);
            changed.run();
        };
        qupath.viewerProperty().addListener(onViewer);
        follow(null, qupath.getViewer(), onPlane);
        return () -> {
            qupath.viewerProperty().removeListener(onViewer);
            follow(qupath.getViewer(), null, onPlane);
        };
    }

    private static void follow(
            QuPathViewer was, QuPathViewer is, ChangeListener<Number> onPlane) {
        if (was != null) {
            was.zPositionProperty().removeListener(onPlane);
            was.tPositionProperty().removeListener(onPlane);
        }
        if (is != null) {
            is.zPositionProperty().addListener(onPlane);
            is.tPositionProperty().addListener(onPlane);
        }
    }

    /**
     * How many planes images have at most, along z and in time, as the project has it; nothing is
     * opened. Not for the JavaFX thread.
     */
    public static Plane largest(Collection<ProjectImageEntry<BufferedImage>> entries) {
        int z = 1;
        int t = 1;
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            ImageServerRecord record = JobInputWriter.serverOf(entry.getServerBuilder());
            z = Math.max(z, record.sizeZ());
            t = Math.max(t, record.sizeT());
        }
        return new Plane(z, t);
    }
}
