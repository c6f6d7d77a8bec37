package qupath.ext.hookpath.results;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.ImageResultImport;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.GroovyCall;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.ext.hookpath.core.jobs.ResultIndex.ImageResult;
import qupath.ext.hookpath.core.maps.PredictionFolder;
import qupath.lib.projects.Project;

/**
 * Objects that were predicted elsewhere: the folder that {@code hookpath predict -o} wrote, one
 * image's folder in it, or any GeoJSON file. Not for the JavaFX thread.
 *
 * <p>Objects of a prediction replace earlier results and can be taken away with their run. A
 * GeoJSON file that no prediction belongs to may hold a person's work: its objects are added as
 * they are, and nothing is replaced.
 */
public final class PredictionFolderImport {

    private PredictionFolderImport() {}

    /**
     * Imports into an open image, all of its planes at once; it is not saved.
     *
     * @param image the image
     * @param project its project; null: none
     * @param source folder or GeoJSON file
     * @param progress hears how many objects have been read
     * @return how many objects were added and removed
     * @throws HookpathException nothing fits the image, or it cannot be read; nothing was changed
     */
    public static ImageResultImport.Counts run(OpenImage image, Project<BufferedImage> project,
            Path source, IntConsumer progress) {
        List<PredictionFolder> planes = Files.isDirectory(source) ? inFolder(image, source)
                : besideFile(source);
        planes.forEach(plane -> check(image, plane));
        ImageResult result = planes.isEmpty()   // nobody's prediction
                ? new ImageResult(source, null, 0, List.of(), false, Map.of())
                : new ImageResult(planes.getFirst().objects(), planes.getFirst().run(), 0,
                        List.of(), true, Map.of());
        return new ImageResultImport(image).project(project).progress(progress)
                .planes(planes.stream().map(PredictionFolder::plane).toList())
                .further(planes.stream().skip(1).map(PredictionFolder::objects).toList())
                .step(UiTexts.get("step.import"), GroovyCall.plain("importPredictions", source))
                .run(result);
    }

    private static List<PredictionFolder> inFolder(OpenImage image, Path folder) {
        List<PredictionFolder> all = PredictionFolder.below(folder);
        if (all.isEmpty()) {
            throw new HookpathException(UiTexts.get("error.noPredictions", folder));
        }
        if (all.size() == 1 && all.getFirst().path().equals(folder)) {
            return all;
        }
        ImageServerRecord server = JobInputWriter.serverOf(image.data());
        List<PredictionFolder> found = PredictionFolder.of(all, image.name(), server.file());
        if (found.isEmpty()) {
            throw new HookpathException(UiTexts.get("error.otherImages", folder, image.name()));
        }
        return found;
    }

    /** The prediction whose objects a file holds; empty: it is no prediction's. */
    private static List<PredictionFolder> besideFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new HookpathException(UiTexts.get("error.fileMissing", file));
        }
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isRegularFile(folder.resolve(PredictionFolder.RECORD))) {
            return List.of();
        }
        try {
            PredictionFolder found = PredictionFolder.read(folder);
            return file.toAbsolutePath().equals(found.objects()) ? List.of(found) : List.of();
        } catch (IOException e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        }
    }

    private static void check(OpenImage image, PredictionFolder found) {
        var size = image.data().getServerMetadata();
        if (!found.fits(size.getWidth(), size.getHeight())) {
            throw new HookpathException(UiTexts.get("error.otherFrame", image.name(),
                    size.getWidth(), size.getHeight(), found.path(),
                    Math.round(found.width()), Math.round(found.height())));
        }
        Plane plane = found.plane();
        if (plane.z() >= size.getSizeZ() || plane.t() >= size.getSizeT()) {
            throw new HookpathException(UiTexts.get(
                    "error.otherPlane", image.name(), found.path(), plane.z(), plane.t()));
        }
        if (found.objects() == null) {
            throw new HookpathException(UiTexts.get("error.noObjects", found.path()));
        }
    }
}
