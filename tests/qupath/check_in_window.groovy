// A startup script for QuPath's window: "How good is it?…" from the first press to a corrected
// annotation, then Models… and Jobs…. -Dhookpath.visit=FOLDER: pictures and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.scene.control.Button
import javafx.scene.control.DialogPane
import javafx.scene.control.MenuItem
import javafx.scene.layout.GridPane
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs
import qupath.lib.objects.classes.PathClass

PathPrefs.imageTypeSettingProperty().set(PathPrefs.ImageTypeSetting.NONE)  // asks nothing

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getProperty('hookpath.visit'))
def qupath = QuPathGUI.getInstance()
def report = [steps: [:], error: null]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get()
}
def wait = { String what, double seconds, Closure until ->
    def end = System.nanoTime() + (long) (seconds * 1e9)
    while (!fx(until)) {
        if (System.nanoTime() > end)
            throw new IllegalStateException("waited ${seconds} s in vain: " + what)
        Thread.sleep(100)
    }
}
def stages = { Window.getWindows().findAll { it instanceof Stage && it.isShowing() } }
def menu = { String text ->
    def before = fx(stages)
    Platform.runLater { qupath.getMenu('Extensions>HookNet', false).getItems().find { it.getText() == text }.fire() }
    wait(text, 60) { (stages() - before).size() > 0 }
    Thread.sleep(1500)
    fx { (stages() - before).last() }
}
def picture = { Stage stage, String name ->
    fx { ImageIO.write(SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null), 'png', new File(out, name + '.png')) }
}
def at = { Stage stage, String id -> stage.getScene().lookup('#' + id) }
def rows = { Stage stage, String inside ->
    def table = stage.getScene().lookup(inside)
    table.getItems().collect { row -> table.getColumns().collect { it.getCellData(row) } }
}
def viewer = { qupath.getViewer() }
def selected = { viewer().getHierarchy().getSelectionModel().getSelectedObject() }
def image = { qupath.getProject().getEntry(qupath.getImageData())?.getImageName() }

