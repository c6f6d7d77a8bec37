package qupath.ext.hookpath.results;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;

/** Annotations as a GeoJSON file, outlines as drawn. Not for the JavaFX thread. */
public final class AnnotationExport {

    private AnnotationExport() {}

    /**
     * Writes {@code <slide's stem>.geojson}.
     *
     * @param image an open image
     * @param folder where to; made if it is missing
     * @return the file, complete or as before
     * @throws HookpathException it cannot be written
     */
    public static Path run(OpenImage image, Path folder) {
        ImageServerRecord server = JobInputWriter.serverOf(image.data());
        // Beside the file, annotations in another frame than its own would be taken for its own.
        String name = server.file() == null || server.transformed() ? image.name()
                : server.file().getFileName().toString();
        Path file = folder.resolve(stem(name) + ".geojson");
        try {
            Files.createDirectories(folder);
            JobInputWriter.write(file, JobInputWriter.annotations(image.objects()));
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("error.write", file, ErrorMessages.oneLine(e)),
                    e);
        }
        return file;
    }

    private static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }
}
