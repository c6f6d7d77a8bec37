package qupath.ext.hookpath.preview;

import java.util.concurrent.Executor;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;

/**
 * Learns what is drawn on an image, again and again: one lesson at a time, the newest state wins,
 * and what goes wrong is said and tried again with the next stroke. For the JavaFX thread.
 */
final class LiveLearning {

    private final AnnotationWatcher strokes;
    private final Executor background;
    private final Teacher teacher;
    private final Pupil pupil;
    private boolean busy;
    private boolean again;
    private boolean learned;
    private boolean stopped;

    /** Hands over what changed; in the background, and may take its time. */
    @FunctionalInterface
    interface Teacher {

        OpenedModel learn(AnnotationWatcher.Change change) throws Exception;
    }

    /** Hears of it on the JavaFX thread. */
    interface Pupil {

        /** One line of how it goes, or of what it waits for. */
        void status(String line);

        /** It learned; {@code sinceNanos}: when the last stroke was heard of. */
        void learned(OpenedModel opened, long sinceNanos);

        /** There is too little to learn from now. */
        void nothing();

        /** It could not learn. */
        void failed(Throwable problem);
    }

    LiveLearning(PathObjectHierarchy hierarchy, Executor background, Teacher teacher, Pupil pupil) {
        this.strokes = new AnnotationWatcher(hierarchy, this::drawn);
        this.background = background;
        this.teacher = teacher;
        this.pupil = pupil;
    }

    /** Begins with what is annotated already. */
    void start() {
        strokes.start();
        drawn();
    }

    void stop() {
        stopped = true;
        strokes.stop();
    }

    private void drawn() {
        if (stopped) {
            return;
        }
        if (busy) {
            again = true;
            return;
        }
        AnnotationWatcher.Change change = strokes.change();
        String missing = missing(change);
        if (missing != null) {
            pupil.status(missing);
            pupil.nothing();
            return;
        }
        if (change.isEmpty()) {
            return;
        }
        Runnable takeBack = strokes.take();
        busy = true;
        long since = System.nanoTime();
        pupil.status(UiTexts.get(learned
                ? "preview.live.learning" : "preview.live.learning.first"));
        BackgroundThreads.work(background, () -> teacher.learn(change),
                opened -> {
                    learned = true;
                    ended(() -> pupil.learned(opened, since));
                },
                problem -> {
                    // Who knows how much of it arrived; to hear it twice is fine.
                    takeBack.run();
                    ended(() -> pupil.failed(problem));
                });
    }

    private void ended(Runnable tell) {
        busy = false;
        if (stopped) {
            return;
        }
        tell.run();
        if (again) {
            again = false;
            drawn();
        }
    }

    /** What a person has to do first; null: nothing. */
    static String missing(AnnotationWatcher.Change change) {
        if (change.classes().size() > 1) {
            return null;
        }
        if (change.classes().size() == 1) {
            return UiTexts.get("preview.live.second", change.classes().iterator().next());
        }
        return UiTexts.get(change.unclassified() > 0 ? "preview.live.classless"
                : "preview.live.first");
    }
}
