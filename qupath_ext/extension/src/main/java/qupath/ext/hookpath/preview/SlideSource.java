package qupath.ext.hookpath.preview;

import com.google.gson.JsonObject;
import qupath.ext.hookpath.core.Plane;

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
}
