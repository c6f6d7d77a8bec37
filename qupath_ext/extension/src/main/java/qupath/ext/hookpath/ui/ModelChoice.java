package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.scene.control.ComboBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.lib.projects.Project;

/** A choice among the models of the one list, or none of them. */
public final class ModelChoice extends ComboBox<ModelFolder> {

    private final ChangeListener<Number> onChange = (o, was, is) -> look();
    private Project<BufferedImage> project;
    private Predicate<ModelFolder> fits = model -> true;
    private String none = "";
    private String first;

    /** An empty one; see {@link #offer}. */
    public ModelChoice() {
        setConverter(new Names());
        setMaxWidth(Double.MAX_VALUE);
        ModelList.changesProperty().addListener(new WeakChangeListener<>(onChange));
    }

    /**
     * What is offered.
     *
     * @param noneText what "none of them" is called
     * @param which models are of use here
     */
    public void offer(String noneText, Predicate<ModelFolder> which) {
        none = noneText;
        fits = which.and(model -> model.problem() == null);
        getItems().setAll((ModelFolder) null);
    }

    /**
     * Offers the models of a project; what was chosen of another one is forgotten.
     *
     * @param of may be null
     */
    public void load(Project<BufferedImage> of) {
        if (of != project) {
            setValue(null);
        }
        project = of;
        look();
    }

    /**
     * The same, and chooses one as long as none is chosen.
     *
     * @param of may be null
     * @param wanted path of the model to choose; of one that is not there the first
     */
    public void load(Project<BufferedImage> of, String wanted) {
        first = wanted;
        load(of);
    }

    private void look() {
        Project<BufferedImage> of = project;
        BackgroundThreads.background().execute(() -> {
            List<ModelFolder> found = ModelList.all(of).stream().filter(fits).toList();
            BackgroundThreads.later(() -> show(of, found));
        });
    }

    private void show(Project<BufferedImage> of, List<ModelFolder> found) {
        if (of != project) {
            return;
        }
        ModelFolder chosen = getValue();
        List<ModelFolder> items = new ArrayList<>();
        items.add(null);
        items.addAll(found);
        getItems().setAll(items);
        setValue(chosen == null ? preferred(found) : found.stream()
                .filter(model -> model.path().equals(chosen.path())).findFirst().orElse(null));
    }

    private ModelFolder preferred(List<ModelFolder> found) {
        if (first == null) {
            return null;
        }
        return found.stream().filter(model -> model.path().toString().equals(first)).findFirst()
                .orElse(found.isEmpty() ? null : found.getFirst());
    }

    private final class Names extends StringConverter<ModelFolder> {

        @Override
        public String toString(ModelFolder model) {
            return model == null ? none : UiTexts.get("models.choice", model.name(),
                    NamedChoice.text(model.family()), ModelList.from(model, project));
        }

        @Override
        public ModelFolder fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
