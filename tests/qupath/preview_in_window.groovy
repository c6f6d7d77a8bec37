// A startup script for QuPath's window: the preview, a map, and their ends, on the image that is
// open. HOOKPATH_PREVIEW_MODEL: a model; HOOKPATH_PREVIEW_MAP: a map of the image;
// HOOKPATH_PREVIEW_OUT: a folder for tiles (<x>_<y>.bin) and report.json.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.util.concurrent.CompletableFuture
import javafx.application.Platform
import qupath.ext.hookpath.Hookpath
import qupath.ext.hookpath.HookpathException
import qupath.ext.hookpath.BackgroundThreads
import qupath.lib.gui.QuPathGUI

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def out = new File(System.getenv('HOOKPATH_PREVIEW_OUT'))
def model = System.getenv('HOOKPATH_PREVIEW_MODEL')
def qupath = QuPathGUI.getInstance()
def viewer = qupath.getViewer()
def report = [:]

def fx = { Closure task ->
    def future = new CompletableFuture()
    Platform.runLater {
        try { future.complete(task()) } catch (Throwable e) { future.completeExceptionally(e) }
    }
    future.get()
}
def wait = { String what, Closure until ->
    def end = System.nanoTime() + 90_000_000_000L
    while (!until()) {
        if (System.nanoTime() > end)
            throw new IllegalStateException('waited in vain: ' + what)
        Thread.sleep(50)
    }
}
def overlay = { fx { viewer.getCustomPixelLayerOverlay() } }
def workers = {
    ProcessHandle.current().children().filter { child ->
        child.info().commandLine().orElse('').contains('hookpath.qupath')
    }.count()
}
def tiles = {
    def server = overlay().getPixelClassificationServer(viewer.getImageData())
    server.getTileRequestManager().getTileRequestsForLevel(0).collect { [it, server.getCachedTile(it)] }
}
def save = { String folder ->
    def into = new File(out, folder)
    into.mkdirs()
    tiles().collect { tile, image ->
        def name = "${tile.getTileX()}_${tile.getTileY()}.bin"
        def raster = image.getRaster()
        new File(into, name).withOutputStream { stream ->
            for (int band = 0; band < raster.getNumBands(); band++) {
                int[] values = raster.getSamples(0, 0, image.getWidth(), image.getHeight(), band, (int[]) null)
                stream.write(values as byte[])
            }
        }
        [x: tile.getTileX(), y: tile.getTileY(), width: image.getWidth(), height: image.getHeight(),
                bands: raster.getNumBands(), downsample: tile.getDownsample(), file: "$folder/$name" as String]
    }
}
def visit = {
    def image = viewer.getImageData()
    wait('the image') { (image = viewer.getImageData()) != null }
    image.setChanged(false)
    def opened = Hookpath.preview(model: model, device: 'cpu')
    report.classes = opened.classes()*.name()
    report.workers = workers()
    fx { viewer.setDownsampleFactor(1.0); viewer.setCenterPixelLocation(512, 384) }
    wait('tiles of the preview') { tiles().every { it[1] != null } }
    report.preview = save('preview')
    report.readout = overlay().getLocationString(image, 300, 300, 0, 0)
    report.changed = image.isChanged()

    Hookpath.stopPreview()
    wait('the worker to end') { workers() == 0 }
    report.overlayAfterStop = overlay() != null

    Hookpath.showProbabilityMap(System.getenv('HOOKPATH_PREVIEW_MAP'))
    wait('tiles of the map') { tiles().every { it[1] != null } }
    report.map = save('map')
    Hookpath.showProbabilityMap(null)
    wait('the map to go') { overlay() == null }
    report.changedByMap = image.isChanged()

    Hookpath.preview(model: model, device: 'cpu')
    ProcessHandle.current().children().filter { child ->
        child.info().commandLine().orElse('').contains('hookpath.qupath')
    }.forEach { it.destroyForcibly() }
    fx { viewer.repaintEntireImage() }
    wait('the preview to end with its worker') { overlay() == null || { fx { viewer.centerImage() }; false }() }
    report.killed = true

    Hookpath.preview(model: model, device: 'cpu')
    fx { qupath.setProject(null) }
    wait('the preview to end with the project') { workers() == 0 && overlay() == null }
    report.projectClosed = true
    def told = new CompletableFuture()
    BackgroundThreads.work({ throw new NoClassDefFoundError('no/Such') }, { told.complete('done') }) { told.complete(it.toString()) }
    report.told = told.get()
    try {
        Hookpath.preview(model: '/nowhere at all')
    } catch (HookpathException e) {
        report.problem = e.getMessage()
    }
}
Thread.start('visit') {
    try {
        visit()
    } catch (Throwable e) {
        report.error = e.toString()
    }
    new File(out, 'report.json').setText(json.toJson(report), 'UTF-8')
    Runtime.getRuntime().halt(0)
}
