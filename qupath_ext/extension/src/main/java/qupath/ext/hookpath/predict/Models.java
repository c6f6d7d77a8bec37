package qupath.ext.hookpath.predict;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.core.ModelFolder;
import qupath.lib.projects.Project;

/** The trained models that can be found. */
public final class Models {

    private Models() {}

    /**
     * Models in the project's {@code hookpath/models}, in QuPath's user directory and in the
     * folders that a person added. Reads files; not for the JavaFX thread.
     *
     * @param project may be null
     */
    public static List<ModelFolder> all(Project<BufferedImage> project) {
        Set<Path> places = new LinkedHashSet<>();
        places.add(modelsIn(JobStart.base(project)));
        places.add(modelsIn(JobStart.base(null)));
        places.addAll(Preferences.modelFolders());
        List<ModelFolder> found = new ArrayList<>(
                ModelFolder.below(places.toArray(Path[]::new)));
        String last = Preferences.lastModel().get();
        if (!last.isBlank() && found.stream().noneMatch(m -> m.path().equals(Path.of(last)))) {
            ModelFolder remembered = ModelFolder.read(Path.of(last));
            if (remembered.problem() == null) {
                found.add(remembered);
            }
        }
        return found;
    }

    /** Where a project's models go: {@code <base>/hookpath/models}. */
    public static Path modelsIn(Path base) {
        return base.resolve("hookpath").resolve("models");
    }
}
