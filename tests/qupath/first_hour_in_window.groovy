// A startup script for QuPath's window: somebody's first hour, by mouse. QuPath begins without a
// project; First steps leads to the demo project, Live, a model, a result, a correction, a second model.
// HOOKPATH_HOUR_OUT: a folder for pictures of the screen and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.geometry.Point2D
import javafx.geometry.Rectangle2D
import javafx.scene.Node
import javafx.scene.Parent
import javafx.scene.control.DialogPane
import javafx.scene.control.Labeled
import javafx.scene.input.MouseButton
import javafx.scene.robot.Robot
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs
import qupath.lib.gui.viewer.tools.PathTools
import qupath.lib.objects.classes.PathClass

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getenv('HOOKPATH_HOUR_OUT'))
def qupath = QuPathGUI.getInstance()
def report = [steps: [:]]
def robot = null
def clicks = 0
def began = System.nanoTime()

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
def nodes
nodes = { Node node ->
    if (!node.isVisible())
        return []
    [node] + (node instanceof Parent ? node.getChildrenUnmodifiable().collectMany { nodes(it) } : [])
}
def window = { String title -> Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getTitle() == title } }
def at = { String title, String id -> window(title)?.getScene()?.lookup('#' + id) }
def text = { String title, String id -> at(title, id)?.getText() }
def status = { -> text('HookNet preview', 'status') ?: '' }
def texts = { Stage stage ->
    nodes(stage.getScene().getRoot()).findAll { it instanceof Labeled && it.getText() }*.getText()
}
// What is on the screen after a step, how long it took since the last one, and how many clicks.
def done = { String name ->
    Thread.sleep(1200)
    def seconds = (System.nanoTime() - began) / 1e9
    fx {
        def screen = robot.getScreenCapture(null, new Rectangle2D(0, 0, 1600, 1000))
        ImageIO.write(SwingFXUtils.fromFXImage(screen, null), 'png', new File(out, name + '.png'))
        def ours = Window.getWindows().findAll { it instanceof Stage && it.isShowing() && it != qupath.getStage() }
        def place = { [it.getX(), it.getY(), it.getWidth(), it.getHeight()] }
        report.steps[name] = [places: ours.collectEntries { [(it.getTitle()): place(it)] }, seconds: seconds, clicks: clicks, windows: ours.collectEntries { [(it.getTitle()): texts(it)] },
                next: text('First steps with HookNet', 'next')]
    }
    clicks = 0
    began = System.nanoTime()
}
def press = { Point2D where, int times = 1 ->
    fx { robot.mouseMove(where) }
    Thread.sleep(80)
    times.times {
        fx { robot.mousePress(MouseButton.PRIMARY); robot.mouseRelease(MouseButton.PRIMARY) }
        Thread.sleep(60)
    }
    clicks += times
    Thread.sleep(400)
}
def middle = { Node node ->
    def bounds = node.localToScreen(node.getBoundsInLocal())
    new Point2D(bounds.getCenterX(), bounds.getCenterY())
}
def click = { String title, String id ->
    wait("$id in $title", 60) { at(title, id) != null && !at(title, id).isDisabled() }
    fx { window(title).toFront() }
    press(fx { middle(at(title, id)) })
}
def named = { String title, String label ->
    nodes(window(title).getScene().getRoot()).find { it instanceof Labeled && it.getText()?.replaceFirst('_', '') == label }
}
def menu = { String path ->     // two clicks in QuPath's menu bar
    clicks += 2
    Platform.runLater { qupath.lookupMenuItem(path).fire() }
    Thread.sleep(400)
}
def agree = { ->
    def pane = { Window.getWindows().findAll { it.isShowing() }*.getScene()*.getRoot().find { it instanceof DialogPane } }
    Thread.sleep(500)
    while (fx { pane() != null }) {
        report.asked = (report.asked ?: []) + fx { pane().getHeaderText() ?: pane().getContentText() ?: '' }
        fx { def button = pane().lookupButton(pane().getButtonTypes().first()); button.fire() }
        clicks++
        Thread.sleep(700)
    }
}
def screen = { double x, double y ->
    def p = qupath.getViewer().imagePointToComponentPoint(new java.awt.geom.Point2D.Double(x, y), null, false)
    qupath.getViewer().getView().localToScreen(new Point2D(p.getX(), p.getY()))
}
def stroke = { List points ->
    fx { robot.mouseMove(screen(*points[0])) }
    Thread.sleep(80)
    fx { robot.mousePress(MouseButton.PRIMARY) }
    points.tail().each { point -> Thread.sleep(15); fx { robot.mouseMove(screen(*point)) } }
    Thread.sleep(40)
    fx { robot.mouseRelease(MouseButton.PRIMARY) }
    clicks++
    Thread.sleep(400)
}
def brush = { String type ->    // the tool, a class of the list, Auto set
    fx {
        qupath.getViewer().getHierarchy().getSelectionModel().clearSelection()
        qupath.getToolManager().setSelectedTool(PathTools.BRUSH)
        PathPrefs.autoSetAnnotationClassProperty().set(type == null ? null : PathClass.fromString(type))
    }
    clicks += type == null ? 1 : 3
    Thread.sleep(100)
}
def open = { String name ->     // a double click in QuPath's list of images
    def entry = qupath.getProject().getImageList().find { it.getImageName() == name }
    Platform.runLater { qupath.openImageEntry(entry) }
    clicks += 2
    agree()
    wait(name, 30) { qupath.getProject().getEntry(qupath.getImageData())?.getImageName() == name }
    Thread.sleep(1500)
}

