package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.ImagePart;
import qupath.ext.hookpath.core.Plane;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;

/** The slide file behind an image that is shown. */
final class Slides {

    private Slides() {}

    /**
     * Where the worker finds it. Not for the JavaFX thread.
     *
     * @param plane of a stack; null: it has one
     * @throws HookpathException it has no µm/px, or is no plain slide in a file; one line why
     */
    static SlideSource of(
            ImageData<BufferedImage> image, Project<BufferedImage> project, Plane plane) {
        if (!image.getServer().getPixelCalibration().hasPixelSizeMicrons()) {
            throw new HookpathException(
                    Texts.get("preview.noSpacing", image.getServerMetadata().getName()));
        }
        ImagePart part = new Exchange(null).image(OpenImage.of(image, project), project, null)
                .images().get(0);
        if (part.problem() != null) {
            throw new HookpathException(part.name() + ": " + part.problem());
        }
        String path = part.slide() == null ? part.name() : part.slide();
        return new SlideSource(path, part.mppXY(), part.cropToBounds(), part.server(), plane);
    }
}
