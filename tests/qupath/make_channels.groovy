// Fluorescence as QuPath shows it. args[0]: folder of images; args[1]: folder of the project;
// args[2]: GeoJSON of what is annotated on "spots".
import java.awt.image.BufferedImage
import qupath.lib.images.ImageData.ImageType
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServers
import qupath.lib.images.servers.RotatedImageServer.Rotation
import qupath.lib.images.servers.TransformedServerBuilder
import qupath.lib.io.PathIO
import qupath.lib.objects.PathObjects
import qupath.lib.objects.classes.PathClass
import qupath.lib.projects.Projects
import qupath.lib.regions.ImagePlane
import qupath.lib.roi.ROIs

def folder = new File(args[1])
folder.mkdirs()
def project = Projects.createProject(folder, BufferedImage)
def server = { String name -> ImageServers.buildServer(new File(args[0], name).toURI()) }
def add = { base, String name, Collection objects = [], Closure change = null ->
    def entry = project.addImage(base.getBuilder())
    entry.setImageName(name)
    def data = entry.readImageData()
    data.setImageType(ImageType.FLUORESCENCE)
    data.getHierarchy().addObjects(objects)
    change?.call(data)
    entry.saveImageData(data)
}
def box = { x, y, w, h, name, z = 0 ->
    PathObjects.createAnnotationObject(ROIs.createRectangleROI(x, y, w, h,
        ImagePlane.getPlane(z, 0)), PathClass.fromString(name))
}
def sized = { data ->
    def known = new ImageServerMetadata.Builder(data.getServerMetadata())
    data.updateServerMetadata(known.pixelSizeMicrons(1.0, 1.0).build())
}
def changed = { Closure make -> make(new TransformedServerBuilder(server("spots.tif"))).build() }

add(server("spots.tif"), "spots", PathIO.readObjects(new File(args[2])), sized)
add(changed { it.rotate(Rotation.ROTATE_90) }, "turned", [], sized)
add(changed { it.concatChannels(server("other.tif")) }, "joined", [], sized)
add(server("stack.tif"), "stack", [box(5, 5, 12, 12, "A", 2)], sized)
add(server("other.tif"), "other", [], sized)
project.syncChanges()
