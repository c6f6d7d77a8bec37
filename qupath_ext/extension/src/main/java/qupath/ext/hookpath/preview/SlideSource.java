package qupath.ext.hookpath.preview;

import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.RequestImage;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;

/**
 * Where the worker finds the slide of an image.
 *
 * @param path of the file
 * @param mpp µm/px along x and y as the project has it; null: the file's own
 * @param cropToBounds whether the image is cropped to OpenSlide's bounds
 * @param server QuPath's own JSON of how it opens the image; null: the file is read as it is
 * @param plane of a stack; null: it has one
 */
public record SlideSource(
        String path, double[] mpp, boolean cropToBounds, JsonObject server, Plane plane) {

    /** A slide that is read as it is in its file. */
    public SlideSource(String path, double[] mpp, boolean cropToBounds) {
        this(path, mpp, cropToBounds, null, null);
    }

    /**
     * Of an image that is shown. Not for the JavaFX thread.
     *
     * @param plane of a stack; null: it has one
     * @throws HookpathException it has no µm/px, or is no plain slide in a file; one line why
     */
    static SlideSource of(
            ImageData<BufferedImage> image, Project<BufferedImage> project, Plane plane) {
        if (!image.getServer().getPixelCalibration().hasPixelSizeMicrons()) {
            throw new HookpathException(
                    UiTexts.get("preview.noSpacing", image.getServerMetadata().getName()));
        }
        RequestImage part = new JobInputWriter(null).image(OpenImage.of(image, project), project,
                null)
                .images().get(0);
        if (part.problem() != null) {
            throw new HookpathException(part.name() + ": " + part.problem());
        }
        String path = part.slide() == null ? part.name() : part.slide();
        return new SlideSource(path, part.mppXY(), part.cropToBounds(), part.server(), plane);
    }
}
