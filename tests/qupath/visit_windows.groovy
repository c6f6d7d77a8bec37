// A startup script for QuPath's window: opens every window of the extension on the image that is
// open, runs the first model, looks for clipped texts, takes pictures, and ends QuPath.
// -Dhookpath.visit=FOLDER: pictures, and report.json with what was seen.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.event.Event
import javafx.scene.Node
import javafx.scene.Parent
import javafx.scene.control.CheckBox
import javafx.scene.control.CheckMenuItem
import javafx.scene.control.ComboBoxBase
import javafx.scene.control.Control
import javafx.scene.control.IndexedCell
import javafx.scene.control.Labeled
import javafx.scene.control.RadioButton
import javafx.scene.control.ScrollPane
import javafx.scene.control.SeparatorMenuItem
import javafx.scene.control.Spinner
import javafx.scene.control.TableView
import javafx.scene.control.TextArea
import javafx.scene.control.skin.VirtualFlow
import javafx.scene.input.KeyCode
import javafx.scene.input.KeyEvent
import javafx.scene.text.Text
import javafx.stage.Stage
import javafx.stage.Window
import javafx.stage.WindowEvent
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getProperty('hookpath.visit'))
def qupath = QuPathGUI.getInstance()
def report = [windows: [], errors: [], unreached: [:], done: false]

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

// ---- what can be wrong with a text
def nodes
nodes = { Node node ->
    if (!node.isVisible())
        return []
    def below = node instanceof Parent ? node.getChildrenUnmodifiable().collectMany { nodes(it) } : []
    [node] + below
}
def scrolls = { Node node ->
    for (def p = node.getParent(); p != null; p = p.getParent())
        if (p instanceof ScrollPane || p instanceof VirtualFlow)
            return true
    false
}
def shown = { Labeled labeled ->
    labeled.getChildrenUnmodifiable().find { it instanceof Text && it.isVisible() }?.getText()
}
def problems = { scene, cells ->
    def found = []
    for (node in nodes(scene.getRoot())) {
        if (!(node instanceof Labeled) || !node.getText())
            continue
        def text = node.getText()
        def plain = node.isMnemonicParsing() ? text.replaceFirst('_', '') : text
        def seen = shown(node)
        if (seen != null && seen != text && seen != plain)
            (node instanceof IndexedCell ? cells : found) << "clipped: '${text}' is shown as '${seen}'"
        if (!(node instanceof IndexedCell) && (text.startsWith('%') || text ==~ /[a-z]+(\.[a-zA-Z0-9]+)+/))
            found << "a key instead of a text: '${text}'"
        def place = node.localToScene(node.getBoundsInLocal())
        def off = place.getMinX() < -1 || place.getMinY() < -1 ||
                place.getMaxX() > scene.getWidth() + 1 || place.getMaxY() > scene.getHeight() + 1
        if (off && !scrolls(node))
            found << "outside of the window: '${text}'"
    }
    found
}
def picture = { Stage stage, String name ->
    fx {
        def image = SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null)
        ImageIO.write(image, 'png', new File(out, name + '.png'))
        def root = stage.getScene().getRoot()
        def cells = []  // of tables and lists, which a person can widen
        report.windows << [name: name, title: stage.getTitle(), width: image.getWidth(),
                height: image.getHeight(), disabled: nodes(root).findAll { it.isDisabled() && it.getId() }*.getId(),
                texts: nodes(root).findAll { it instanceof Labeled && it.getText() }*.getText(),
                problems: stage == qupath.getStage() ? [] : problems(stage.getScene(), cells), cells: cells]
    }
}
def close = { Stage stage ->
    fx {
        Event.fireEvent(stage, new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST))
        if (stage.isShowing())
            stage.hide()
    }
}
def opened = { Closure open ->
    def before = fx(stages)
    Platform.runLater(open)
    wait('a window to open', 60) { (stages() - before).size() > 0 }
    Thread.sleep(2500)
    fx { (stages() - before).last() }
}

