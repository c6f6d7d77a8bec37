package qupath.ext.hookpath.preview;

/**
 * Where the worker finds the slide of an image.
 *
 * @param path of the file
 * @param mpp µm/px along x and y as the project has it; null: the file's own
 * @param cropToBounds whether the image is cropped to OpenSlide's bounds
 */
public record SlideSource(String path, double[] mpp, boolean cropToBounds) {
}
