package qupath.ext.hookpath.core.maps;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
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

    /**
     * A map of an image.
     *
     * @param file the map
     * @param sameSlide it is of this very file, not of a namesake
     * @param plane what it is of
     * @param when it was made
     */
    public record Found(Path file, boolean sameSlide, Plane plane, Instant when) {

        /** One that a person chose; nothing of it is read. */
        public static Found of(Path file) {
            return new Found(file, true, Plane.FIRST, null);
        }

        /** The model's name: that of the folder of the run. */
        public String model() {
            int count = file.getNameCount();
            return file.getName(Math.max(0, count - 3)).toString();
        }
    }

    /**
     * Probability maps (class maps where there is none), those of this very file first, of these
     * those of a plane, the latest first. Reads the folders; never throws.
     *
     * @param image name of the image
     * @param slide path of its file, or null
     * @param plane the plane
     * @param roots folders to look in, some levels deep
     */
    public static List<Found> mapsOf(String image, String slide, Plane plane, Path... roots) {
        List<Found> found = new ArrayList<>();
        for (Path root : roots) {
            if (Files.isDirectory(root)) {
                records(root).forEach(record -> add(record, image, slide, found));
            }
        }
        found.sort(Comparator.comparing(Found::sameSlide)
                .thenComparing((Found one) -> one.plane().equals(plane))
                .thenComparing(Found::when).reversed());
        return found.stream().distinct().toList();
    }

    private static List<Path> records(Path root) {
        try (Stream<Path> paths = Files.walk(root, DEPTH)) {
            return paths.filter(path -> path.endsWith(RECORD)).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    private static void add(Path record, String image, String slide, List<Found> found) {
        try {
            JsonObject json = Json.read(record);
            boolean sameSlide = slide != null
                    && slide.equals(Json.text(Json.object(json, "slide"), "path"));
            Path map = map(record.getParent());
            if (map != null && (sameSlide || Objects.equals(image, Json.text(json, "image")))) {
                found.add(new Found(map, sameSlide,
                        Objects.requireNonNullElse(Plane.of(json), Plane.FIRST),
                        Files.getLastModifiedTime(record).toInstant()));
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
