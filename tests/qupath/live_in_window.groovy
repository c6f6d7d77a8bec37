// A startup script for QuPath's window: Live on the image that is open, stroke by stroke, from an
// image on which nothing is annotated. HOOKPATH_LIVE_OUT: a folder for pictures and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.ext.hookpath.Hookpath
import qupath.ext.hookpath.HookpathException
import qupath.lib.gui.QuPathGUI
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.ROIs

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getenv('HOOKPATH_LIVE_OUT'))
def qupath = QuPathGUI.getInstance()
def viewer = qupath.getViewer()
def report = [seconds: [:], said: [:]]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get()
}
def window = { Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getTitle() == 'HookNet preview' } }
def status = { fx { window()?.getScene()?.lookup('#status')?.getText() } }
def wait = { String what, Closure until ->
    def end = System.nanoTime() + 90_000_000_000L
    while (!until()) {
        if (System.nanoTime() > end)
            throw new IllegalStateException("waited in vain: $what (${status()})")
        Thread.sleep(20)
    }
}
def overlay = { fx { viewer.getCustomPixelLayerOverlay() } }
def classAt = { double x, double y ->
    def shown = overlay()
    def text = shown == null ? null : fx { shown.getLocationString(viewer.getImageData(), x, y, 0, 0) }
    text?.split(' ')?.first()
}
def picture = { String name ->
    fx {
        [(name): qupath.getStage(), (name + '-window'): window()].each { called, stage ->
            if (stage != null)
                ImageIO.write(SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null), 'png', new File(out, called + '.png'))
        }
    }
}
def square = { String type, int x, int y, int side ->
    def roi = ROIs.createRectangleROI(x, y, side, side, ImagePlane.getDefaultPlane())
    PathObjects.createAnnotationObject(roi, type == null ? null : PathClass.fromString(type))
}
def hierarchy = { viewer.getImageData().getHierarchy() }
// Does something; how long until the overlay says what it should.
def stroke = { String what, Closure change, Closure until ->
    def begun = System.nanoTime()
    fx(change)
    wait(what, until)
    report.seconds[what] = (System.nanoTime() - begun) / 1e9
    report.said[what] = status()
}

def visit = {
    wait('the image') { viewer.getImageData() != null }
    fx { viewer.setDownsampleFactor(1.0); viewer.setCenterPixelLocation(512, 384) }
    report.objects = hierarchy().getAllObjects(false).size()
    viewer.getImageData().setChanged(false)
    Hookpath.live(device: 'cpu')
    wait('what to draw') { status().contains('draw an area') }
    report.said.empty = status()
    def classless = square(null, 240, 240, 100)
    fx { hierarchy().addObject(classless) }
    wait('a class to be missing') { status().contains('a class') && !status().contains('draw an area') }
    report.said.classless = status()
    fx {
        classless.setPathClass(PathClass.fromString('Dark'))
        hierarchy().fireObjectClassificationsChangedEvent(this, [classless])
    }
    wait('a second class to be missing') { status().contains('second class') }
    report.said.one = status()
    report.overlayOfOne = overlay() != null
    def pale = square('Pale', 20, 520, 120)
    stroke('two classes', { hierarchy().addObject(pale) }) { classAt(300, 300) == 'Dark' && classAt(60, 60) == 'Pale' }
    picture('two-classes')
    def third = square('Third', 580, 140, 60)
    stroke('a third class', { hierarchy().addObject(third) }) { classAt(610, 170) == 'Third' }
    picture('three-classes')
    stroke('reclassified', {
        third.setPathClass(PathClass.fromString('Dark'))
        hierarchy().fireObjectClassificationsChangedEvent(this, [third])
    }) { classAt(610, 170) == 'Dark' }
    Thread.sleep(1500)  // QuPath gathers what happens in short order
    stroke('erased', { hierarchy().removeObject(third, false) }) { status().contains('after your last') }
    stroke('swapped', {
        pale.setPathClass(PathClass.fromString('Dark'))
        classless.setPathClass(PathClass.fromString('Pale'))
        hierarchy().fireObjectClassificationsChangedEvent(this, [pale, classless])
    }) { classAt(300, 300) == 'Pale' && classAt(60, 60) == 'Dark' }
    Thread.sleep(1500)
    stroke('undone', { qupath.getUndoRedoManager().undoOnce() }) { classAt(300, 300) == 'Dark' && classAt(60, 60) == 'Pale' }
    for (def downsample : [2.0, 4.0]) {
        fx { viewer.setDownsampleFactor(downsample); viewer.setCenterPixelLocation(512, 384) }
        wait('the overlay from afar') { classAt(300, 300) == 'Dark' }
        stroke('afar ' + downsample, { hierarchy().addObject(square('Pale', 400, 560 + (int) (downsample * 10), 40)) }) { status().contains('after your last') }
    }
    picture('afar')
    report.changedByLive = fx { hierarchy().getAllObjects(false).any { it.isDetection() || it.getMetadata().containsKey('hookpath.run') } }
    try {
        Hookpath.saveLive('no/name')
    } catch (HookpathException e) {
        report.said.badName = e.getMessage()
    }
    report.model = Hookpath.saveLive('drawn live').toString()
    fx { hierarchy().removeObjects(hierarchy().getAnnotationObjects().findAll { it.getPathClass().toString() == 'Pale' }, false) }
    wait('the overlay to go') { overlay() == null && status().contains('second class') }
    def other = qupath.getProject().getImageList().find { it.getImageName() == 'second.tif' }.readImageData()
    fx { viewer.setImageData(other) }   // as opening it does, without questions
    wait('Live to end with the image') { status().contains('another image') }
    report.said.otherImage = status()
    wait('the worker to end') {
        ProcessHandle.current().children().noneMatch { it.info().commandLine().orElse('').contains('hookpath.qupath') }
    }

    // Without a pixel size nothing can be learned; with one, what was drawn before counts, too.
    def unknown = qupath.getProject().getImageList().find { it.getImageName() == 'no scale.tif' }.readImageData()
    fx { viewer.setImageData(unknown); viewer.setDownsampleFactor(1.0) }
    Hookpath.live(device: 'cpu')
    fx { hierarchy().addObjects([square('Dark', 240, 240, 100), square('Pale', 20, 520, 120)]) }
    wait('the pixel size to be missing') { status().contains('pixel size') }
    report.said.noScale = status()
    fx {
        def known = new ImageServerMetadata.Builder(unknown.getServerMetadata()).pixelSizeMicrons(0.5, 0.5).build()
        unknown.updateServerMetadata(known)
        hierarchy().addObject(square('Pale', 600, 600, 60))
    }
    wait('the overlay after all') { classAt(300, 300) == 'Dark' && classAt(60, 600) == 'Pale' }
    ProcessHandle.current().children().filter { it.info().commandLine().orElse('').contains('hookpath.qupath') }
            .forEach { it.destroyForcibly() }
    Thread.sleep(500)
    fx { hierarchy().addObject(square('Dark', 320, 320, 30)) }
    wait('Live to end with its worker') { status().contains('unexpectedly') && overlay() == null }
    report.said.killed = status()
}
Thread.start('visit') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = e.toString()
        try { picture('error') } catch (Throwable ignored) { }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
