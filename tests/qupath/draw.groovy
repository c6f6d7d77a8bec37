// What a person may have done to an image: objects of every kind, nested, locked, named, measured;
// stains, an own property, a step in the history.
import qupath.lib.geom.Point2
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.GeometryTools
import qupath.lib.roi.ROIs

def plane = ImagePlane.getDefaultPlane()
def geometry = { wkt ->
    def read = new org.locationtech.jts.io.WKTReader(GeometryTools.getDefaultFactory()).read(wkt)
    GeometryTools.geometryToROI(read, plane)
}
def tumor = PathClass.fromString("Tumor", getColorRGB(200, 10, 20))
def stroma = PathClass.fromString("Stroma", getColorRGB(10, 180, 30))
def ignore = PathClass.fromString("Ignore*")
def annotation = { roi, pathClass, name ->
    def made = PathObjects.createAnnotationObject(roi, pathClass)
    made.setName(name)
    made
}

def holed = annotation(geometry("POLYGON ((100 100, 400 100, 400 300, 100 300, 100 100), (200 150, 200 200, 260 200, 260 150, 200 150))"), tumor, "größter Herd, 5 µm")
holed.setLocked(true)
holed.setDescription("Grenze unsicher\nzweite Zeile")
holed.setColor(1, 2, 3)
holed.getMeasurementList().put("Score µm^2", 0.123456789012345d)
holed.getMeasurementList().put("Missing", Double.NaN)
holed.getMetadata().put("reader", "A")

def inner = annotation(ROIs.createEllipseROI(110, 110, 60, 30, plane), stroma, "ellipse")
def innermost = annotation(ROIs.createRectangleROI(120, 115, 10.5, 5.25, plane), null, "rectangle")
holed.addChildObject(inner)
inner.addChildObject(innermost)
def nucleus = ROIs.createEllipseROI(304, 204, 6, 6, plane)
def cell = PathObjects.createCellObject(ROIs.createEllipseROI(300, 200, 14, 12, plane), nucleus, PathClass.fromString("Tumor: Positive"), null)
cell.getMeasurementList().put("Nucleus: Area", 28.25d)
holed.addChildObject(cell)

def brush = annotation(geometry("MULTIPOLYGON (((500 100, 560 100, 560 160, 530 130, 500 160, 500 100)), ((500 200, 520 200, 510 230, 500 200)))"), stroma, null)
def polygon = annotation(ROIs.createPolygonROI([10.25, 90.5, 50.125] as double[], [10.5, 20.25, 80.75] as double[], plane), ignore, "polygon")
def points = annotation(ROIs.createPointsROI([new Point2(5, 5), new Point2(6.5, 7)], plane), tumor, "points")
def line = annotation(ROIs.createLineROI(10, 300, 60.5, 310, plane), null, "line")
def polyline = annotation(ROIs.createPolylineROI([10, 20, 30] as double[], [400, 410, 400] as double[], plane), stroma, null)
def elsewhere = annotation(ROIs.createRectangleROI(0, 0, 9, 9, ImagePlane.getPlane(2, 1)), tumor, "other plane")
def tile = PathObjects.createTileObject(ROIs.createRectangleROI(600, 400, 20, 20, plane), null, null)
addObjects([holed, brush, polygon, points, line, polyline, elsewhere, tile])

setImageType("BRIGHTFIELD_H_E")
setColorDeconvolutionStains('{"Name":"mine","Stain 1":"Hematoxylin","Values 1":"0.65 0.70 0.29","Stain 2":"Eosin","Values 2":"0.22 0.80 0.56","Background":"250 251 252"}')
getCurrentImageData().setProperty("kept by", "a person")
