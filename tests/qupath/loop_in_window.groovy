// A startup script for QuPath's window: one whole round of the annotation loop by the buttons of its
// panel, on the project that is open; ends QuPath.
// -Dhookpath.visit=FOLDER: pictures, and report.json with what was seen after each step.
// -Dhookpath.settings="key=value; …" of the loop.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.event.Event
import javafx.stage.Stage
import javafx.stage.Window
import javafx.stage.WindowEvent
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs
import qupath.lib.objects.PathObjects
import qupath.lib.roi.ROIs
import qupath.lib.roi.RoiTools

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

PathPrefs.imageTypeSettingProperty().set(PathPrefs.ImageTypeSetting.NONE)  // asks nothing
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

def panel = null
def part = { String id -> panel.getScene().lookup('#' + id) }
def buttons = ['start', 'propose', 'next', 'confirm', 'retrain']
def note = { String name ->
    fx {
        report.steps[name] = [headline: part('headline').getText(), message: part('message').getText(),
                states: part('images').getItems().collectEntries { [it.name(), it.state().toString()] },
                labelled: part('images').getItems().collectEntries { [it.name(), it.labelledMm2()] },
                disabled: buttons.findAll { part(it).isDisabled() || !part(it).getParent().isVisible() },
                open: qupath.getProject().getEntry(qupath.getImageData()).getImageName()]
        ImageIO.write(SwingFXUtils.fromFXImage(panel.getScene().snapshot(null), null), 'png', new File(out, name + '.png'))
    }
}
def idle = { !part('job').isVisible() }
def step = { String name, Closure press, Closure meanwhile = null ->
    fx(press)
    wait(name + ' to begin', 30) { !idle() }
    if (meanwhile != null)
        meanwhile()
    wait(name + ' to end', 300, idle)
    Thread.sleep(500)
    def dialog = fx { Window.getWindows().find { it instanceof Stage && it != panel && it.getTitle() == panel.getTitle() } }
    if (dialog != null)
        throw new IllegalStateException(name + ': ' + fx { dialog.getScene().getRoot().getContentText() })
    note(name)
}
def save = {
    Platform.runLater { qupath.lookupMenuItem('File>Save').fire() }
    wait('the image to be saved', 30) { !qupath.getImageData().isChanged() }
}
def correct = { // enlarges the largest proposal, draws beside that, deletes the other proposals of another class
    def hierarchy = qupath.getImageData().getHierarchy()
    def proposals = hierarchy.getAnnotationObjects().findAll { it.getMetadata().get('hookpath.run') }
    def largest = proposals.max { it.getROI().getArea() }
    def same = proposals.findAll { it.getPathClass() == largest.getPathClass() }
    def others = proposals - same
    def plane = largest.getROI().getImagePlane()
    def (x, y) = [[20, 20], [250, 250]].find { place -> same.every { !it.getROI().contains(place[0] + 20, place[1] + 20) } }
    def stroke = ROIs.createRectangleROI(x, y, 40, 40, plane)
    def drawn = ROIs.createRectangleROI(x + 60, y, 40, 40, plane)
    largest.setROI(RoiTools.union([largest.getROI(), stroke]))
    hierarchy.removeObjects(others, true)
    hierarchy.addObject(PathObjects.createAnnotationObject(drawn, largest.getPathClass()))
    hierarchy.fireHierarchyChangedEvent(largest)
    report.corrected = [pathClass: largest.getPathClass().toString(), x: x, y: y, deleted: others*.getPathClass()*.toString()]
}
Thread.start('loop') {
    try {
        wait('the image', 90) { qupath.getImageData() != null }
        fx { qupath.lookupMenuItem('Extensions>HookNet>Annotation loop…').fire() }
        wait('the panel', 60) {
            panel = Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getScene().lookup('#headline') != null }
            panel != null
        }
        fx {
            part('further').setText(System.getProperty('hookpath.settings'))
            part('lineWidth').setText('12,5')
        }
        step('start') { part('start').fire() }
        step('propose', { part('propose').fire() }) {
            wait('a curve', 200) { part('curvesPane').isVisible() || idle() }
            report.curves = fx { part('curvesPane').isVisible() }
            Thread.sleep(500)
            fx { ImageIO.write(SwingFXUtils.fromFXImage(panel.getScene().snapshot(null), null), 'png', new File(out, 'curves.png')) }
        }
        save()  // else QuPath asks whether to
        fx { part('next').fire() }
        wait('the next image', 60) { qupath.getImageData()?.getHierarchy()?.getAnnotationObjects()?.any { it.getMetadata().get('hookpath.run') } }
        note('next')
        fx(correct)
        step('confirm') { part('confirm').getItems().last().fire() }
        save()
        step('retrain', { part('retrain').fire() }) {
            note('retraining')
            report.closed = fx {
                Event.fireEvent(panel, new WindowEvent(panel, WindowEvent.WINDOW_CLOSE_REQUEST))
                !panel.isShowing()
            }
        }
        report.metadata = fx { qupath.getProject().getImageList().collectEntries { [it.getImageName(), it.getMetadata().findAll { it.key.startsWith('hookpath.loop') }] } }
    } catch (Throwable e) {
        report.error = (e.getCause() ?: e).toString()
        e.printStackTrace()
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
