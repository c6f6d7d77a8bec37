// A project of images of every kind, made by QuPath itself.
// args[0]: folder of slides; args[1]: folder of the project to make.
import java.awt.geom.AffineTransform
import java.awt.image.BufferedImage
import qupath.lib.color.ColorDeconvolutionStains
import qupath.lib.images.ImageData.ImageType
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServers
import qupath.lib.images.servers.RotatedImageServer.Rotation
import qupath.lib.images.servers.TransformedServerBuilder
import qupath.lib.objects.PathObject
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.objects.hierarchy.DefaultTMAGrid
import qupath.lib.projects.Projects
import qupath.lib.regions.ImagePlane
import qupath.lib.regions.ImageRegion
import qupath.lib.roi.GeometryTools
import qupath.lib.roi.ROIs
import qupath.lib.plugins.workflow.DefaultScriptableWorkflowStep

def slides = new File(args[0])
def plane = ImagePlane.getDefaultPlane()
def folder = new File(args[1])
folder.mkdirs()
def project = Projects.createProject(folder, BufferedImage)
def dark = PathClass.fromString("Dark", getColorRGB(200, 0, 0))
def pale = PathClass.fromString("Pale", getColorRGB(0, 0, 200))
def rim = PathClass.fromString("Pale: Saum (größer)", getColorRGB(0, 90, 200))
def ignored = PathClass.fromString("Ignore*", getColorRGB(90, 90, 90))
def region = PathClass.fromString("Region*", getColorRGB(0, 0, 180))

def server = { String name, String... options ->
    ImageServers.buildServer(new File(slides, name).toURI(), options)
}
def area = { wkt, pathClass = null, name = null ->
    def read = new org.locationtech.jts.io.WKTReader(GeometryTools.getDefaultFactory()).read(wkt)
    def made = PathObjects.createAnnotationObject(GeometryTools.geometryToROI(read, plane), pathClass)
    made.setName(name)
    made
}
def box = { x, y, w, h, pathClass = null, name = null ->
    def made = PathObjects.createAnnotationObject(ROIs.createRectangleROI(x, y, w, h, plane), pathClass)
    made.setName(name)
    made
}
// As the window does it: the server's builder into the project, then the data file beside it.
def add = { base, String name, Collection<PathObject> objects = [], Closure change = null ->
    def entry = project.addImage(base.getBuilder())
    entry.setImageName(name)
    def data = entry.readImageData()
    data.setImageType(base.isRGB() ? ImageType.BRIGHTFIELD_H_E : ImageType.FLUORESCENCE)
    data.getHierarchy().addObjects(objects)
    change?.call(data, entry)
    entry.saveImageData(data)
    entry
}
def halves = { size = 256 ->
    [box(20, 20, size / 2 - 40, size - 40, dark), box(size / 2 + 20, 20, size / 2 - 40, size - 40, pale)]
}

// 1: everything that a person may draw, nested.
def tissue = box(0, 0, 256, 256, region, "Gewebe")
def (left, right) = halves()
left.setLocked(true)
left.setName("größter Herd, 5 µm")
left.setDescription("Grenze unsicher\nzweite Zeile")
left.getMeasurementList().put("Score µm^2", 0.123456789012345d)
left.getMeasurementList().put("Missing", Double.NaN)
left.getMetadata().put("Leser", "A")
left.setColor(1, 2, 3)
def holed = area("MULTIPOLYGON (((140 20, 240 20, 240 120, 140 120, 140 20), (160 40, 160 60, 180 60, 180 40, 160 40)), ((150 130, 170 130, 160 150, 150 130)))", rim, "Saum")
def cell = PathObjects.createCellObject(ROIs.createEllipseROI(30, 30, 14, 12, plane),
    ROIs.createEllipseROI(34, 33, 6, 6, plane), PathClass.fromString("Dark: Positive"), null)
cell.getMeasurementList().put("Nucleus: Area", 28.25d)
def detection = PathObjects.createDetectionObject(ROIs.createEllipseROI(60, 60, 9.5, 7.25, plane), null)
left.addChildObjects([cell, detection])
tissue.addChildObjects([left, right, holed])
def points = PathObjects.createAnnotationObject(ROIs.createPointsROI([5, 6.5] as double[], [5, 7] as double[], plane), dark)
def line = PathObjects.createAnnotationObject(ROIs.createLineROI(10, 200, 60.5, 210, plane), pale)
def loose = area("POLYGON ((60 230, 90 230, 75 250, 60 230))", null, "ohne Klasse")
def hidden = area("POLYGON ((200 200, 230 200, 215 230, 200 200))", ignored, "nicht mitzählen")
def first = add(server("Gewebe 1 (größer) ß.tif"), "Gewebe 1 (größer) ß.tif", [tissue, points, line, loose, hidden]) { data, entry ->
    data.getHistoryWorkflow().addStep(new DefaultScriptableWorkflowStep("Schritt von Hand", "// µm: nichts zu tun"))
    data.setProperty("kept by", "a person")
}
first.setDescription("Fall 1\nzweite Zeile: größer")
first.getMetadata().putAll(["hookpath.split": "train", "Färbung": "H&E"])
if (first.metaClass.respondsTo(first, "getTags"))
    first.getTags().addAll(["wichtig", "größer"])

