package qupath.ext.hookpath.core.jobs;

import com.google.gson.JsonObject;
import java.util.Map;

/**
 * One image of the project that a job works on.
 *
 * @param id           id of the image, unique in the project, kept for the results
 * @param name         name as people see it
 * @param slide        path of the slide's file, or null when there is none (see {@code problem}) or
 *                     {@code server} says how to read it
 * @param mppXY        µm per pixel of level 0 along x and y, or null: the file's own
 * @param cropToBounds whether pixel positions count from the corner of the slide's bounds, as
 *                     QuPath does by default
 * @param annotations  GeoJSON file with the image's objects, relative to the request file, or null
 * @param metadata     the image's metadata in the project
 * @param server       QuPath's own JSON of how it opens the image, where its pixels are not those
 *                     of the file as it is; null: they are
 * @param problem      why the image cannot be handed over, or null; a job then fails for this image
 *                     with that text and goes on with the others
 */
public record RequestImage(String id, String name, String slide, double[] mppXY,
        boolean cropToBounds, String annotations, Map<String, String> metadata, JsonObject server,
        String problem) {
}
