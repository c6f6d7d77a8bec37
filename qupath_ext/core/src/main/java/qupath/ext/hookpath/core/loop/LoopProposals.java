package qupath.ext.hookpath.core.loop;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.models.ModelOrigin;

/**
 * What the annotation loop remembers of an image, as {@code projects/loop_proposals.py} reads it.
 *
 * @param drawnIds  objects that a person drew before the first proposal
 * @param proposals GeoJSON files of all that was ever proposed
 */
public record LoopProposals(Set<String> drawnIds, List<Path> proposals) {

    /**
     * Reads it.
     *
     * @param loop    the loop's folder; may be missing
     * @param imageId of the image in its project
     * @return null: nothing was ever proposed on the image
     * @throws IOException a file of the loop is damaged
     */
    public static LoopProposals of(Path loop, String imageId) throws IOException {
        String stem = stem(imageId);
        Path file = loop.resolve("images").resolve(stem + ".json");
        if (!Files.exists(file)) {
            return null;
        }
        try {
            JsonObject record = Json.read(file);
            List<Path> proposals = new ArrayList<>();
            for (Double round : Json.doubles(Json.list(record, "proposed_in"))) {
                Path rounds = ModelOrigin.rounds(loop);
                proposals.addAll(in(rounds.resolve("%02d".formatted(round.intValue()))
                        .resolve("proposals"), stem));
            }
            return Json.list(record, "proposed_in").isEmpty() ? null
                    : new LoopProposals(Set.copyOf(Json.texts(record, "drawn_ids")), proposals);
        } catch (RuntimeException e) {
            throw new IOException(Json.damage(file, e), e);
        }
    }

    /**
     * Reads it of one plane of an image: that goes by an id of its own where a loop was begun with
     * chosen planes, else the one that QuPath shows first by the image's.
     *
     * @param loop    the loop's folder; may be missing
     * @param imageId of the image in its project
     * @param plane   the plane
     * @param count   how many planes the image has
     * @return null: nothing was ever proposed on it
     * @throws IOException a file of the loop is damaged
     */
    public static LoopProposals of(Path loop, String imageId, Plane plane, Plane count)
            throws IOException {
        LoopProposals own = of(loop, imageId + "@z" + plane.z() + "t" + plane.t());
        return own != null || !plane.equals(new Plane(count.z() / 2, 0)) ? own : of(loop, imageId);
    }

    private static List<Path> in(Path folder, String stem) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.getFileName().toString().startsWith(stem + ".")
                    && f.toString().endsWith(".geojson"))
                    .sorted(Comparator.naturalOrder()).toList();
        }
    }

    /** A project's ids are numbers; a plane's has an @, which is made safe as Python does. */
    private static String stem(String imageId) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(imageId.getBytes(StandardCharsets.UTF_8));
            return imageId.replace('@', '_') + "-"
                    + HexFormat.of().formatHex(digest).substring(0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);     // every Java has it
        }
    }
}
