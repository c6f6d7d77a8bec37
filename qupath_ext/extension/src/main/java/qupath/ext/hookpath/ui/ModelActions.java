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
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.models.ModelLibrary;
import qupath.ext.hookpath.predict.ModelList;
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
        String why = ModelList.shelfOf(model, project.get()).map(s -> s.whyNotRename(model))
                .orElse(holds(model) ? null : "elsewhere");
        return why == null ? "" : UiTexts.get("models.whyNotRename." + why);
    }

    /** Why a model cannot be deleted, nor taken out of the list; empty: it can. */
    String whyNotDelete(ModelFolder model) {
        if (!holds(model)) {
            return addedFolder(model) == null ? UiTexts.get("models.whyNotDelete.elsewhere") : "";
        }
        String why = ModelList.shelfOf(model, project.get()).orElseThrow().whyNotDelete(model);
        return why == null ? "" : UiTexts.get("models.whyNotDelete." + why);
    }

    void rename(ModelFolder model) {
        ModelLibrary shelf = ModelList.shelfOf(model, project.get()).orElseThrow();
        String typed = Dialogs.showInputDialog(
                UiTexts.get(TITLE), UiTexts.get("models.rename.prompt"), model.name());
        if (typed == null || typed.strip().equals(model.name())) {
            return;
        }
        String why = shelf.whyNotName(typed.strip());
        if (why != null) {
            WindowFactory.showProblem(over, TITLE,
                    UiTexts.get("models.rename." + why, typed.strip()));
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
        ModelLibrary shelf = ModelList.shelfOf(model, project.get()).orElseThrow();
        if (WindowFactory.sure(over, TITLE, UiTexts.get("models.delete.sure", model.name()),
                UiTexts.get("models.delete"))) {
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
        if (WindowFactory.sure(over, TITLE,
                UiTexts.get("models.takeOut.sure", folder.getFileName(), count),
                UiTexts.get("models.takeOut"))) {
            Preferences.removeModelFolder(folder);
            ModelList.changed();
        }
    }

    void importFile() {
        take(FileChoosers.promptForFile(
                WindowFactory.windowOf(over), UiTexts.get("models.import.title"), ZIP));
    }

    void importFolder() {
        take(FileChoosers.promptForDirectory(
                WindowFactory.windowOf(over), UiTexts.get("models.import.folder.title"), null));
    }

    private void take(File source) {
        if (source != null) {
            ModelLibrary shelf = ModelList.shelf(project.get());
            inBackground(() -> shelf.take(source.toPath()), taken -> Dialogs.showInfoNotification(
                    UiTexts.get(TITLE), UiTexts.get("models.imported", taken.name())));
        }
    }

    void addFolder() {
        File folder = FileChoosers.promptForDirectory(
                WindowFactory.windowOf(over), UiTexts.get("run.addFolder.title"), null);
        if (folder == null) {
            return;
        }
        inBackground(() -> {
            if (ModelFolder.below(folder.toPath()).isEmpty()) {
                throw new HookpathException(UiTexts.get("run.noModelIn", folder.getName()));
            }
            return folder.toPath();
        }, Preferences::addModelFolder);
    }

    /** Python packs it, and opens what it packed before it is called done. */
    void export(ModelFolder model) {
        File chosen = FileChoosers.promptToSaveFile(WindowFactory.windowOf(over),
                UiTexts.get("models.export.title"), new File(model.name() + ".zip"), ZIP);
        if (chosen == null) {
            return;
        }
        Project<BufferedImage> of = project.get();
        inBackground(() -> {
            JobRequest request = JobRequest.of("export").option("model", model.path())
                    .option("to", "zip").option("out", chosen.toPath()).build();
            JobProcess job = JobLauncher.start(null, JobLauncher.folder(of, "export"), request,
                    e -> { });
            HookpathException failed = ErrorMessages.of(JobLauncher.await(job));
            if (failed != null) {
                throw failed;
            }
            return chosen;
        }, file -> Dialogs.showInfoNotification(UiTexts.get(TITLE),
                UiTexts.get("models.exported", model.name(), file.getName())));
    }

    private <T> void inBackground(Callable<T> task, Consumer<T> then) {
        BackgroundThreads.work(task, found -> {
            then.accept(found);
            ModelList.changed();
        }, problem -> {
            ModelList.changed();
            WindowFactory.showProblem(over, TITLE, problem);
        });
    }

    private boolean holds(ModelFolder model) {
        return ModelList.shelfOf(model, project.get()).isPresent();
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
