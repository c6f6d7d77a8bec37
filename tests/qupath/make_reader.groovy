// An extension that reads images behind an address, as OMERO's does. args[0]: its jar.
import java.util.jar.JarEntry
import java.util.jar.JarOutputStream
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration

def source = '''
package example

import java.awt.image.BufferedImage
import qupath.lib.images.servers.ImageServer
import qupath.lib.images.servers.ImageServerBuilder
import qupath.lib.images.servers.ImageServerBuilder.DefaultImageServerBuilder
import qupath.lib.images.servers.ImageServerBuilder.ServerBuilder
import qupath.lib.images.servers.ImageServerBuilder.UriImageSupport
import qupath.lib.images.servers.WrappedBufferedImageServer

class AddressServer extends WrappedBufferedImageServer {

    private final URI address

    AddressServer(URI address, BufferedImage image) {
        super(address.toString(), image)
        this.address = address
    }

    Collection<URI> getURIs() { [address] }

    protected ServerBuilder<BufferedImage> createServerBuilder() {
        DefaultImageServerBuilder.createInstance(AddressReader, getMetadata(), address)
    }
}

class AddressReader implements ImageServerBuilder<BufferedImage> {

    UriImageSupport<BufferedImage> checkImageSupport(URI uri, String... args) {
        return null
    }

    ImageServer<BufferedImage> buildServer(URI uri, String... args) {
        def image = new BufferedImage(160, 96, BufferedImage.TYPE_INT_RGB)
        image.createGraphics().fillRect(0, 0, 160, 96)
        def dark = uri.getQuery().split("=")[1].split(",").collect { it as int }
        def drawn = image.createGraphics()
        drawn.setColor(java.awt.Color.BLUE)
        drawn.fillRect(*dark)
        return new AddressServer(uri, image)
    }

    String getName() { "addresses" }
    String getDescription() { "" }
    Class<BufferedImage> getImageType() { BufferedImage }
    boolean matchClassName(String... names) { getClass().getName() in names }
}
'''
def classes = File.createTempDir()
def unit = new CompilationUnit(new CompilerConfiguration(targetDirectory: classes), null,
        new GroovyClassLoader(getClass().getClassLoader()))
unit.addSource("AddressReader.groovy", source)
unit.compile()
new JarOutputStream(new FileOutputStream(args[0])).withCloseable { jar ->
    def put = { String name, byte[] content ->
        jar.putNextEntry(new JarEntry(name))
        jar.write(content)
    }
    new File(classes, "example").eachFile { put("example/" + it.name, it.bytes) }
    put("META-INF/services/qupath.lib.images.servers.ImageServerBuilder",
            "example.AddressReader".bytes)
}
classes.deleteDir()
