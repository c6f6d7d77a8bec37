package qupath.ext.hookpath.predict;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.models.ModelLibrary;
import qupath.lib.projects.Project;

/** The one list of models that every window and script goes by. */
public final class ModelList {

    private static final ReadOnlyIntegerWrapper CHANGES = new ReadOnlyIntegerWrapper();

    private ModelList() {}

    /**
     * Models of the project (trained, imported, of its annotation loop), those in QuPath's user
     * directory and those in folders that a person added. Reads files; not for the JavaFX thread.
     *
     * @param project may be null
     */
    public static List<ModelFolder> all(Project<BufferedImage> project) {
        List<ModelFolder> found = new ArrayList<>(shelf(project).list());
        if (project != null) {
            found.addAll(shelf(null).list());
        }
        found.addAll(ModelFolder.below(Preferences.modelFolders().toArray(Path[]::new)));
        String last = Preferences.lastModel().get();
        if (!last.isBlank()) {
            found.add(ModelFolder.read(Path.of(last)));
        }
        Set<Path> seen = new HashSet<>();
        found.removeIf(model -> !seen.add(model.path().toAbsolutePath().normalize())
                || model.problem() != null && model.path().equals(Path.of(last)));
        return found;
    }

    /**
     * The model that a script asks for.
     *
     * @param text a folder, or the name of a model of the one list
     * @param project to look for it in; may be null
     * @return its folder
     * @throws HookpathException there is none
     */
    public static Path named(String text, Project<BufferedImage> project) {
        if (text.isBlank()) {
            throw new HookpathException(UiTexts.get("error.noModel"));
        }
        Path asked = Path.of(text);
        if (Files.isDirectory(asked)) {
            return asked.toAbsolutePath();
        }
        return all(project).stream().filter(model -> model.name().equals(text))
                .map(ModelFolder::path).findFirst()
                .orElseThrow(() -> new HookpathException(UiTexts.get("error.modelMissing", text)));
    }

    /**
     * Where a project's models live.
     *
     * @param project null: those of no project
     */
    public static ModelLibrary shelf(Project<BufferedImage> project) {
        return new ModelLibrary(JobLauncher.base(project));
    }

    /** Where a project's models go: {@code <base>/hookpath/models}. */
    public static Path modelsIn(Path base) {
        return new ModelLibrary(base).models();
    }

    /**
     * The shelf of this project, or of no project, that a model is on; none: it lies elsewhere.
     *
     * @param project may be null
     */
    public static Optional<ModelLibrary> shelfOf(ModelFolder model,
            Project<BufferedImage> project) {
        return List.of(shelf(project), shelf(null)).stream().filter(one -> one.holds(model))
                .findFirst();
    }

    /**
     * Where a model comes from, in words.
     *
     * @param project may be null
     */
    public static String from(ModelFolder model, Project<BufferedImage> project) {
        if (shelfOf(model, project).isEmpty()) {
            boolean added = Preferences.modelFolders().stream()
                    .anyMatch(folder -> model.path().startsWith(folder));
            return UiTexts.get(added ? "models.from.added" : "models.from.last");
        }
        return UiTexts.get("models.from." + model.origin().kind());
    }

    /** Counts how often models came, went or were renamed; windows look again when it does. */
    public static ReadOnlyIntegerProperty changesProperty() {
        return CHANGES.getReadOnlyProperty();
    }

    /** Says that there are other models than before. From any thread. */
    public static void changed() {
        Platform.runLater(() -> CHANGES.set(CHANGES.get() + 1));
    }
}
