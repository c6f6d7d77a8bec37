package qupath.ext.hookpath;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javafx.scene.control.CheckMenuItem;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.jobs.JobFolders;
import qupath.ext.hookpath.preview.PreviewCommand;
import qupath.ext.hookpath.preview.ProbabilityMapCommand;
import qupath.ext.hookpath.ui.ImportWindow;
import qupath.ext.hookpath.ui.JobsWindow;
import qupath.ext.hookpath.ui.LogWindow;
import qupath.ext.hookpath.ui.ModelsWindow;
import qupath.ext.hookpath.ui.RemoveWindow;
import qupath.ext.hookpath.ui.RunWindow;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.ext.hookpath.ui.check.CheckWindow;
import qupath.ext.hookpath.ui.demo.DemoWindow;
import qupath.ext.hookpath.ui.demo.FirstStepsWindow;
import qupath.ext.hookpath.ui.loop.LoopWindow;
import qupath.ext.hookpath.ui.loop.TissueWindow;
import qupath.ext.hookpath.ui.measure.MeasureWindow;
import qupath.ext.hookpath.ui.setup.PythonSetup;
import qupath.ext.hookpath.ui.setup.SetupWindow;
import qupath.ext.hookpath.ui.train.InterruptedNotice;
import qupath.ext.hookpath.ui.train.TrainWindow;
import qupath.lib.common.Version;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.extensions.QuPathExtension;

/** Adds {@code Extensions > HookNet} to QuPath's menu. */
public final class HookpathExtension implements QuPathExtension {

    private static final Logger logger = LoggerFactory.getLogger(HookpathExtension.class);
    private static final Version OLDEST_QUPATH = Version.parse("0.6.0");

    /** A line of the menu; {@code key} names its text, {@code menu.<key>}. */
    private record Item(String key, Consumer<QuPathGUI> action) {}

    /** Letters that QuPath's own commands do not have together with Shift and Shortcut. */
    private static final Map<String, KeyCode> KEYS = Map.of("run", KeyCode.H, "live", KeyCode.J,
            "next", KeyCode.N, "confirm", KeyCode.Y);

    private static final Item SEPARATOR = new Item("", qupath -> { });

    /** The menu, from top to bottom. */
    private static List<Item> items() {
        return List.of(
                new Item("run", RunWindow::show),
                new Item("train", TrainWindow::show),
                new Item("loop", LoopWindow::show),
                new Item("next", LoopWindow::next),
                new Item("confirm", LoopWindow::confirm),
                new Item("tissue", TissueWindow::show),
                new Item("check", CheckWindow::show),
                new Item("measure", MeasureWindow::show),
                new Item("models", ModelsWindow::show),
                SEPARATOR,
                new Item("preview", qupath -> { }),
                new Item("live", PreviewCommand::toggleLive),
                new Item("import", ImportWindow::show),
                new Item("map", ProbabilityMapCommand::open),
                new Item("remove", RemoveWindow::show),
                SEPARATOR,
                new Item("first", FirstStepsWindow::show),
                new Item("demo", DemoWindow::show),
                new Item("setup", SetupWindow::show),
                new Item("jobs", JobsWindow::show),
                new Item("log", LogWindow::show));
    }

    private boolean installed;

    @Override
    public void installExtension(QuPathGUI qupath) {
        if (installed) {
            logger.debug("{} is installed already", getName());
            return;
        }
        installed = true;
        Preferences.install(qupath);
        Menu menu = qupath.getMenu("Extensions>" + UiTexts.get("extension.menu"), true);
        items().forEach(item -> menu.getItems().add(menuItem(item, qupath)));
        InterruptedNotice.install(qupath);
        BackgroundThreads.background().execute(PythonSetup::sweep);
        BackgroundThreads.background().execute(JobFolders::sweep);
        JobsWindow.guardQuit(qupath);
        FirstStepsWindow.showAtFirst(qupath);
    }

    @Override
    public String getName() {
        return UiTexts.get("extension.name");
    }

    @Override
    public String getDescription() {
        return UiTexts.get("extension.description");
    }

    @Override
    public Version getQuPathVersion() {
        return OLDEST_QUPATH;
    }

    @Override
    public Version getVersion() {
        return Version.parse(qupath.ext.hookpath.core.ExtensionVersion.ofThisJar());
    }

    private static MenuItem menuItem(Item item, QuPathGUI qupath) {
        if (item == SEPARATOR) {
            return new SeparatorMenuItem();
        }
        if (item.key().equals("preview")) {
            return previewItem(qupath);
        }
        MenuItem made = new MenuItem(UiTexts.get("menu." + item.key()));
        made.setOnAction(event -> item.action().accept(qupath));
        KeyCode key = KEYS.get(item.key());
        if (key != null) {
            made.setAccelerator(new KeyCodeCombination(
                    key, KeyCombination.SHORTCUT_DOWN, KeyCombination.SHIFT_DOWN));
            WindowFactory.forward(made);
        }
        return made;
    }

    /** Checked while the preview's window is open, however it was opened or closed. */
    private static MenuItem previewItem(QuPathGUI qupath) {
        CheckMenuItem made = new CheckMenuItem(UiTexts.get("menu.preview"));
        made.setOnAction(event -> PreviewCommand.toggle(qupath, made.isSelected()));
        PreviewCommand.openProperty().addListener(
                (observable, before, after) -> made.setSelected(after));
        return made;
    }
}