def visit = {
    wait('the image', 60) { qupath.getImageData() != null }
    fx { qupath.getStage().setWidth(1400); qupath.getStage().setHeight(900) }
    def window = menu('How good is it?…')
    wait('a model', 60) { !at(window, 'run').isDisabled() }
    picture(window, 'check-before')
    fx { at(window, 'run').fire() }
    wait('the job', 30) { at(window, 'job').isVisible() }
    Thread.sleep(4000)
    picture(window, 'check-running')
    wait('what was found', 300) { at(window, 'found').isVisible() }
    Thread.sleep(1500)
    picture(window, 'check-areas')
    report.steps.found = fx { [said: at(window, 'said').getText(), part: at(window, 'part').getItems().toList(),
            rows: rows(window, '#areas #table')] }

    fx {
        qupath.getImageData().setChanged(false)  // else QuPath asks to save it
        at(window, 'next').fire()
    }
    wait('the first area', 60) { selected() != null && viewer().getCustomPixelLayerOverlay() != null }
    Thread.sleep(5000)
    picture(qupath.getStage(), 'qupath-first')
    picture(window, 'check-first')
    def first = fx(selected)
    report.steps.first = fx { [image: image(), object: first.getID().toString(), type: first.getPathClass().toString(),
            centre: [viewer().getCenterPixelX(), viewer().getCenterPixelY()]] }
    // It is corrected.
    fx {
        first.setPathClass(PathClass.fromString('Pale'))
        viewer().getHierarchy().fireObjectClassificationsChangedEvent(this, [first])
        qupath.getProject().getEntry(qupath.getImageData()).saveImageData(qupath.getImageData())
        at(window, 'next').fire()
    }
    wait('the next area', 60) { selected() != null && selected() != first }
    Thread.sleep(1500)
    report.steps.corrected = fx { rows(window, '#areas #table') }
    // The next one is right as drawn.
    def second = fx(selected)
    fx { at(window, 'mark').fire() }
    Thread.sleep(1500)
    report.steps.marked = fx { [id: second.getID().toString(), metadata: new HashMap(second.getMetadata()),
            changed: qupath.getImageData().isChanged(), rows: rows(window, '#areas #table'), mark: at(window, 'mark').getText()] }
    picture(window, 'check-marked')
    fx { qupath.getProject().getEntry(qupath.getImageData()).saveImageData(qupath.getImageData()) }

    def tabs = at(window, 'tabs')
    fx { tabs.getSelectionModel().select(1) }
    Thread.sleep(1500)
    picture(window, 'check-figures')
    def cells = fx { at(window, 'matrix').getChildren().findAll { it instanceof Button } }
    report.steps.matrix = fx { cells.collect { [GridPane.getRowIndex(it), GridPane.getColumnIndex(it), it.getText(), it.isDisabled()] } }
    fx { cells.find { GridPane.getRowIndex(it) == 1 && GridPane.getColumnIndex(it) == 2 }.fire() }
    Thread.sleep(1000)
    report.steps.cell = fx { [tab: tabs.getSelectionModel().getSelectedIndex(), rows: rows(window, '#areas #table')] }
    picture(window, 'check-cell')
    fx { tabs.getSelectionModel().select(2) }
    Thread.sleep(1000)
    picture(window, 'check-curves')
    fx { tabs.getSelectionModel().select(3) }
    def layer = at(window, 'layer')
    report.steps.layers = fx { layer.getItems().collect { layer.getConverter().toString(it) } }
    fx { layer.getItems().size().times { i ->
        if (layer.getConverter().toString(layer.getItems()[i]) == 'Uncertainty') layer.setValue(layer.getItems()[i]) } }
    Thread.sleep(2500)
    picture(window, 'check-layer')
    picture(qupath.getStage(), 'qupath-uncertainty')
    fx { layer.setValue(layer.getItems()[1]) }
    Thread.sleep(2500)
    picture(qupath.getStage(), 'qupath-dark')
    report.steps.beside = fx { window.getX() + window.getWidth() / 2 - qupath.getStage().getX() - qupath.getStage().getWidth() / 2 }
    fx { window.setX(37); window.setY(91); window.setWidth(window.getWidth() + 40) }
    Thread.sleep(500)
    def place = fx { [window.getX(), window.getY(), window.getWidth()] }
    fx { window.hide() }
    Thread.sleep(500)
    report.steps.closed = fx { [overlay: viewer().getCustomPixelLayerOverlay() != null] }

    // What an earlier check found is there again.
    window = menu('How good is it?…')
    wait('the earlier check', 60) { at(window, 'found').isVisible() }
    Thread.sleep(1000)
    report.steps.again = fx { at(window, 'said').getText() }
    report.steps.place = [place, fx { [window.getX(), window.getY(), window.getWidth()] }]
    fx { window.hide() }

    def models = menu('Models…')
    wait('models', 60) { !models.getScene().lookup('#table').getItems().isEmpty() }
    report.steps.models = fx { rows(models, '#table').collect { it.take(3) } }
    // Enter in the question does not delete.
    Platform.runLater { at(models, 'delete').fire() }
    def dialog = null
    wait('the question', 30) {
        dialog = Window.getWindows().find { it.isShowing() && it.getScene()?.getRoot() instanceof DialogPane &&
                it.getScene().getRoot().getContentText()?.contains('dark or pale') }
        dialog != null
    }
    Thread.sleep(500)
    picture(dialog, 'models-delete')
    fx {
        def pane = dialog.getScene().getRoot()
        pane.getButtonTypes().collect { pane.lookupButton(it) }.find { it.isDefaultButton() }.fire()
    }
    Thread.sleep(1500)
    report.steps.afterEnter = fx { rows(models, '#table').size() }
    picture(models, 'models')
    fx { models.hide() }

    def jobs = menu('Jobs…')
    Thread.sleep(1500)
    report.steps.jobs = fx { rows(jobs, '#table').collect { it.take(2) } }
    fx { jobs.getScene().lookup('#table').getSelectionModel().selectFirst() }
    Thread.sleep(500)
    picture(jobs, 'jobs')
    report.steps.jobsButtons = fx { [cancel: at(jobs, 'cancel').isDisabled(), log: at(jobs, 'log').isDisabled()] }
}
Thread.start('check') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = String.valueOf(e.getCause() ?: e) + ' ' + e.getStackTrace().find { it.getFileName()?.endsWith('.groovy') }
        fx(stages).eachWithIndex { stage, i -> picture(stage, 'failed-' + i) }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
