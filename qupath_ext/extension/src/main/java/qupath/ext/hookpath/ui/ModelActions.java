package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javafx.scene.Node;
import javafx.stage.FileChooser;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.ModelFolder;
import qupath.ext.hookpath.core.ModelShelf;
import qupath.ext.hookpath.core.Request;
import qupath.ext.hookpath.predict.Models;
import qupath.fx.dialogs.Dialogs;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.projects.Project;

/** What can be done with a model of the list: rename, delete, export, import. */
final class ModelActions {

    private static final String TITLE = "models.title";
    private static final FileChooser.ExtensionFilter ZIP =
            FileChoosers.createExtensionFilter("ZIP", "*.zip");

    private final Node over;
    private final Supplier<Project<BufferedImage>> project;

    /**
     * Those of a control.
     *
     * @param over whose window dialogs belong to
     * @param project the project whose list it is; may give null
     */
    ModelActions(Node over, Supplier<Project<BufferedImage>> project) {
        this.over = over;
        this.project = project;
    }

    /** Why a model cannot get another name; empty: it can. */
    String whyNotRename(ModelFolder model) {
        String why = Models.shelfOf(model, project.get()).map(s -> s.whyNotRename(model))
                .orElse(holds(model) ? null : "elsewhere");
        return why == null ? "" : Texts.get("models.whyNotRename." + why);
    }

    /** Why a model cannot be deleted, nor taken out of the list; empty: it can. */
    String whyNotDelete(ModelFolder model) {
        if (!holds(model)) {
            return addedFolder(model) == null ? Texts.get("models.whyNotDelete.elsewhere") : "";
        }
        String why = Models.shelfOf(model, project.get()).orElseThrow().whyNotDelete(model);
        return why == null ? "" : Texts.get("models.whyNotDelete." + why);
    }

    void rename(ModelFolder model) {
        ModelShelf shelf = Models.shelfOf(model, project.get()).orElseThrow();
        String typed = Dialogs.showInputDialog(
                Texts.get(TITLE), Texts.get("models.rename.prompt"), model.name());
        if (typed == null || typed.strip().equals(model.name())) {
            return;
        }
        String why = shelf.whyNotName(typed.strip());
        if (why != null) {
            Windows.showProblem(over, TITLE, Texts.get("models.rename." + why, typed.strip()));
            return;
        }
        boolean last = isLast(model);
        inBackground(() -> shelf.rename(model, typed.strip()), path -> {
            if (last) {
                Preferences.lastModel().set(path.toString());
            }
        });
    }

    /** Asks first; of a model in a folder that a person added only the entry goes. */
    void delete(ModelFolder model) {
        if (!holds(model)) {
            takeOut(addedFolder(model));
            return;
        }
        ModelShelf shelf = Models.shelfOf(model, project.get()).orElseThrow();
        if (Windows.sure(over, TITLE, Texts.get("models.delete.sure", model.name()),
                Texts.get("models.delete"))) {
            boolean last = isLast(model);
            inBackground(() -> {
                shelf.delete(model);
                return model;
            }, gone -> {
                if (last) {
                    Preferences.lastModel().set("");
                }
            });
        }
    }

    private void takeOut(Path folder) {
        int count = ModelFolder.below(folder).size();
        if (Windows.sure(over, TITLE, Texts.get("models.takeOut.sure", folder.getFileName(), count),
                Texts.get("models.takeOut"))) {
            Preferences.removeModelFolder(folder);
            Models.changed();
        }
    }

    void importFile() {
        take(FileChoosers.promptForFile(
                Windows.windowOf(over), Texts.get("models.import.title"), ZIP));
    }

    void importFolder() {
        take(FileChoosers.promptForDirectory(
                Windows.windowOf(over), Texts.get("models.import.folder.title"), null));
    }

    private void take(File source) {
        if (source != null) {
            ModelShelf shelf = Models.shelf(project.get());
            inBackground(() -> shelf.take(source.toPath()), taken -> Dialogs.showInfoNotification(
                    Texts.get(TITLE), Texts.get("models.imported", taken.name())));
        }
    }

    void addFolder() {
        File folder = FileChoosers.promptForDirectory(
                Windows.windowOf(over), Texts.get("run.addFolder.title"), null);
        if (folder == null) {
            return;
        }
        inBackground(() -> {
            if (ModelFolder.below(folder.toPath()).isEmpty()) {
                throw new HookpathException(Texts.get("run.noModelIn", folder.getName()));
            }
            return folder.toPath();
        }, Preferences::addModelFolder);
    }

    /** Python packs it, and opens what it packed before it is called done. */
    void export(ModelFolder model) {
        File chosen = FileChoosers.promptToSaveFile(Windows.windowOf(over),
                Texts.get("models.export.title"), new File(model.name() + ".zip"), ZIP);
        if (chosen == null) {
            return;
        }
        Project<BufferedImage> of = project.get();
        inBackground(() -> {
            Request request = Request.of("export").option("model", model.path())
                    .option("to", "zip").option("out", chosen.toPath()).build();
            Job job = JobStart.start(null, JobStart.folder(of, "export"), request, e -> { });
            HookpathException failed = Problems.of(JobStart.await(job));
            if (failed != null) {
                throw failed;
            }
            return chosen;
        }, file -> Dialogs.showInfoNotification(Texts.get(TITLE),
                Texts.get("models.exported", model.name(), file.getName())));
    }

    private <T> void inBackground(Callable<T> task, Consumer<T> then) {
        Threads.work(task, found -> {
            then.accept(found);
            Models.changed();
        }, problem -> {
            Models.changed();
            Windows.showProblem(over, TITLE, problem);
        });
    }

    private boolean holds(ModelFolder model) {
        return Models.shelfOf(model, project.get()).isPresent();
    }

    private static Path addedFolder(ModelFolder model) {
        List<Path> folders = Preferences.modelFolders();
        return folders.stream().filter(folder -> model.path().startsWith(folder)).findFirst()
                .orElse(null);
    }

    private static boolean isLast(ModelFolder model) {
        return model.path().toString().equals(Preferences.lastModel().get());
    }
}
