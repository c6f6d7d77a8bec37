package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;
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
     * How many planes images have at most, along z and in time, as the project has it; nothing is
     * opened. Not for the JavaFX thread.
     */
    public static Plane largest(Collection<ProjectImageEntry<BufferedImage>> entries) {
        int z = 1;
        int t = 1;
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            ImageServerRecord record =
                    ImageServerRecord.parse(JobInputWriter.json(entry.getServerBuilder()));
            z = Math.max(z, record.sizeZ());
            t = Math.max(t, record.sizeT());
        }
        return new Plane(z, t);
    }
}