// 2: the file knows no pixel size; it was set by hand.
def byHand = { width, height -> { data, entry ->
    def known = data.getServerMetadata()
    data.updateServerMetadata(new ImageServerMetadata.Builder(known).pixelSizeMicrons(width, height).build())
}}
add(server("ohne µm.tif"), "ohne µm.tif", halves(), byHand(1.0, 1.0)).getMetadata().put("hookpath.split", "train")

// 3: the file's pixel size (0.5) corrected by hand; used for validation.
add(server("falsche µm.tif"), "falsche µm.tif", halves(), byHand(1.0, 1.0)).getMetadata().put("hookpath.split", "val")

// 4: a tissue microarray: two rows, three columns, one core missing; work inside the cores.
def cores = (0..<6).collect {
    def core = PathObjects.createTMACoreObject(45 + 80 * (it % 3), 70 + 100 * it.intdiv(3), 70, it == 4)
    core.setName("AB"[it.intdiv(3)] + "-" + (it % 3 + 1))
    core.setCaseID("Fall " + it)
    core
}
add(server("TMA.tif"), "TMA.tif", []) { data, entry ->
    def hierarchy = data.getHierarchy()
    hierarchy.setTMAGrid(DefaultTMAGrid.create(cores, 3))
    def drawn = box(30, 55, 30, 30, dark, "im Core")
    drawn.addChildObject(PathObjects.createDetectionObject(ROIs.createEllipseROI(40, 60, 8, 8, plane)))
    cores[0].addChildObject(drawn)
    hierarchy.addObject(box(190, 20, 40, 40, pale, "neben den Cores"))
}.getMetadata().put("hookpath.split", "test")

// 5, 6: the same scan cropped to OpenSlide's bounds, as QuPath does it, and whole.
add(server("scan.scn"), "scan beschnitten", halves()).getMetadata().put("hookpath.split", "test")
add(server("scan.scn", "--no-crop"), "scan ganz", [box(516 + 20, 260 + 20, 88, 216, dark), box(516 + 148, 260 + 20, 88, 216, pale)])
    .getMetadata().put("hookpath.split", "test")

// 7: never opened: no data file. 8: the same name once more. 9: a pyramid added by QuPath.
project.addImage(server("Gewebe 2.tif").getBuilder()).setImageName("nie geöffnet")
add(server("Gewebe 2.tif"), "doppelt", [halves()[0]])
add(server("Gewebe 2.tif"), "doppelt", [halves()[1]])
add(ImageServers.pyramidalize(server("flach.tif"), 1, 4), "mit Pyramide", halves())

// What is not the slide that a file holds.
def HE = '{"Name":"H&E","Stain 1":"Hematoxylin","Values 1":"0.65 0.70 0.29","Stain 2":"Eosin","Values 2":"0.22 0.80 0.56","Background":"255 255 255"}'
def plain = { server("Gewebe 2.tif") }
def other = { String name, Closure make ->
    add(make(new TransformedServerBuilder(plain())).build(), name, [box(0, 0, 10, 10, dark)])
}
other("gedreht") { it.rotate(Rotation.ROTATE_90) }
other("ausgeschnitten") { it.crop(ImageRegion.createInstance(16, 16, 64, 64, 0, 0)) }
other("verschoben") { it.transform(AffineTransform.getTranslateInstance(5, 7)) }
other("verkettet") { it.concatChannels(server("Gewebe 1 (größer) ß.tif")) }
other("Färbung getrennt") { it.deconvolveStains(ColorDeconvolutionStains.parseColorDeconvolutionStainsArg(HE), 1, 2) }
other("ein Kanal") { it.extractChannels(0) }
add(server("Stapel.tif"), "Stapel", [box(0, 0, 10, 10, dark)])
add(server("Kanäle.tif"), "Kanäle", [box(0, 0, 10, 10, dark)])

// Slides that will be away, and one that will have moved with the project.
add(server("fehlt.tif"), "fehlt", halves())
add(server("zieht um.tif"), "zieht um", halves())

project.setPathClasses([PathClass.NULL_CLASS, dark, pale, rim, ignored, region])
project.syncChanges()
