// A startup script for QuPath's window: an annotation loop over z-stacks, by the buttons of its panel,
// on the project that is open; ends QuPath. HOOKPATH_PLANES_OUT: a folder for pictures and report.json;
// HOOKPATH_PLANES_SETTINGS: "key=value; …" of the loop.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.scene.control.Button
import javafx.scene.control.ButtonType
import javafx.scene.control.DialogPane
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

PathPrefs.imageTypeSettingProperty().set(PathPrefs.ImageTypeSetting.NONE)  // asks nothing
def out = new File(System.getenv('HOOKPATH_PLANES_OUT'))
def qupath = QuPathGUI.getInstance()
def viewer = qupath.getViewer()
def report = [said: [:], states: [:], planes: [:], confirm: [:]]

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
            throw new IllegalStateException("waited ${seconds} s in vain: $what")
        Thread.sleep(100)
    }
}
def panel = { Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getScene().lookup('#headline') != null } }
def at = { String id -> panel().getScene().lookup('#' + id) }
def dialog = { Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getScene().getRoot() instanceof DialogPane } }
def picture = { String name ->
    fx {
        [(name): qupath.getStage(), (name + '-window'): panel()].each { called, stage ->
            if (stage != null)
                ImageIO.write(SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null), 'png', new File(out, called + '.png'))
        }
    }
}
def idle = { !at('job').isVisible() }
def annotations = { viewer.getImageData().getHierarchy().getAnnotationObjects() }
def note = { String name ->
    fx {
        report.said[name] = at('message').getText()
        report.states[name] = at('images').getItems().collectEntries { [it.name(), it.state().toString()] }
        report.planes[name] = [shown: [viewer.getZPosition(), viewer.getTPosition()],
                proposed: annotations().findAll { it.getMetadata().get('hookpath.run') }*.getROI()*.getZ().toSet().sort()]
        report.confirm[name] = !at('confirm').isDisabled()
    }
    picture(name)
}
def step = { String name, Closure press ->
    fx(press)
    wait(name + ' to begin', 30) { !idle() || dialog() != null }
    if (fx(dialog) != null)
        throw new IllegalStateException("$name: " + fx { dialog().getScene().getRoot().getContentText() })
    wait(name + ' to end', 400, idle)
    Thread.sleep(500)
    note(name)
}

def visit = {
    wait('the image', 90) { viewer.getImageData() != null }
    report.opened = fx { viewer.getZPosition() }
    fx { qupath.getStage().setWidth(1100); qupath.getStage().setHeight(800); qupath.lookupMenuItem('Extensions>HookNet>Annotation loop…').fire() }
    wait('the planes that are annotated', 60) { panel() != null && at('planes')?.isVisible() && at('kind').getValue() == 'some' }
    report.chosen = fx { at('z').getText() }
    picture('begin')
    fx { at('further').setText(System.getenv('HOOKPATH_PLANES_SETTINGS')) }
    step('start') { at('start').fire() }
    step('propose') { at('propose').fire() }
    fx { viewer.getImageData().setChanged(false); at('next').fire() }
    wait('the image that was proposed on', 60) { viewer.getZPosition() == 0 && annotations().any { it.getMetadata().get('hookpath.run') } }
    note('next')
    fx { viewer.setZPosition(1) }
    Thread.sleep(500)
    note('another plane')
    fx { viewer.setZPosition(0) }
    Thread.sleep(500)
    Platform.runLater { at('confirm').getItems().first().fire() }
    wait('the question', 30) { dialog() != null }
    report.question = fx { dialog().getScene().getRoot().lookupAll('.label')*.getText().join(' ') }
    step('confirm') { dialog().getScene().getRoot().lookupButton(ButtonType.OK).fire() }
}
Thread.start('planes') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = (e.getCause() ?: e).toString()
        try { note('error') } catch (Throwable ignored) { }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
