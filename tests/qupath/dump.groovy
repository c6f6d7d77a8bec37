// Everything QuPath knows about the image's objects, as JSON in the file that is args[0].
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def finite = { v -> Double.isFinite(v) ? v : v.toString() }
def plane = { roi -> [roi.getZ(), roi.getT(), roi.getC()] }
def look = { o -> [
    id: o.getID().toString(),
    type: o.getClass().getSimpleName(),
    parent: o.getParent() == null || o.getParent().isRootObject() ? null : o.getParent().getID().toString(),
    classification: o.getPathClass() == null ? null : o.getPathClass().toString(),
    classColor: o.getPathClass() == null ? null : o.getPathClass().getColor(),
    name: o.getName(),
    description: o instanceof qupath.lib.objects.PathAnnotationObject ? o.getDescription() : null,
    locked: o.isLocked(),
    color: o.getColor(),
    roi: o.getROI().getClass().getSimpleName(),
    plane: plane(o.getROI()),
    wkt: o.getROI().getGeometry().toText(),
    nucleus: o.isCell() && o.getNucleusROI() != null ? o.getNucleusROI().getGeometry().toText() : null,
    measurements: o.getMeasurementList().asMap().collectEntries { k, v -> [(k): finite(v as double)] },
    metadata: new TreeMap(o.getMetadata()),
]}
def data = getCurrentImageData()
def found = [
    version: qupath.lib.common.GeneralTools.getVersion().toString(),
    image: getProjectEntry().getImageName(),
    type: data.getImageType().name(),
    stains: data.getColorDeconvolutionStains() == null ? null : data.getColorDeconvolutionStains().toString(),
    property: data.getProperty("kept by"),
    steps: data.getHistoryWorkflow().getSteps().collect { it.getScript() },
    objects: getCurrentHierarchy().getAllObjects(false).collect(look).sort { it.id },
]
new File(args[0]).setText(json.toJson(found), "UTF-8")
