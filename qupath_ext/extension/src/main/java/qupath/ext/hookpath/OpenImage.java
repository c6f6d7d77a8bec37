package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;
import qupath.lib.scripting.QP;

/**
 * One image whose objects are read and changed: shown in the window, the one a script runs on, or
 * one of the project that is read from its file and saved again.
 *
 * <p>Safe to use from any thread but the JavaFX one; changes to an image in the window are made on
 * the JavaFX thread.
 */
public final class OpenImage {

    /** The id of an image that is in no project. */
    public static final String NO_PROJECT = "image";

    // What QuPath ends a data file with: the serialised string "EOF".
    private static final byte[] LAST_BYTES = {'t', 0, 3, 'E', 'O', 'F'};

    private final ImageData<BufferedImage> data;
    private final ProjectImageEntry<BufferedImage> entry;
    private final boolean shown;
    private final boolean fromFile;

    private OpenImage(ImageData<BufferedImage> data, ProjectImageEntry<BufferedImage> entry,
            boolean shown, boolean fromFile) {
        this.data = data;
        this.entry = entry;
        this.shown = shown;
        this.fromFile = fromFile;
    }

    /**
     * The image of the running script, else the one in the active viewer.
     *
     * @return the image
     * @throws HookpathException no image is open
     */
    public static OpenImage current() {
        ImageData<BufferedImage> data = QP.getCurrentImageData();
        if (data == null) {
            throw new HookpathException(UiTexts.get("error.noImage"));
        }
        return of(data, QP.getProject());
    }

    /**
     * An image that is open.
     *
     * @param data the image
     * @param project its project; null: it is in none
     * @return the image
     */
    public static OpenImage of(ImageData<BufferedImage> data, Project<BufferedImage> project) {
        ProjectImageEntry<BufferedImage> entry = project == null ? null : project.getEntry(data);
        return new OpenImage(data, entry, isShown(data), false);
    }

    /**
     * An image of a project: as it is in the window or in the running script if it is open there,
     * else read from its file.
     *
     * @param project the project
     * @param entry one of its images
     * @return the image
     * @throws HookpathException its data file cannot be read
     */
    public static OpenImage of(
            Project<BufferedImage> project, ProjectImageEntry<BufferedImage> entry) {
        for (ImageData<BufferedImage> open : openImages()) {
            if (entry.equals(project.getEntry(open))) {
                return new OpenImage(open, entry, isShown(open), false);
            }
        }
        return new OpenImage(read(entry), entry, false, true);
    }

    /**
     * All objects of an image of a project, live where it is open; else only its data file is read.
     *
     * @param project the project
     * @param entry one of its images
     * @throws HookpathException its data file cannot be read
     */
    public static List<PathObject> objectsOf(
            Project<BufferedImage> project, ProjectImageEntry<BufferedImage> entry) {
        if (isOpen(project, entry)) {
            return of(project, entry).objects();
        }
        checkComplete(entry);
        try {
            return List.copyOf(entry.readHierarchy().getAllObjects(false));
        } catch (IOException | RuntimeException e) {
            throw new HookpathException(
                    UiTexts.get("error.read", entry.getImageName(), ErrorMessages.oneLine(e)), e);
        }
    }

    /**
     * The same image as it is now: a person may have closed it or opened it anew since.
     *
     * @param project its project; null: none
     * @return this image, or the one in its place; see {@link #saveIfFromFile}
     * @throws HookpathException it was closed and is in no project
     */
    public OpenImage now(Project<BufferedImage> project) {
        if (!shown || isShown(data)) {
            return this;
        }
        if (entry == null || project == null) {
            throw new HookpathException(UiTexts.get("error.closed", name()));
        }
        return of(project, entry);
    }

    /** Whether this image of a project is open in the window or in the running script. */
    static boolean isOpen(
            Project<BufferedImage> project, ProjectImageEntry<BufferedImage> entry) {
        return openImages().stream().anyMatch(open -> entry.equals(project.getEntry(open)));
    }

    /** The project's own number of the image; {@link #NO_PROJECT} where there is no project. */
    public String id() {
        return entry == null ? NO_PROJECT : entry.getID();
    }

    /** The image's name as QuPath shows it. */
    public String name() {
        return entry == null ? data.getServerMetadata().getName() : entry.getImageName();
    }

