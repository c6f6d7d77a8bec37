package qupath.ext.hookpath.core.models;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.training.TrainingRunFolder;

/**
 * Where a model comes from, as its place on disk tells.
 *
 * @param kind  what made it
 * @param round of the annotation loop, from 1; 0: of none
 * @param home  the folder that is the model's alone, with all that belongs to it: the run's, or the
 *              model's own
 */
public record ModelOrigin(Kind kind, int round, Path home) {

    /** What made a model. */
    public enum Kind {
        /** A training of its own. */
        TRAINING,
        /** A round of the annotation loop. */
        LOOP,
        /** Live, and kept. */
        LIVE,
        /** It was made elsewhere and brought here. */
        COPY
    }

    private static final String LOOP_FILE = "loop.json";
    private static final String ROUNDS = "rounds";

    /** Of a model's folder (not of the run's). */
    public static ModelOrigin of(Path model) {
        Path folder = model.toAbsolutePath().normalize();
        Path run = folder.getParent();
        if (!folder.endsWith("model") || run == null || run.getParent() == null) {
            return new ModelOrigin(isLive(folder) ? Kind.LIVE : Kind.COPY, 0, folder);
        }
        int round = roundOf(run);
        if (round > 0) {
            return new ModelOrigin(Kind.LOOP, round, run);
        }
        return Files.exists(run.resolve(TrainingRunFolder.RECORD))
                ? new ModelOrigin(Kind.TRAINING, 0, run) : new ModelOrigin(Kind.COPY, 0, folder);
    }

    private static boolean isLive(Path folder) {
        try {
            JsonObject card = Json.read(folder.resolve(ModelFolder.CARD));
            return "live".equals(Json.text(Json.object(card, "training"), "by"));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** {@code <loop>/rounds/02/run} is the second round's. */
    private static int roundOf(Path run) {
        Path round = run.getParent();
        Path rounds = round.getParent();
        boolean ofLoop = run.endsWith("run") && rounds != null && rounds.endsWith(ROUNDS)
                && Files.exists(rounds.resolveSibling(LOOP_FILE));
        String number = String.valueOf(round.getFileName());
        return ofLoop && number.matches("\\d{1,6}") ? Integer.parseInt(number) : 0;
    }

    /** Where a loop keeps its rounds. */
    public static Path rounds(Path loop) {
        return loop.resolve(ROUNDS);
    }
}