// Every control that can do something is reached by Tab (Ctrl+Tab out of a text of several lines);
// of radio buttons the one that is on, from which arrow keys go to the others.
def unreached = { Stage stage ->
    fx {
        def scene = stage.getScene()
        def inTable = { Node node ->
            for (def p = node.getParent(); p != null; p = p.getParent())
                if (p instanceof VirtualFlow || p instanceof TableView || p instanceof ComboBoxBase || p instanceof Spinner)
                    return true
            false
        }
        def wanted = nodes(scene.getRoot()).findAll { it instanceof Control && it.isFocusTraversable() && !it.isDisabled() && !inTable(it) &&
                !(it instanceof RadioButton && it.getToggleGroup()?.getSelectedToggle() != it && it.getToggleGroup()?.getSelectedToggle() != null) }
        def before = scene.getFocusOwner()
        if (wanted)
            wanted.first().requestFocus()
        def seen = new LinkedHashSet()
        for (int i = 0; i < 3 * wanted.size(); i++) {
            def owner = scene.getFocusOwner()
            seen << owner
            Event.fireEvent(owner, new KeyEvent(KeyEvent.KEY_PRESSED, '', '', KeyCode.TAB, false, owner instanceof TextArea, false, false))
        }
        before?.requestFocus()
        wanted.findAll { !seen.contains(it) }.collect { (it.getId() ?: it.getClass().getSimpleName()) + (it instanceof Labeled ? ' ' + it.getText() : '') }
    }
}
// What a window finds out before a person presses its button.
def foreseen = { Stage stage, String label, String pattern, String called ->
    def text = { stage.getScene().lookup(label).getText() }
    wait(called, 120) { text() ==~ pattern }
    picture(stage, called)
    fx(text)
}

