// A startup script for QuPath's window: the panels of the preview and of probability maps, as windows
// and as tabs of QuPath's analysis pane, by their own buttons, on the image that is open and another
// one of the project. HOOKPATH_DOCK_MODEL: a model;
// HOOKPATH_DOCK_OUT: a folder for pictures and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.event.Event
import javafx.scene.Node
import javafx.scene.Parent
import javafx.scene.control.CheckMenuItem
import javafx.scene.control.IndexedCell
import javafx.scene.control.Labeled
import javafx.scene.control.SplitPane
import javafx.scene.input.KeyCode
import javafx.scene.input.KeyEvent
import javafx.scene.text.Text
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.ext.hookpath.Hookpath
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.ROIs

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getenv('HOOKPATH_DOCK_OUT'))
def qupath = QuPathGUI.getInstance()
def viewer = qupath.getViewer()
def report = [places: [:], clipped: [:], moved: [:], state: [:]]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get(60, TimeUnit.SECONDS)    // a question that nobody answers
}
def title = 'HookNet preview'
def window = { Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getTitle() == title } }
def tab = { qupath.getAnalysisTabPane().getTabs().find { it.getText() == title } }
// Its root, wherever it is.
def panel = { tab()?.getContent()?.getContent() ?: window()?.getScene()?.getRoot() }
def at = { String id -> panel()?.lookup('#' + id) }
def status = { fx { at('status')?.getText() } }
def wait = { String what, Closure until ->
    def end = System.nanoTime() + 90_000_000_000L
    while (!until()) {
        if (System.nanoTime() > end)
            throw new IllegalStateException("waited in vain: $what (${status()})")
        Thread.sleep(50)
    }
}
def overlay = { fx { viewer.getCustomPixelLayerOverlay() } }
def workers = {
    ProcessHandle.current().children().filter { it.info().commandLine().orElse('').contains('hookpath.qupath') }.count()
}
def running = { overlay() != null && workers() == 1 }
def off = { overlay() == null && workers() == 0 }
def press = { String id -> fx { at(id).fire() } }
def nodes
nodes = { Node node ->
    if (!node.isVisible())
        return []
    [node] + (node instanceof Parent ? node.getChildrenUnmodifiable().collectMany { nodes(it) } : [])
}
// Texts that are not shown whole.
def clipped = {
    nodes(panel()).findAll { it instanceof Labeled && it.getText() && !(it instanceof IndexedCell) }.collectMany { one ->
        def seen = one.getChildrenUnmodifiable().find { it instanceof Text && it.isVisible() }?.getText()
        def plain = one.isMnemonicParsing() ? one.getText().replaceFirst('_', '') : one.getText()
        seen == null || seen == plain ? [] : [one.getText()]
    }
}
// Where a hand would find them.
def hold = {
    fx {
        ['live', 'models', 'onOff', 'save', 'maps', 'off', 'move', 'layer', 'threshold', 'opacity', 'graded'].findAll { at(it) != null }.collectEntries { id ->
            def bounds = at(id).localToScreen(at(id).getBoundsInLocal())
            [(id): [bounds.getMinX(), bounds.getMinY()]]
        }
    }
}
def picture = { String name ->
    Thread.sleep(1200)
    fx {
        [(name): qupath.getStage(), (name + '-window'): window()].each { called, stage ->
            if (stage != null)
                ImageIO.write(SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null), 'png', new File(out, called + '.png'))
        }
        report.clipped[name] = clipped()
    }
}
// In the place that it has now: nothing moves, whatever is said and whatever classes there are.
def steady = { String name, Closure change ->
    def before = null
    for (def now = hold(); now != before; now = hold()) {   // until the window stands where it was put
        before = now
        Thread.sleep(500)
    }
    change()
    Thread.sleep(500)
    def after = hold()
    report.moved[name] = before.keySet().findAll { before[it] != after[it] }
}
def escape = { Node focus ->
    fx {
        focus.requestFocus()
        def owner = focus.getScene().getFocusOwner() ?: focus
        [KeyEvent.KEY_PRESSED, KeyEvent.KEY_RELEASED].each { type ->
            Event.fireEvent(owner, new KeyEvent(type, '', '', KeyCode.ESCAPE, false, false, false, false))
        }
    }
}
def menu = { qupath.getMenu('Extensions>HookNet', false).getItems().find { it instanceof CheckMenuItem } }
def fromMenu = { fx { menu().setSelected(!menu().isSelected()); menu().fire() } }
def letters = { fx { nodes(panel()).findAll { it instanceof Labeled && it.getText()?.contains('_') }*.getText() } }
def hierarchy = { viewer.getImageData().getHierarchy() }
def square = { String type, int x, int y, int side ->
    PathObjects.createAnnotationObject(ROIs.createRectangleROI(x, y, side, side, ImagePlane.getDefaultPlane()), PathClass.fromString(type))
}

