// Startup script: draws with the mouse in QuPath's window, saves by its menu, and quits.
// The image (256 × 256 px) and its project are given on QuPath's command line.
import java.util.concurrent.Callable
import java.util.concurrent.FutureTask
import javafx.application.Platform
import javafx.geometry.Point2D
import javafx.scene.input.KeyCode
import javafx.scene.input.MouseButton
import javafx.scene.robot.Robot
import qupath.lib.gui.QuPathGUI
import qupath.lib.gui.prefs.PathPrefs
import qupath.lib.gui.viewer.tools.PathTools
import qupath.lib.objects.classes.PathClass

def onFx = { Closure work ->
    def task = new FutureTask((Callable) { work() })
    Platform.runLater(task)
    task.get()
}
def qupath = QuPathGUI.getInstance()
def robot = null
def pause = { Thread.sleep(it) }
def screen = { double x, double y -> // image px to screen px
    def viewer = qupath.getViewer()
    def p = viewer.imagePointToComponentPoint(new java.awt.geom.Point2D.Double(x, y), null, false)
    viewer.getView().localToScreen(new Point2D(p.getX(), p.getY()))
}
def stroke = { List points, KeyCode... keys ->
    onFx { robot.mouseMove(screen(*points[0])); keys.each { robot.keyPress(it) } }
    pause(80)
    onFx { robot.mousePress(MouseButton.PRIMARY) }
    pause(40)
    points.tail().each { point -> onFx { robot.mouseMove(screen(*point)) }; pause(12) }
    pause(40)
    onFx { robot.mouseRelease(MouseButton.PRIMARY); keys.each { robot.keyRelease(it) } }
    pause(350) // two strokes must not be a double click
}
def tool = { chosen, String pathClass = null ->
    onFx {
        qupath.getViewer().getHierarchy().getSelectionModel().clearSelection()
        qupath.getToolManager().setSelectedTool(chosen)
        PathPrefs.autoSetAnnotationClassProperty().set(pathClass == null ? null : PathClass.fromString(pathClass))
    }
    pause(100)
}
def menu = { String path ->
    onFx {
        def item = qupath.lookupMenuItem(path)
        if (item == null)
            throw new IllegalStateException("no menu item " + path)
        item.fire()
    }
    pause(300)
}
def agree = { // to the question that is asked
    for (int i = 0; i < 50; i++) {
        pause(100)
        def panes = onFx { javafx.stage.Window.getWindows()*.getScene()*.getRoot().findAll { it instanceof javafx.scene.control.DialogPane } }
        if (panes) {
            onFx { panes[0].lookupButton(javafx.scene.control.ButtonType.OK).fire() }
            return
        }
    }
    throw new IllegalStateException("nothing was asked")
}
def circle = { double x, double y, double r, int n = 40 ->
    (0..n).collect { [x + r * Math.cos(2 * Math.PI * it / n), y + r * Math.sin(2 * Math.PI * it / n)] }
}
def draw = {
    while (onFx { qupath.getViewer()?.getImageData() == null })
        pause(200)
    pause(1500)
    onFx {
        robot = new Robot()
        qupath.getViewer().setDownsampleFactor(0.5)
        qupath.getViewer().setCenterPixelLocation(128, 128)
        qupath.getViewer().getHierarchy().clearAll()
    }
    pause(500)
    // A ring, and a second part elsewhere (Shift).
    tool(PathTools.BRUSH, "Dark")
    stroke(circle(60, 60, 30))
    stroke([[60, 150], [80, 150], [80, 170]], KeyCode.SHIFT)
    menu("Objects>Lock>Lock selected objects")
    // A zigzag with many crossings and a bite out of it (Alt); the wand's jagged outline on noise.
    tool(PathTools.BRUSH, "Pale")
    stroke((0..24).collect { [140 + 4 * it, it % 2 ? 30 : 70] })
    stroke([[190, 50], [192, 50]], KeyCode.ALT)
    tool(qupath.getToolManager().getTools().find { it.getName() == "Wand" }, "Pale: Saum (größer)")
    stroke([[170, 150], [190, 160], [200, 180], [180, 190]])
    tool(PathTools.POLYGON, "Ignore*")
    stroke((0..30).collect { [20 + it * 2, 210 + 12 * Math.sin(it)] } + [[80, 245], [20, 245]])
    onFx { robot.mousePress(MouseButton.PRIMARY); robot.mouseRelease(MouseButton.PRIMARY) }
    onFx { robot.mousePress(MouseButton.PRIMARY); robot.mouseRelease(MouseButton.PRIMARY) }
    pause(400)
    tool(PathTools.RECTANGLE, "Region*")
    stroke([[130, 20], [180, 60], [250, 240]])
    tool(PathTools.ELLIPSE)
    stroke([[100, 190], [120, 200], [126, 215]])
    tool(PathTools.LINE)
    stroke([[100, 100], [110, 120]])
    tool(PathTools.MOVE)
    Platform.runLater { qupath.lookupMenuItem("Objects>Annotations>Resolve hierarchy").fire() }
    agree()
    pause(300)
    menu("File>Save")
    pause(500)
    onFx { qupath.getProject().syncChanges() }
}
def worker = new Thread({
    int code = 0
    try {
        draw()
    } catch (Throwable problem) {
        problem.printStackTrace()
        code = 3
    }
    def shot = System.getProperty("hookpath.shot")
    if (shot != null) {
        def image = onFx { qupath.getStage().getScene().snapshot(null) }
        javax.imageio.ImageIO.write(javafx.embed.swing.SwingFXUtils.fromFXImage(image, null), "PNG", new File(shot))
    }
    Runtime.getRuntime().halt(code) // whatever is left unsaved is lost, as it should be
})
worker.setDaemon(true)
worker.start()