def FIRST = 'First steps with HookNet'
def hour = {
    wait("QuPath's window", 60) { qupath.getStage().isShowing() }
    fx { robot = new Robot(); qupath.getStage().setX(0); qupath.getStage().setY(0); qupath.getStage().setWidth(1600); qupath.getStage().setHeight(1000) }
    menu('Extensions>HookNet>First steps…')     // what opens by itself elsewhere is off in tests
    wait('First steps', 60) { window(FIRST) != null }
    wait('a Python', 60) { !at(FIRST, 'next').getText().contains('Python') }
    done('01-first-steps')

    click(FIRST, 'demo')
    Thread.sleep(3000)
    done('02-demo-is-made')
    wait('the demo project', 180) { qupath.getImageData() != null }
    Thread.sleep(2500)
    done('03-demo-project')
    report.images = fx { qupath.getProject().getImageList()*.getImageName() }
    report.classes = fx { qupath.getProject().getPathClasses()*.toString() }

    click(FIRST, 'live')
    wait('the first lesson to begin', 60) { status().startsWith('Learning') }
    report.firstLesson = fx(status)
    wait('Live', 400) { status().startsWith('Learned') }
    Thread.sleep(2000)
    done('04-live')
    def size = fx { def s = qupath.getImageData().getServer(); [s.getWidth(), s.getHeight()] }
    def types = report.classes.findAll { it != 'Unclassified' && it != 'null' }
    types.take(2).eachWithIndex { type, i ->
        brush(type)
        stroke([[size[0] * (0.3 + 0.2 * i), size[1] * 0.45], [size[0] * (0.36 + 0.2 * i), size[1] * 0.45], [size[0] * (0.36 + 0.2 * i), size[1] * 0.5]])
        Thread.sleep(1500)
        wait('Live to follow', 300) { status().startsWith('Learned') }
    }
    done('05-strokes')
    fx { def undo = qupath.getUndoRedoManager(); undo.undoOnce(); undo.undoOnce() }

    click(FIRST, 'train')
    def TRAIN = 'Train HookNet'
    wait('what is annotated', 90) { at(TRAIN, 'train') != null && !at(TRAIN, 'train').isDisabled() }
    done('06-train')
    wait('what it would take', 180) { at(TRAIN, 'estimateText').getText().startsWith('On this computer') }
    done('07-train-estimate')
    click(TRAIN, 'train')
    Thread.sleep(4000)
    report.curves = fx { at(TRAIN, 'curvesPane').isVisible() }
    done('08-training')
    wait('a model', 400) { at(TRAIN, 'result').isVisible() }
    done('09-trained')

    press(fx { middle(named(TRAIN, 'Run HookNet with it…')) })
    def RUN = 'Run HookNet'
    wait('the window', 60) { at(RUN, 'run') != null }
    done('10-run')
    open('new-1')
    wait('a place', 60) { !at(RUN, 'run').isDisabled() }
    wait('the look ahead', 120) { text(RUN, 'unlike') ==~ /.*learned from \(.*/ }
    done('11-new-1')
    fx { at(RUN, 'output').setValue(at(RUN, 'output').getItems()[1]) }
    clicks += 2
    click(RUN, 'run')
    Thread.sleep(2500)
    report.colours = [running: fx { [text(RUN, 'message'), at(RUN, 'message').getStyle()] }]
    done('12-running')
    wait('a result', 400) { at(RUN, 'next').isVisible() }
    done('13-result')

    def result = fx { qupath.getImageData().getHierarchy().getAnnotationObjects().findAll { it.getMetadata().get('hookpath.run') }.max { it.getROI().getArea() } }
    brush(null)
    fx { qupath.getImageData().getHierarchy().getSelectionModel().setSelectedObject(result); window(RUN).hide() }
    clicks += 2
    def roi = fx { def r = result.getROI(); [r.getBoundsX(), r.getBoundsY(), r.getBoundsWidth(), r.getBoundsHeight()] }
    def cx = roi[0] + roi[2] / 2, cy = roi[1] + roi[3] / 2
    stroke([[cx, cy], [cx + 40, cy], [cx + 40, cy + 40]])
    menu('Objects>Lock>Lock selected objects')
    done('14-corrected')
    menu('File>Save')
    agree()
    click(FIRST, 'train')
    wait('what is annotated', 90) { at(TRAIN, 'train') != null && !at(TRAIN, 'train').isDisabled() }
    done('15-train-again')
    click(TRAIN, 'train')
    wait('a second model', 400) { at(TRAIN, 'result').isVisible() }
    done('16-trained-again')
    fx { window(TRAIN).hide() }
    menu('Extensions>HookNet>Annotation loop…')
    def LOOP = 'Annotation loop'
    wait('the loop', 60) { at(LOOP, 'message') != null }
    Thread.sleep(1500)
    wait('what is annotated', 60) { text(LOOP, 'message').contains('annotated, on') }
    report.loop = fx { text(LOOP, 'message') }
    report.colours.loop = fx { [report.loop, at(LOOP, 'message').getStyle()] }
    done('17-loop')
}
Thread.start('first-hour') {
    try {
        hour()
    } catch (Throwable e) {
        report.error = e.toString()
        try { done('error') } catch (Throwable ignored) { }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
