// Images in OME-Zarr as a person adds them. args[0]: folder of images; args[1]: of the project;
// args[2]: GeoJSON of what is annotated on each; the others: what is chosen, with "#n" for the n-th
// image inside. Of a stack the last plane is annotated.
import java.awt.image.BufferedImage
import qupath.lib.images.ImageData.ImageType
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServerProvider
import qupath.lib.io.PathIO
import qupath.lib.objects.PathObjectTools
import qupath.lib.projects.Projects
import qupath.lib.regions.ImagePlane

def folder = new File(args[1])
folder.mkdirs()
def project = Projects.createProject(folder, BufferedImage)
args.drop(3).each { chosen ->
    def (name, number) = [*chosen.split("#"), "0"]
    def place = new File(args[0], name).toURI().toString()
    def support = ImageServerProvider.getPreferredUriImageSupport(BufferedImage, place)
    def server = support.getBuilders()[number as int].build()
    def entry = project.addImage(server.getBuilder())
    entry.setImageName(chosen)
    def data = entry.readImageData()
    data.setImageType(ImageType.FLUORESCENCE)
    def known = new ImageServerMetadata.Builder(data.getServerMetadata())
    data.updateServerMetadata(known.pixelSizeMicrons(1.0, 1.0).build())
    def plane = ImagePlane.getPlane(server.nZSlices() - 1, 0)
    data.getHierarchy().addObjects(PathIO.readObjects(new File(args[2])).collect {
        PathObjectTools.updatePlane(it, plane, false, true)
    })
    entry.saveImageData(data)
}
project.syncChanges()