// ---- the visit
def slow = Long.getLong('hookpath.visit.ms', 6000)  // until overlays have been computed
def ready = ['train': '#train', 'set-up-python': '#check']  // enabled when a window has filled in
def name = { String text -> text.toLowerCase().replaceAll(/[^a-z]+/, '-').replaceAll(/^-|-$/, '') }
def items = { qupath.getMenu('Extensions>HookNet', false).getItems().findAll { !(it instanceof SeparatorMenuItem) } }
def run = { Stage stage ->
    def button = stage.getScene().lookup('#run')
    def detail = stage.getScene().lookup('#message')
    try {
        wait('Run to be possible', 90) { !button.isDisabled() }
    } catch (IllegalStateException e) {
        throw new IllegalStateException(e.getMessage() + ' (' + fx { detail.getText() } + ')')
    }
    picture(stage, 'run-hooknet-ready')
    report.foreseen = foreseen(stage, '#unlike', /.*learned from \(.*/, 'run-hooknet-foreseen')
    fx { button.fire() }
    wait('the job to begin', 30) { button.isDisabled() }
    def bar = stage.getScene().getRoot().lookup('.progress-bar')
    try {
        wait('a first tile', 40) { bar.getProgress() > 0.05 || !button.isDisabled() }
    } catch (IllegalStateException e) {
        println e.getMessage()  // only a less telling picture
    }
    picture(stage, 'run-hooknet-running')
    wait('the job to end', 400) { !button.isDisabled() }
    wait('results', 60) { qupath.getImageData().getHierarchy().getAllObjects(false).any { it.getMetadata().get('hookpath.run') } }
    Thread.sleep(1500)
    picture(stage, 'run-hooknet-done')
    report.unlikeness = fx { qupath.getProject().getEntry(qupath.getImageData()).getMetadata().get('hookpath.unlikeness') }
}
def measure = { Stage stage ->
    picture(stage, 'measure-ready')
    fx { stage.getScene().lookup('#run').fire() }
    wait('a table', 120) { stage.getScene().lookup('#table').isVisible() }
    Thread.sleep(1000)
    report.measured = fx { new HashMap(qupath.getImageData().getHierarchy().getRootObject().getMeasurements()) }
}
// The objects of a map anew, smoother and from half on: the overlay shows them before.
def redraw = { Stage stage ->
    def at = { String id -> stage.getScene().lookup('#' + id) }
    fx { at('redrawing').setExpanded(true); at('threshold').setValue(0.5); at('smooth').setValue(10) }
    Thread.sleep(4000)
    picture(stage, 'redraw-before')
    picture(qupath.getStage(), 'qupath-smoothed')
    fx { at('here').fire() }
    wait('objects', 120) { at('said').isVisible() }
    Thread.sleep(1500)
    report.redrawn = fx { [said: at('said').getText(), dark: qupath.getImageData().getHierarchy().getAllObjects(false)
            .findAll { it.getMetadata().get('hookpath.run') && it.getPathClass().toString() == 'Dark' }
            .collect { it.getROI().getArea() }] }
    picture(stage, 'redraw-done')
    picture(qupath.getStage(), 'qupath-redrawn')
    fx { at('layer').setValue(at('layer').getItems().last()) }
    Thread.sleep(1500)
    picture(stage, 'map-uncertainty')
}
// Every network shows other settings.
def families = { Stage stage ->
    def choice = stage.getScene().lookup('#family')
    fx { choice.getItems().toList() }.tail().each { family ->
        fx { choice.setValue(family) }
        Thread.sleep(1000)
        picture(stage, 'train-' + family)
    }
}
def attempt = { String what, Closure task ->
    try {
        task()
    } catch (Throwable e) {
        report.errors << what + ': ' + (e.getCause() ?: e)
        fx(stages).findAll { it != qupath.getStage() }.each(close)
    }
}
Thread.start('visit') {
    attempt('all') {
        wait('the image', 60) { qupath.getImageData() != null }
        fx { qupath.getStage().setWidth(1400); qupath.getStage().setHeight(900) }
        Thread.sleep(4000)
        picture(qupath.getStage(), 'qupath-before')
        report.menu = fx { items()*.getText() }
        report.keys = fx {  // of our commands, and whose they are besides
            def all = []
            def walk
            walk = { menu -> menu.getItems().each { all << it; if (it instanceof javafx.scene.control.Menu) walk(it) } }
            qupath.getMenuBar().getMenus().each(walk)
            items().findAll { it.getAccelerator() }.collectEntries { ours -> [(ours.getText()): [ours.getAccelerator().getName(),
                    all.findAll { it != ours && it.getAccelerator() == ours.getAccelerator() }*.getText()]] }
        }
        items().each { item ->
            def called = name(item.getText())
            attempt(item.getText()) {
                def stage = opened {
                    if (item instanceof CheckMenuItem)  // as a click does
                        item.setSelected(!item.isSelected())
                    item.fire()
                }
                if (called == 'run-hooknet')
                    run(stage)
                def button = ready[called] == null ? null : stage.getScene().lookup(ready[called])
                if (button != null)
                    wait(called + ' to be ready', 120) { !button.isDisabled() }
                if (called == 'measure')
                    measure(stage)
                if (called == 'preview')
                    wait('the worker', 120) { nodes(stage.getScene().getRoot()).any { it instanceof CheckBox && it.getId() == null } }
                if (called in ['preview', 'show-probability-map']) {
                    Thread.sleep(slow)
                    picture(qupath.getStage(), 'qupath-' + called)
                }
                if (called != 'run-hooknet') {
                    Thread.sleep(1000)
                    picture(stage, called)
                }
                if (called == 'show-probability-map')
                    redraw(stage)
                if (called == 'train')
                    report.estimate = foreseen(stage, '#estimateText', /On this computer.*/, 'train-estimate')
                def missed = unreached(stage)
                if (missed)
                    report.unreached[called] = missed
                if (called == 'train')
                    families(stage)
                close(stage)
            }
            if (called == 'run-hooknet') {
                fx { qupath.getOverlayOptions().setFillDetections(true); qupath.getOverlayOptions().setOpacity(0.6f) }
                Thread.sleep(3000)
                picture(qupath.getStage(), 'qupath-after')
            }
        }
    }
    report.done = true
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
