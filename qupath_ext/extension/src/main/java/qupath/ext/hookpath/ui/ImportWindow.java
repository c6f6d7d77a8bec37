package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ImageResultImport;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.results.PredictionFolderImport;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;

/** <em>Import predictions…</em>: a folder of predictions or a GeoJSON file into the image. */
public final class ImportWindow extends VBox {

    private static final String TITLE = "import.title";

    private final QuPathGUI qupath;

    @FXML private TextField source;
    @FXML private ProgressBar bar;
    @FXML private Label message;
    @FXML private Button run;

    private ImportWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "import-window.fxml");
        bar.setVisible(false);
        run.disableProperty().bind(source.textProperty().isEmpty().or(bar.visibleProperty())
                .or(qupath.imageDataProperty().isNull()));
        Path usual =
                JobLauncher.base(qupath.getProject()).resolve("hookpath").resolve("predictions");
        if (Files.isDirectory(usual)) {
            source.setText(usual.toString());
        }
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        WindowFactory.show(qupath, TITLE, () -> new ImportWindow(qupath));
    }

    @FXML
    private void chooseFolder() {
        take(FileChoosers.promptForDirectory(WindowFactory.windowOf(this),
                UiTexts.get("import.folder.title"), startFolder()));
    }

    @FXML
    private void chooseFile() {
        take(FileChoosers.promptForFile(WindowFactory.windowOf(this),
                UiTexts.get("import.file.title"),
                FileChoosers.createExtensionFilter(UiTexts.get("import.geojson"),
                        "*.geojson", "*.json", "*.geojson.gz", "*.json.gz", "*.zip")));
    }

    private File startFolder() {
        File now = new File(source.getText());
        return now.isDirectory() ? now : null;
    }

    private void take(File chosen) {
        if (chosen != null) {
            source.setText(chosen.getPath());
        }
    }

    @FXML
    private void run() {
        ImageData<BufferedImage> data = qupath.getImageData();
        Project<BufferedImage> project = qupath.getProject();
        Path from = Path.of(source.getText().strip());
        bar.setVisible(true);
        message.setText(UiTexts.get("import.reading"));
        BackgroundThreads.work(() -> PredictionFolderImport.run(OpenImage.of(data, project),
                project,
                from,
                count -> BackgroundThreads.later(() -> read(count))), this::done, this::failed);
    }

    private void read(int count) {
        if (bar.isVisible()) {
            message.setText(UiTexts.get("import.read", count));
        }
    }

    private void done(ImageResultImport.Counts counts) {
        bar.setVisible(false);
        message.setText(UiTexts.get("import.done", counts.added(), counts.removed()));
    }

    private void failed(Throwable problem) {
        bar.setVisible(false);
        message.setText("");
        WindowFactory.showProblem(this, TITLE, problem);
    }

    @FXML
    private void close() {
        getScene().getWindow().hide();
    }
}