// The probability map's panel: as that of the preview; objects are made anew while it moves.
def maps = { String model ->
    title = 'HookNet probability map'
    Hookpath.predictProject(model: model, device: 'cpu', as: 'none')
    def show = { fx { qupath.getMenu('Extensions>HookNet', false).getItems().find { it.getText() == 'Show probability map…' }.fire() } }
    def shown = { overlay() != null && fx { at('maps')?.getValue() != null } }
    show()
    wait('the map') { shown() }
    report.map = [window: fx { [window().getScene().getWidth(), window().getScene().getHeight()] }, letters: letters()]
    picture('map-window')
    def before = overlay()
    press('move')
    wait('the tab of the map') { fx { tab() != null } }
    report.map.docked = [overlay: overlay() == before, window: fx { window() != null }, letters: letters()]
    picture('map-docked')
    def size = fx { [qupath.getStage().getWidth(), qupath.getStage().getHeight()] }
    steady('map') { fx { at('layer').setValue(at('layer').getItems().last()) } }
    report.map.uncertainty = fx { at('legend').isVisible() && !at('classes').isVisible() }
    picture('map-uncertainty')
    fx { at('layer').setValue(at('layer').getItems().first()); at('redrawing').setExpanded(true) }
    Thread.sleep(500)
    fx { at('details').setExpanded(true) }
    picture('map-redraw')
    report.map.narrow = fx { [panel().minWidth(-1), tab().getContent().getViewportBounds().getWidth()] }
    report.map.quPathKeepsItsSize = size == fx { [qupath.getStage().getWidth(), qupath.getStage().getHeight()] }

    // Another image, whose own map takes over; what is in front stays in front.
    def first = fx { at('maps').getValue() }
    fx { qupath.getAnalysisTabPane().getSelectionModel().select(0) }
    def other = qupath.getProject().getImageList().last().readImageData()
    fx { viewer.getImageData().setChanged(false); viewer.setImageData(other) }
    wait('the map of the other image') { shown() && overlay() != before && fx { at('maps').getValue() != first } }
    report.map.otherImage = fx { tab() != null && !tab().isSelected() }

    // Closed while it works: the work goes on, and the panel that is opened next shows it.
    def working = fx { panel() }
    fx { at('here').fire() }
    fx { tab().getContextMenu().getItems().first().fire() }
    wait('the window of the map') { fx { window() != null } }
    report.map.sameWhileMoved = fx { at('maps') != null && window().getScene().getRoot().getChildrenUnmodifiable().contains(working) }
    escape(at('off'))
    wait('Escape to close the map') { overlay() == null && fx { window() == null } }
    wait('objects') { fx { hierarchy().getDetectionObjects().size() > 0 } }
    show()
    wait('the map once more') { shown() && fx { window() != null && tab() == null } }
    report.map.afterwards = fx { hierarchy().getDetectionObjects()*.getPathClass()*.toString().toSet().sort() }
    picture('map-again')
    press('off')
    wait('Hide to close it') { overlay() == null && fx { window() == null && tab() == null } }
}

