package qupath.ext.hookpath.core.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.FolderReplacement;
import qupath.ext.hookpath.core.models.ModelOrigin.Kind;
import qupath.ext.hookpath.core.training.TrainingRuns;

/**
 * Where the models of a project live, or those of no project: trained and imported ones in
 * {@code hookpath/models}, those of the annotation loop in its rounds.
 *
 * @param base the project's folder, or QuPath's user directory
 */
public record ModelLibrary(Path base) {

    private static final String OURS = "hookpath";

    /** A folder of this name is called after the one that it is in. */
    private static final String UNNAMED = "model";

    /** Absolute. */
    public ModelLibrary {
        base = base.toAbsolutePath().normalize();
    }

    /** Where trained and imported models are. */
    public Path models() {
        return base.resolve(OURS).resolve("models");
    }

    /** Where the annotation loop is. */
    public Path loop() {
        return base.resolve(OURS).resolve("loop");
    }

    /** All models here, the latest first; those that cannot be used say why. */
    public List<ModelFolder> list() {
        List<ModelFolder> found = new ArrayList<>(ModelFolder.below(models()));
        rounds().stream().map(round -> round.resolve("run").resolve("model"))
                .filter(model -> Files.exists(model.resolve(ModelFolder.CARD)))
                .map(ModelFolder::read).forEach(found::add);
        found.sort(ModelFolder.LATEST_FIRST);
        return found;
    }

    /** Whether a model lies here. */
    public boolean holds(ModelFolder model) {
        Path home = model.origin().home();
        return home.startsWith(models()) && !home.equals(models()) || home.startsWith(loop());
    }

    /**
     * Why a model keeps its name: {@code "elsewhere"}, {@code "round"} (of the loop: it is called
     * by its number), {@code "running"}; null: it can get another.
     */
    public String whyNotRename(ModelFolder model) {
        if (!holds(model)) {
            return "elsewhere";
        }
        if (model.origin().kind() == Kind.LOOP) {
            return "round";
        }
        return TrainingRuns.isUnderWay(model.origin().home()) ? "running" : null;
    }

    /**
     * Why a model cannot be deleted: {@code "elsewhere"}, {@code "lastRound"} (the loop goes on
     * from it), {@code "running"}; null: it can.
     */
    public String whyNotDelete(ModelFolder model) {
        if (!holds(model)) {
            return "elsewhere";
        }
        ModelOrigin origin = model.origin();
        if (origin.kind() == Kind.LOOP && origin.round() >= rounds().size()) {
            return "lastRound";
        }
        return TrainingRuns.isUnderWay(origin.home()) ? "running" : null;
    }

    /**
     * Whether a name can be a model's here.
     *
     * @return null: it can; {@code "name"}: it is none, {@code "exists"}: there is one
     */
    public String whyNotName(String name) {
        try {
            boolean none = name.isBlank() || !name.equals(name.strip()) || name.startsWith(".")
                    || name.matches(".*[/\\\\:*?\"<>|\\p{Cntrl}].*") || name.endsWith(".")
                    || Path.of(name).getNameCount() != 1 || name.equals(UNNAMED);
            return none ? "name" : Files.exists(models().resolve(name)) ? "exists" : null;
        } catch (InvalidPathException e) {
            return "name";
        }
    }

    /**
     * Gives a model another name; {@link #whyNotRename} and {@link #whyNotName} come first.
     *
     * @return the model's folder as it is called now
     * @throws IOException it is in use, or the disk refuses
     */
    public Path rename(ModelFolder model, String name) throws IOException {
        Path home = model.origin().home();
        Path renamed = home.resolveSibling(name);
        if (Files.exists(renamed)) {
            throw new IOException(name + " is there already");
        }
        Files.move(home, renamed);
        return renamed.resolve(home.relativize(model.path().toAbsolutePath().normalize()))
                .normalize();
    }

    /**
     * Deletes a model with all that belongs to it; {@link #whyNotDelete} comes first.
     *
     * @throws IOException it is in use, or the disk refuses; what is left is no model any more
     */
    public void delete(ModelFolder model) throws IOException {
        if (whyNotDelete(model) != null) {
            throw new IOException(model.name() + " is not to be deleted");
        }
        Files.deleteIfExists(model.path().resolve(ModelFolder.CARD));
        FolderReplacement.delete(model.origin().home());
    }

    /**
     * Brings a model here: a folder, the run that made it, or a {@code .zip} of it.
     *
     * @param source what to take; it stays where it is
     * @return the model as it is here, under a free name after the source's
     * @throws IOException the source is no model, or the disk refuses; nothing was changed
     */
    public ModelFolder take(Path source) throws IOException {
        Files.createDirectories(models());
        Path part = Files.createDirectory(models().resolve(".import-" + System.nanoTime()));
        try {
            boolean packed = Files.isRegularFile(source);
            ModelFolder from = packed ? null : ModelFolder.read(source);
            if (packed) {
                ModelZip.unpack(source, part);
            } else if (from.problem() != null) {
                throw new IOException(from.problem());
            } else {
                ModelZip.copy(from.path(), part);
            }
            ModelFolder found = ModelFolder.read(part);
            if (found.problem() != null) {
                throw new IOException(source + ": "
                        + found.problem().replaceFirst("^.*?: ", ""));
            }
            String name = packed ? String.valueOf(source.getFileName())
                    .replaceFirst("(?i)\\.zip$", "") : from.name();
            Path here = models().resolve(TrainingRuns.freeName(models(), safe(name)));
            Files.move(part, here);
            return ModelFolder.read(here);
        } finally {
            FolderReplacement.delete(part);
        }
    }

    private String safe(String name) {
        String plain = name.replaceAll("[/\\\\:*?\"<>|\\p{Cntrl}]", "_").strip()
                .replaceFirst("^\\.+", "").replaceFirst("\\.+$", "");
        return plain.isBlank() || plain.equals(UNNAMED) ? "imported" : plain;
    }

    /** Rounds of the loop that were trained, in their order. */
    private List<Path> rounds() {
        try (Stream<Path> all = Files.list(ModelOrigin.rounds(loop()))) {
            return all.filter(round -> Files.exists(round.resolve("round.json"))
                    && String.valueOf(round.getFileName()).matches("\\d{1,6}"))
                    .sorted(Comparator.comparing(Path::getFileName)).toList();
        } catch (IOException e) {
            return List.of();    // no loop
        }
    }
}
