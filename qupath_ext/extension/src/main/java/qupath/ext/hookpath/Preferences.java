package qupath.ext.hookpath;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.DoubleProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import qupath.ext.hookpath.core.RememberedValues;
import qupath.ext.hookpath.core.environment.PackageSources;
import qupath.fx.prefs.controlsfx.PropertyItemBuilder;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.prefs.PathPrefs;
import qupath.lib.projects.Project;

/** What the extension remembers between sessions. Works without a window, too. */
public final class Preferences {

    private static final String PREFIX = "hookpath.";
    private static final StringProperty PYTHON = text("python", "");
    private static final StringProperty MODEL_FOLDERS = text("modelFolders", "");
    private static final StringProperty DEVICE = text("device", "auto");
    private static final StringProperty INDEX = text("packageIndex", "");
    private static final StringProperty PYTHON_MIRROR = text("pythonMirror", "");
    private static final StringProperty PROXY = text("proxy", "");
    private static final StringProperty LAST_MODELS = text("lastModels", "");
    private static final StringProperty LAST_MODEL = new SimpleStringProperty("");
    private static String project = "";
    private static final StringProperty OUTPUT = text("output", "detections");
    private static final BooleanProperty OVERLAY =
            PathPrefs.createPersistentPreference(PREFIX + "overlay", false);
    private static final DoubleProperty MIN_AREA =
            PathPrefs.createPersistentPreference(PREFIX + "minAreaUm2", 100.0);
    private static final DoubleProperty SIMPLIFY =
            PathPrefs.createPersistentPreference(PREFIX + "simplifyUm", 0.5);

    static {
        LAST_MODEL.set(RememberedValues.parse(LAST_MODELS.get()).of(project));
        LAST_MODEL.addListener((o, was, is) -> LAST_MODELS.set(
                RememberedValues.parse(LAST_MODELS.get()).with(project, is).text()));
    }

    private static final BooleanProperty FIRST_STEPS =
            PathPrefs.createPersistentPreference(PREFIX + "firstSteps", true);

    private Preferences() {}

    /** Whether to show the first steps when QuPath begins. */
    public static BooleanProperty firstSteps() {
        return FIRST_STEPS;
    }

    /** Path of the Python that has hookpath; blank: look for one. */
    public static StringProperty python() {
        return PYTHON;
    }

    /** Device to compute on: {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:1}…. */
    public static StringProperty device() {
        return DEVICE;
    }

    /** Folder of the model that was used last in the project that is open; blank at first. */
    public static StringProperty lastModel() {
        return LAST_MODEL;
    }

    /** Another project is open from now on; null: none. */
    private static void use(Project<?> opened) {
        project = opened == null || opened.getPath() == null ? "" : opened.getPath().toString();
        LAST_MODEL.set(RememberedValues.parse(LAST_MODELS.get()).of(project));
    }

    /** What the image got last: {@code detections}, {@code annotations} or {@code none}. */
    public static StringProperty output() {
        return OUTPUT;
    }

    /** Whether the probability map was shown last. */
    public static BooleanProperty overlay() {
        return OVERLAY;
    }

    /** Objects smaller than this were dropped last, in µm². */
    public static DoubleProperty minArea() {
        return MIN_AREA;
    }

    /** How far outlines were allowed to move last, in µm. */
    public static DoubleProperty simplify() {
        return SIMPLIFY;
    }

    /** Further folders in which models are looked for. */
    public static List<Path> modelFolders() {
        List<Path> folders = new ArrayList<>();
        for (String line : MODEL_FOLDERS.get().split("\n")) {
            path(line).ifPresent(folders::add);
        }
        return folders;
    }

    /**
     * Adds a folder in which models are looked for.
     *
     * @param folder nothing happens if it is there already
     */
    public static void addModelFolder(Path folder) {
        List<Path> folders = new ArrayList<>(modelFolders());
        if (!folders.contains(folder)) {
            folders.add(folder);
            MODEL_FOLDERS.set(String.join("\n", folders.stream().map(Path::toString).toList()));
        }
    }

    /**
     * Takes a folder of models out again.
     *
     * @param folder nothing happens if it was never added
     */
    public static void removeModelFolder(Path folder) {
        List<Path> folders = new ArrayList<>(modelFolders());
        folders.remove(folder);
        MODEL_FOLDERS.set(String.join("\n", folders.stream().map(Path::toString).toList()));
    }

    /** Where packages and Python are fetched from when Python is set up; blanks: the usual. */
    public static PackageSources sources() {
        return new PackageSources(INDEX.get(), PYTHON_MIRROR.get(), PROXY.get());
    }

    /** Remembers them. */
    public static void setSources(PackageSources sources) {
        INDEX.set(sources.index());
        PYTHON_MIRROR.set(sources.python());
        PROXY.set(sources.proxy());
    }

    /** Adds what a person may want to set to QuPath's preferences; follows the open project. */
    static void install(QuPathGUI qupath) {
        qupath.projectProperty().addListener((o, was, is) -> use(is));
        use(qupath.getProject());
        var items = qupath.getPreferencePane().getPropertySheet().getItems();
        String category = UiTexts.get("prefs.category");
        items.add(new PropertyItemBuilder<>(PYTHON, String.class)
                .propertyType(PropertyItemBuilder.PropertyType.GENERAL)
                .name(UiTexts.get("prefs.python")).category(category)
                .description(UiTexts.get("prefs.python.description")).build());
        items.add(new PropertyItemBuilder<>(DEVICE, String.class)
                .propertyType(PropertyItemBuilder.PropertyType.GENERAL)
                .name(UiTexts.get("prefs.device")).category(category)
                .description(UiTexts.get("prefs.device.description")).build());
    }

    private static StringProperty text(String key, String initial) {
        return PathPrefs.createPersistentPreference(PREFIX + key, initial);
    }

    private static Optional<Path> path(String line) {
        try {
            return line.isBlank() ? Optional.empty()
                    : Optional.of(Path.of(line.strip()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
