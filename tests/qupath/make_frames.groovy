// One slide in every frame that QuPath may show it in.
// args[0]: folder with scan.scn (bounds), plain.tif (0.5 µm/px), unknown.tif (no µm/px);
// args[1]: folder of the project to make.
import java.awt.image.BufferedImage
import qupath.lib.images.ImageData.ImageType
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServers
import qupath.lib.images.servers.RotatedImageServer.Rotation
import qupath.lib.images.servers.TransformedServerBuilder
import qupath.lib.projects.Projects
import qupath.lib.regions.ImageRegion

def folder = new File(args[1])
folder.mkdirs()
def project = Projects.createProject(folder, BufferedImage)
def server = { String name, String... options ->
    ImageServers.buildServer(new File(args[0], name).toURI(), options)
}
def add = { base, String name, Closure change = null ->
    def entry = project.addImage(base.getBuilder())
    entry.setImageName(name)
    def data = entry.readImageData()
    data.setImageType(base.isRGB() ? ImageType.BRIGHTFIELD_H_E : ImageType.OTHER)
    change?.call(data)
    entry.saveImageData(data)
}
def byHand = { data ->
    def known = new ImageServerMetadata.Builder(data.getServerMetadata())
    data.updateServerMetadata(known.pixelSizeMicrons(0.5, 0.5).build())
}
def changed = { Closure make -> make(new TransformedServerBuilder(server("plain.tif"))).build() }

add(server("scan.scn"), "cropped to bounds")
add(server("scan.scn", "--no-crop"), "not cropped")
add(server("unknown.tif"), "set by hand", byHand)
add(server("unknown.tif"), "no pixel size")
add(ImageServers.pyramidalize(server("plain.tif"), 1, 4), "more levels")
add(changed { it.rotate(Rotation.ROTATE_90) }, "rotated")
add(changed { it.crop(ImageRegion.createInstance(16, 16, 512, 512, 0, 0)) }, "cut out")
add(changed { it.concatChannels(server("plain.tif")) }, "two in one")
add(server("moved.tif"), "moved")
project.syncChanges()
