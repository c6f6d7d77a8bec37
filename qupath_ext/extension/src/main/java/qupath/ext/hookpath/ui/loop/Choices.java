package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.control.ComboBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.DrawnImage;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;

/** What there is to choose from when a loop begins. */
final class Choices {

    private Choices() {}

    /** Fills a choice with values whose names are {@code train.choice.<value>}. */
    static void fill(ComboBox<String> choice, String... values) {
        choice.setConverter(new StringConverter<>() {
            @Override
            public String toString(String value) {
                return value == null ? "" : Texts.get("train.choice." + value);
            }

            @Override
            public String fromString(String text) {
                throw new UnsupportedOperationException("not editable");
            }
        });
        choice.getItems().setAll(values);
        choice.setValue(values[0]);
    }

    /** "None" and the project's classes that can be learned. */
    static List<String> classes(Project<BufferedImage> project) {
        List<String> found = new ArrayList<>(List.of(Texts.get("loop.rest.none")));
        for (PathClass known : project == null ? List.<PathClass>of() : project.getPathClasses()) {
            if (known != null && known != PathClass.NULL_CLASS
                    && DrawnImage.isUsable(known.toString())) {
                found.add(known.toString());
            }
        }
        return found;
    }
}
