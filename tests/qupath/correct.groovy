// A person corrects proposals. args[0]: "brush" gives a stroke to the largest Dark annotation, takes it
// from the Pale ones and makes one new annotation of these, as Merge does; "lock" locks the Dark ones.
import qupath.lib.roi.GeometryTools
import qupath.lib.roi.ROIs
import qupath.lib.roi.RoiTools

def named = { name -> getAnnotationObjects().findAll { it.getPathClass()?.toString() == name } }
if (args[0] == "brush") {
    def dark = named("Dark").max { it.getROI().getArea() }
    def stroke = ROIs.createRectangleROI(100, 100, 60, 20, dark.getROI().getImagePlane())
    dark.setROI(RoiTools.union([dark.getROI(), stroke]))
    named("Pale").each { it.setROI(RoiTools.difference(it.getROI(), stroke)) }
    selectObjects(named("Pale"))
    mergeSelectedAnnotations()
    fireHierarchyUpdate()
} else {
    named("Dark").each { it.setLocked(true) }
}
