// A startup script for QuPath's window: the planes of the z-stack that is open, in the windows Run
// and Live. HOOKPATH_STACK_OUT: a folder for pictures and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import javafx.embed.swing.SwingFXUtils
import javafx.scene.control.Labeled
import javafx.stage.Stage
import javafx.stage.Window
import javax.imageio.ImageIO
import qupath.ext.hookpath.ProjectAnnotations
import qupath.ext.hookpath.Hookpath
import qupath.ext.hookpath.ui.RunWindow
import qupath.ext.hookpath.ui.train.TrainWindow
import qupath.lib.gui.QuPathGUI
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.ROIs

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getenv('HOOKPATH_STACK_OUT'))
def qupath = QuPathGUI.getInstance()
def viewer = qupath.getViewer()
def report = [said: [:], results: [:], why: [:], shown: [:]]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get()
}
def wait = { String what, Closure until ->
    def end = System.nanoTime() + 120_000_000_000L
    while (!until()) {
        if (System.nanoTime() > end)
            throw new IllegalStateException("waited in vain: $what")
        Thread.sleep(50)
    }
}
def window = { String title -> Window.getWindows().find { it instanceof Stage && it.isShowing() && it.getTitle() == title } }
def at = { String id -> window('Run HookNet').getScene().lookup('#' + id) }
def picture = { String name, String title ->
    fx {
        def stage = title == null ? qupath.getStage() : window(title)
        ImageIO.write(SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null), 'png', new File(out, name + '.png'))
    }
}
def hierarchy = { viewer.getImageData().getHierarchy() }
def results = {
    fx { hierarchy().getDetectionObjects().findAll { it.getPathClass().toString() == 'Bright' }
            .collect { [it.getROI().getZ(), it.getROI().getCentroidX() as int] }.sort { it[0] } }
}
// What every label of the window says.
def texts = { at('models').getScene().getRoot().lookupAll('.label').findAll { it instanceof Labeled && it.isVisible() }*.getText() }
def run = { String name ->
    wait('Run to be possible', { fx { !at('run').isDisabled() } })
    picture(name + '-ready', 'Run HookNet')
    fx { at('run').fire() }
    wait('the job to begin', { fx { at('run').isDisabled() } })
    wait('the job to end', { fx { !at('run').isDisabled() && texts().any { it.contains('Done:') } } })
    report.said[name] = fx { texts().find { it.contains('Done:') } }
    report.results[name] = results()
    picture(name + '-done', 'Run HookNet')
}
def box = { String type, int x, int y, int w, int h, int z ->
    PathObjects.createAnnotationObject(ROIs.createRectangleROI(x, y, w, h, ImagePlane.getPlane(z, 0)), PathClass.fromString(type))
}
def classAt = { int x, int y ->
    def overlay = fx { viewer.getCustomPixelLayerOverlay() }
    def text = overlay == null ? null : fx { overlay.getLocationString(viewer.getImageData(), x, y, viewer.getZPosition(), 0) }
    text?.split(' ')?.first()
}
def status = { fx { window('HookNet preview')?.getScene()?.lookup('#status')?.getText() } }

def visit = {
    wait('the image') { viewer.getImageData() != null }
    fx {
        def unknown = viewer.getImageData()
        unknown.updateServerMetadata(new ImageServerMetadata.Builder(unknown.getServerMetadata()).pixelSizeMicrons(1.0, 1.0).build())
        qupath.getStage().setWidth(1100)
        qupath.getStage().setHeight(800)
        viewer.setDownsampleFactor(0.5)
        viewer.setCenterPixelLocation(128, 96)
        viewer.setZPosition(2)
        RunWindow.show(qupath)
    }
    wait('the models') { fx { !at('run').isDisabled() } }
    fx { at('minArea').getValueFactory().setValue(1.0d); at('kind').setValue('shown'); at('overlay').setSelected(true) }
    report.offered = fx { at('planes').isVisible() }
    report.which = fx { at('which').getText() }
    run('shown')
    wait('the map') { classAt(60, 60) == 'Bright' }
    picture('map-on-its-plane', null)
    fx { viewer.setZPosition(0) }
    Thread.sleep(1500)
    report.mapElsewhere = classAt(60, 60)
    fx { at('kind').setValue('some'); at('z').setText('0,7') }
    report.why.wrong = fx { at('message').getText() }
    picture('wrong', 'Run HookNet')
    fx { at('z').setText('0') }
    run('some')
    fx { at('kind').setValue('all') }
    run('all')
    def predictions = new File(qupath.getProject().getPath().getParent().toFile(), 'hookpath/predictions')
    fx { hierarchy().removeObjects(hierarchy().getAllObjects(false), false) }
    report.imported = [Hookpath.importPredictions(predictions.getPath()), Hookpath.importPredictions(predictions.getPath())].collect { [it.added(), it.removed()] }
    report.results.imported = results()
    fx {     // inside what is drawn, which is on one plane only
        def mine = box('Region*', 30, 30, 60, 60, 2)
        hierarchy().addObject(mine)
        at('insideClass').setValue(PathClass.fromString('Region*'))
        at('inside').setSelected(true)
    }
    run('inside')
    fx { hierarchy().removeObjects(hierarchy().getAllObjects(false), false); window('Run HookNet').hide(); viewer.setZPosition(2) }
    Hookpath.live(device: 'cpu')
    fx { hierarchy().addObjects([box('Bright', 40, 40, 40, 40, 2), box('Dim', 40, 130, 60, 40, 0)]) }
    wait('what was drawn to be shown') { classAt(60, 60) == 'Bright' && classAt(200, 60) == 'Dim' }
    report.shown.two = status()
    picture('live-2', null)
    fx { viewer.setZPosition(0) }
    wait('the other plane') { classAt(200, 60) == 'Bright' && classAt(60, 60) == 'Dim' }
    report.shown.zero = status()
    picture('live-0', null)
    picture('live-window', 'HookNet preview')
    Hookpath.stopPreview()

    // What Train counts: what was drawn, and of results what is shown where that plane is confirmed.
    fx {
        def ours = [box('Dim', 120, 10, 30, 20, 0), box('Dim', 120, 10, 30, 40, 2)]
        ours.each { it.getMetadata().put('hookpath.run', 'hookpath-elsewhere') }
        hierarchy().addObjects(ours + [box('Region: confirmed*', 110, 0, 60, 60, 2)])
        TrainWindow.show(qupath)
    }
    def drawn = ProjectAnnotations.of(qupath.getProject(), qupath.getProject().getEntry(viewer.getImageData()))
    report.drawn = [px: drawn.mm2().collectEntries { [it.key, it.value * 1e6] }, planes: drawn.planes(), problem: drawn.problem()]
    def cells = { fx { window('Train HookNet')?.getScene()?.getRoot()?.lookupAll('.table-cell')*.getText() } }
    wait('the table') { cells()?.any { it?.startsWith('stack') } }
    Thread.sleep(1500)
    report.cell = cells().find { it?.startsWith('stack') }
    picture('train', 'Train HookNet')
}
Thread.start('stack') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = "${e}; ${status()}"
        try {
            Window.getWindows().findAll { it instanceof Stage && it.isShowing() }.eachWithIndex { s, i -> picture('error-' + i, s == qupath.getStage() ? null : s.getTitle()) }
        } catch (Throwable ignored) { }
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
null
