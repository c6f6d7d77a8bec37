// Slides moved: QuPath's own update of their paths. args: project file, old path, new path.
import java.awt.image.BufferedImage
import qupath.lib.projects.ProjectIO

def project = ProjectIO.loadProject(new File(args[0]), BufferedImage)
def moved = [(new File(args[1]).toURI()): new File(args[2]).toURI()]
def changed = project.getImageList().count { it.updateURIs(moved) }
if (changed < 1) // servers made of others always say yes
    throw new IllegalStateException("nothing was updated")
project.syncChanges()
