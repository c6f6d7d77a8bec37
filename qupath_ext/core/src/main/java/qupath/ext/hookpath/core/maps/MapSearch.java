package qupath.ext.hookpath.core.maps;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.Plane;

/** The maps that predictions left for an image. */
public final class MapSearch {

    private static final String RECORD = "prediction.json";
    private static final int DEPTH = 6;

    private MapSearch() {}

    private record Found(Path map, boolean sameSlide, boolean samePlane, FileTime when) {}

    /**
     * Probability maps (class maps where there is none), those of this very file first, of these
     * those of a plane, the latest first. Reads the folders; never throws.
     *
     * @param image name of the image
     * @param slide path of its file, or null
     * @param plane the plane
     * @param roots folders to look in, some levels deep
     */
    public static List<Path> mapsOf(String image, String slide, Plane plane, Path... roots) {
        List<Found> found = new ArrayList<>();
        for (Path root : roots) {
            if (Files.isDirectory(root)) {
                records(root).forEach(record -> add(record, image, slide, plane, found));
            }
        }
        found.sort(Comparator.comparing(Found::sameSlide).thenComparing(Found::samePlane)
                .thenComparing(Found::when).reversed());
        return found.stream().map(Found::map).distinct().toList();
    }

    private static List<Path> records(Path root) {
        try (Stream<Path> paths = Files.walk(root, DEPTH)) {
            return paths.filter(path -> path.endsWith(RECORD)).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    private static void add(Path record, String image, String slide, Plane plane,
            List<Found> found) {
        try {
            JsonObject json = Json.read(record);
            boolean sameSlide = slide != null
                    && slide.equals(Json.text(Json.object(json, "slide"), "path"));
            Path map = map(record.getParent());
            if (map != null && (sameSlide || Objects.equals(image, Json.text(json, "image")))) {
                found.add(new Found(map, sameSlide,
                        Objects.requireNonNullElse(Plane.of(json), Plane.FIRST).equals(plane),
                        Files.getLastModifiedTime(record)));
            }
        } catch (IOException | RuntimeException e) {
            // Half-written or somebody else's: it is no prediction that could be shown.
        }
    }

    private static Path map(Path folder) {
        for (String name : List.of(MapFile.PROBABILITIES, MapFile.CLASSES)) {
            if (Files.isRegularFile(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        return null;
    }
}