def visit = {
    wait('the image') { viewer.getImageData() != null }
    def model = System.getenv('HOOKPATH_DOCK_MODEL')
    fx { qupath.getStage().setWidth(1300); qupath.getStage().setHeight(820) }

    // A window at first, as small as is useful.
    fromMenu()
    wait('the window') { fx { window() != null } }
    wait('the worker or a word') { running() || status()?.contains('no model') }
    steady('window') { Hookpath.preview(model: model, device: 'cpu'); wait('tiles') { running() } }
    wait('a tile') { status().contains('last tile') }
    report.places.window = fx { [window().getScene().getWidth(), window().getScene().getHeight()] }
    picture('window')
    report.letters = letters()
    steady('long word') { fx { at('status').setText('A word that is as long as a problem may well be when a slide cannot be read. ' * 4) } }

    // Into the pane, while it runs.
    def before = overlay()
    press('move')
    wait('the tab') { fx { tab() != null } }
    report.state.docked = [running: running() && overlay() == before, window: fx { window() != null }, selected: fx { tab().isSelected() },
            kept: PathPrefs.getUserPreferences().getBoolean('hookpath.docked.preview.title', false), letters: letters()]
    picture('docked')
    fx {     // as narrow as QuPath lets it be
        def split = qupath.getAnalysisTabPane().getParent()
        while (!(split instanceof SplitPane))
            split = split.getParent()
        split.setDividerPositions(0.0)
    }
    picture('docked-narrow')
    steady('docked word') { fx { at('status').setText('Off') } }
    escape(at('onOff'))
    Thread.sleep(500)
    report.state.escapeInPane = running() && fx { tab() != null }

    // Live moves nothing either; and the viewer's own keys and tabs stay QuPath's.
    fx { hierarchy().removeObjects(hierarchy().getAllObjects(false), false) }
    steady('Live') {
        press('live')
        wait('what to draw') { status().contains('draw an area') }
        fx { hierarchy().addObjects([square('Dark', 240, 240, 100), square('Pale', 20, 520, 120)]) }
        wait('what was drawn') { status().contains('Learned') && running() }
    }
    picture('docked-live')
    fx { qupath.getAnalysisTabPane().getSelectionModel().select(2) }
    steady('third class') {
        fx { hierarchy().addObject(square('Third', 580, 140, 60)) }
        wait('the third') { fx { panel().lookup('#classes').getChildren().size() == 3 } }
    }
    report.state.otherTab = running() && fx { tab() != null && !tab().isSelected() }
    fx { hierarchy().removeObjects(hierarchy().getAnnotationObjects(), false); viewer.getImageData().setChanged(false) }

    // Off takes the tab away; the menu brings it back to where it was, even where the pane is hidden.
    press('onOff')
    wait('the tab to go') { off() && fx { tab() == null } }
    report.state.uncheckedAfterOff = fx { !menu().isSelected() }
    fx { qupath.showAnalysisPaneProperty().set(false) }
    fromMenu()
    wait('it to run again') { running() }
    report.state.again = fx { [docked: tab() != null && tab().isSelected(), window: window() != null, pane: qupath.showAnalysisPaneProperty().get(), checked: menu().isSelected()] }

    // Another project: it ends, the panel stays and can begin again.
    def project = qupath.getProject()
    fx { viewer.getImageData().setChanged(false); qupath.setProject(null) }
    wait('it to end with the project') { off() }
    report.state.withoutProject = fx { [docked: tab() != null, text: at('onOff').getText()] }
    def again = project.getImageList().first().readImageData()
    fx { qupath.setProject(project); viewer.setImageData(again) }   // as opening it does, without questions
    wait('the models') { fx { at('models').getItems().size() > 0 } }
    fx { if (at('models').getValue() == null) at('models').setValue(at('models').getItems().first()) else at('onOff').fire() }
    wait('it to run in the project again') { running() }

    // Back into a window by the tab's menu; Escape closes that, and it is a window again next time.
    fx { tab().getContextMenu().getItems().first().fire() }
    wait('the window again') { fx { window() != null && tab() == null } }
    report.state.undocked = [running: running(), letters: letters()]
    picture('window-again')
    escape(at('onOff'))
    wait('Escape to close it') { off() && fx { window() == null } }
    report.state.uncheckedAfterEscape = fx { !menu().isSelected() }
    fromMenu()
    wait('the window once more') { fx { window() != null && tab() == null } && running() }

    // Closed by the tab's menu.
    press('move')
    wait('the tab once more') { fx { tab() != null } }
    fx { tab().getContextMenu().getItems().last().fire() }
    wait('the tab to close') { off() && fx { tab() == null && window() == null } }
    maps(model)
}
Thread.start('dock') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = "${e}; ${status()}"
        report.trace = e.getStackTrace().findAll { it.getFileName()?.endsWith('.groovy') }*.getLineNumber()
        try { picture('error') } catch (Throwable ignored) { }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
