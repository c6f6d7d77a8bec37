// Images that only QuPath reads as it shows them, each annotated. args[0]: folder of images; args[1]: folder of
// the project; args[2…4]: GeoJSON of what is annotated on "joined", "turned" and "cut"; args[5]: x,y,w,h of the cut.
import java.awt.image.BufferedImage
import qupath.lib.images.ImageData.ImageType
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServers
import qupath.lib.images.servers.RotatedImageServer.Rotation
import qupath.lib.images.servers.TransformedServerBuilder
import qupath.lib.io.PathIO
import qupath.lib.projects.Projects
import qupath.lib.regions.ImageRegion

def folder = new File(args[1])
folder.mkdirs()
def project = Projects.createProject(folder, BufferedImage)
def changed = { String name, Closure make ->
    make(new TransformedServerBuilder(ImageServers.buildServer(new File(args[0], name).toURI()))).build()
}
def add = { base, String name, ImageType type, String drawn ->
    def entry = project.addImage(base.getBuilder())
    entry.setImageName(name)
    def data = entry.readImageData()
    data.setImageType(type)
    data.getHierarchy().addObjects(PathIO.readObjects(new File(drawn)))
    if (!base.getPixelCalibration().hasPixelSizeMicrons()) {
        def known = new ImageServerMetadata.Builder(data.getServerMetadata())
        data.updateServerMetadata(known.pixelSizeMicrons(1.0, 1.0).build())
    }
    entry.saveImageData(data)
}
def part = args[5].split(',')*.toInteger()
def other = ImageServers.buildServer(new File(args[0], 'other.tif').toURI())
add(changed('spots.tif') { it.concatChannels(other) }, 'joined', ImageType.FLUORESCENCE, args[2])
add(changed('spots.svs') { it.rotate(Rotation.ROTATE_90) }, 'turned', ImageType.BRIGHTFIELD_H_E, args[3])
add(changed('spots.svs') { it.crop(ImageRegion.createInstance(*part, 0, 0)) }, 'cut', ImageType.BRIGHTFIELD_H_E, args[4])
project.syncChanges()