    /** The image with its objects. */
    public ImageData<BufferedImage> data() {
        return data;
    }

    /** The image in its project; null where there is none. */
    public ProjectImageEntry<BufferedImage> entry() {
        return entry;
    }

    /** Its objects, live. */
    public PathObjectHierarchy hierarchy() {
        return data.getHierarchy();
    }

    /** Whether it is in a viewer of the window. */
    public boolean isShown() {
        return shown;
    }

    /** A copy of the list of its objects, taken on the right thread. */
    public List<PathObject> objects() {
        return BackgroundThreads.call(shown, () -> List.copyOf(hierarchy().getAllObjects(false)));
    }

    /** A copy of the list of selected objects, taken on the right thread. */
    public List<PathObject> selected() {
        return BackgroundThreads.call(shown,
                () -> List.copyOf(hierarchy().getSelectionModel().getSelectedObjects()));
    }

    /**
     * Does something with the hierarchy and the workflow on the right thread and waits for it.
     *
     * @param task what to do
     * @return its result
     */
    public <T> T call(Callable<T> task) {
        return BackgroundThreads.call(shown, task);
    }

    /**
     * Saves an image that was read from its file; one that is open stays as it is, changed and
     * not saved, like after any other command of QuPath.
     *
     * @throws HookpathException it cannot be written; the earlier file stays
     */
    public void saveIfFromFile() {
        if (fromFile) {
            save();
        }
    }

    /**
     * Saves an image that is in no viewer (one that is stays unsaved, as after any command).
     *
     * @throws HookpathException it cannot be written; the earlier file stays
     */
    public void saveUnlessShown() {
        if (!shown && entry != null) {
            save();
        }
    }

    private void save() {
        try {
            entry.saveImageData(data);
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("error.save", name(),
                    ErrorMessages.oneLine(e)), e);
        }
    }

    private static boolean isShown(ImageData<BufferedImage> data) {
        QuPathGUI qupath = QuPathGUI.getInstance();
        return qupath != null && BackgroundThreads.call(true, () -> qupath.getAllViewers().stream()
                .anyMatch(viewer -> viewer.getImageData() == data));
    }

    private static Collection<ImageData<BufferedImage>> openImages() {
        var found = new LinkedHashSet<ImageData<BufferedImage>>();
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (qupath != null) {
            found.addAll(BackgroundThreads.call(true, () -> qupath.getAllViewers().stream()
                    .map(viewer -> viewer.getImageData()).filter(Objects::nonNull).toList()));
        }
        if (QP.getCurrentImageData() != null) {
            found.add(QP.getCurrentImageData());
        }
        return found;
    }

    private static ImageData<BufferedImage> read(ProjectImageEntry<BufferedImage> entry) {
        checkComplete(entry);
        ImageData<BufferedImage> found;
        try {
            found = entry.readImageData();
        } catch (IOException | RuntimeException e) {
            throw new HookpathException(
                    UiTexts.get("error.read", entry.getImageName(), ErrorMessages.oneLine(e)), e);
        }
        // QuPath hands over an empty image where reading fails; saving that would lose objects.
        if (entry.hasImageData() && found.getLastSavedPath() == null) {
            throw new HookpathException(UiTexts.get("error.read", entry.getImageName(),
                    UiTexts.get("error.read.damaged")));
        }
        return found;
    }

    /**
     * Refuses a data file that was cut off: QuPath would read it for ever.
     *
     * @throws HookpathException the file is incomplete
     */
    static void checkComplete(ProjectImageEntry<BufferedImage> entry) {
        Path file = entry.getEntryPath().resolve("data.qpdata");
        if (Files.isRegularFile(file) && !endsAsItShould(file)) {
            throw new HookpathException(UiTexts.get("error.read", entry.getImageName(),
                    UiTexts.get("error.read.damaged")));
        }
    }

    private static boolean endsAsItShould(Path file) {
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            byte[] end = new byte[LAST_BYTES.length];
            if (in.length() < end.length) {
                return false;
            }
            in.seek(in.length() - end.length);
            in.readFully(end);
            return Arrays.equals(end, LAST_BYTES);
        } catch (IOException e) {
            return false;
        }
    }
}
