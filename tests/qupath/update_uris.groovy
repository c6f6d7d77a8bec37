// Slides moved: QuPath's own update of their paths. args: project file, old path, new path.
import java.awt.image.BufferedImage
import qupath.lib.projects.ProjectIO

def project = ProjectIO.loadProject(new File(args[0]), BufferedImage)
def old = project.getImageList().collectMany { it.getURIs() }.findAll { new File(it) == new File(args[1]) }
if (old.isEmpty())
    throw new IllegalStateException("no image is at " + args[1])
def moved = old.collectEntries { [(it): new File(args[2]).toURI()] }
project.getImageList().each { it.updateURIs(moved) }
project.syncChanges()
