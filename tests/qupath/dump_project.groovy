// Everything QuPath knows about a project, as JSON: args[0]: project file; args[1]: the JSON file.
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer
import java.awt.image.BufferedImage
import qupath.lib.objects.PathObject
import qupath.lib.projects.ProjectIO
import qupath.lib.regions.RegionRequest

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def finite = { v -> Double.isFinite(v) ? v : v.toString() }
def className = { c -> c == null ? null : c.toString() }
def look = { PathObject o ->
    def roi = o.getROI()
    [
        id: o.getID().toString(),
        type: o.getClass().getSimpleName(),
        parent: o.getParent() == null || o.getParent().isRootObject() ? null : o.getParent().getID().toString(),
        classification: className(o.getPathClass()),
        classColor: o.getPathClass() == null ? null : o.getPathClass().getColor(),
        name: o.getName(),
        description: o.isAnnotation() ? o.getDescription() : null,
        locked: o.isLocked(),
        color: o.getColor(),
        missing: o.isTMACore() ? o.isMissing() : null,
        case: o.isTMACore() ? o.getCaseID() : null,
        roi: roi.getClass().getSimpleName(),
        plane: [roi.getZ(), roi.getT(), roi.getC()],
        area: roi.isArea() ? roi.getArea() : 0,
        points: roi.isPoint() ? roi.getNumPoints() : null,
        wkt: roi.getGeometry().toText(),
        nucleus: o.isCell() && o.getNucleusROI() != null ? o.getNucleusROI().getGeometry().toText() : null,
        measurements: o.getMeasurementList().asMap().collectEntries { k, v -> [(k): finite(v as double)] },
        metadata: new TreeMap(o.getMetadata()),
    ]
}
def pixels = { server, downsample ->
    // Right of the middle: in a scan on a large canvas, that is where the tissue is.
    def (x, y) = [server.getWidth().intdiv(2) + 16, server.getHeight().intdiv(2)]
    def request = RegionRequest.createInstance(server.getPath(), downsample, x, y, 64, 32)
    def image = server.readRegion(request)
    def rgb = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth())
    [x: x, y: y, width: image.getWidth(), height: image.getHeight(), rgb: rgb.collect { it & 0xFFFFFF }]
}
def seen = { entry ->
    def found = [
        id: entry.getID(),
        name: entry.getImageName(),
        description: entry.getDescription(),
        metadata: new TreeMap(entry.getMetadata()),
        tags: entry.metaClass.respondsTo(entry, "getTags") ? entry.getTags().sort() : null,
        uris: entry.getURIs().collect { it.toString() },
        hasData: entry.hasImageData(),
    ]
    def hierarchy = entry.readHierarchy()
    found.objects = hierarchy.getAllObjects(false).collect(look).sort { it.id }
    def grid = hierarchy.getTMAGrid()
    found.grid = grid == null ? null : [grid.getGridWidth(), grid.getTMACoreList()*.getID()*.toString()]
    try {
        def data = entry.readImageData()
        def server = data.getServer()
        def size = server.getPixelCalibration()
        found.type = data.getImageType().name()
        found.stains = data.getColorDeconvolutionStains()?.toString()
        found.property = data.getProperty("kept by")
        found.steps = data.getHistoryWorkflow().getSteps().collect { [it.getName(), it.getScript()] }
        found.server = server.getClass().getSimpleName()
        found.size = [server.getWidth(), server.getHeight()]
        found.um = [finite(size.getPixelWidthMicrons()), finite(size.getPixelHeightMicrons())]
        found.pixels = server.isRGB() ? [pixels(server, 1.0d), pixels(server, 2.0d)] : null
        data.close()
    } catch (Exception problem) {
        found.problem = problem.getClass().getSimpleName()
    }
    found
}
def project = ProjectIO.loadProject(new File(args[0]), BufferedImage)
def all = [
    classes: project.getPathClasses().collect { [className(it), it?.getColor()] },
    images: project.getImageList().collect(seen),
]
new File(args[1]).setText(json.toJson(all), "UTF-8")
