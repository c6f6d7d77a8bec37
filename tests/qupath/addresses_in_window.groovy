// A startup script for QuPath's window: the image that is open, which lies behind an address, is
// annotated, trained on by Train… and predicted by Run….
// HOOKPATH_ADDRESS_OUT: a folder for pictures and report.json; HOOKPATH_ADDRESS_BOX: x,y,w,h of what is "Blue".
import com.google.gson.Gson
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.lib.gui.QuPathGUI
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.ROIs

def out = new File(System.getenv('HOOKPATH_ADDRESS_OUT'))
def where = System.getenv('HOOKPATH_ADDRESS_BOX').split(',')*.toDouble()
def qupath = QuPathGUI.getInstance()
def report = [:]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get()
}
def wait = { String what, Closure until ->
    def end = System.nanoTime() + 240_000_000_000L
    while (!fx(until)) {
        if (System.nanoTime() > end)
            throw new IllegalStateException("waited in vain: $what")
        Thread.sleep(100)
    }
}
def stages = { Window.getWindows().findAll { it instanceof Stage && it.isShowing() && it != qupath.getStage() } }
def at = { String id -> stages().collect { it.getScene().lookup('#' + id) }.find { it != null } }
def picture = { String name ->
    fx {
        [qupath.getStage(), *stages()].eachWithIndex { stage, i ->
            def image = SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null)
            ImageIO.write(image, 'png', new File(out, "$name-${i}.png"))
        }
    }
}
def choose = { String text ->
    def item = qupath.getMenu('Extensions>HookNet', false).getItems().find { it.getText() == text }
    Platform.runLater { item.fire() }
}
def box = { double x, double y, double w, double h, String name ->
    PathObjects.createAnnotationObject(
            ROIs.createRectangleROI(x, y, w, h, ImagePlane.getDefaultPlane()), PathClass.fromString(name))
}
def hierarchy = { qupath.getImageData().getHierarchy() }

def visit = {
    wait('the image') { qupath.getImageData() != null }
    fx { hierarchy().addObjects([box(0, 0, 160, 96, 'White'), box(*where, 'Blue')]) }
    choose('Train…')
    wait('Train to be filled in') { at('family') != null }
    fx {
        at('family').setValue('unet')
        at('further').setText(System.getenv('HOOKPATH_ADDRESS_SETTINGS'))
    }
    wait('Train to be possible') { !at('train').isDisabled() }
    picture('train-ready')
    fx { at('train').fire() }
    wait('the training to end') { at('result')?.isVisible() || at('setup')?.isVisible() }
    picture('train-done')
    report.trained = fx { at('resultText').getText() }
    fx { stages()*.hide() }
    choose('Run HookNet…')
    wait('Run to be possible') { at('run') != null && !at('run').isDisabled() }
    fx { at('minArea').getValueFactory().setValue(30.0d) }
    picture('run-ready')
    fx { at('run').fire() }
    wait('results') { !at('run').isDisabled() && hierarchy().getAllObjects(false).any { it.getMetadata().get('hookpath.run') } }
    picture('run-done')
    report.blue = fx {
        hierarchy().getAllObjects(false)
            .findAll { it.getMetadata().get('hookpath.run') && it.getPathClass().toString() == 'Blue' }
            .collect { it.getROI() }.collect { [it.getCentroidX(), it.getCentroidY(), it.getArea()] }
    }
}
Thread.start('addresses') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = e.toString()
        picture('error')
    }
    new File(out, 'report.json').setText(new Gson().toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
