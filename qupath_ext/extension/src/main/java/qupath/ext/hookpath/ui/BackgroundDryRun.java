package qupath.ext.hookpath.ui;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javafx.animation.PauseTransition;
import javafx.util.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.core.jobs.JobFolders;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.LatestJob;

/**
 * What can be known of a job before a person starts it. It is looked up in the background as soon
 * as nothing has changed for a moment; one thing at a time, and never twice the same. For the
 * JavaFX thread.
 *
 * @param <T> what is found
 */
public final class BackgroundDryRun<T> {

    /** What there is to show. */
    public enum State {
        /** Nothing is asked for, or it could not be found. */
        NOTHING,
        /** It is being looked up. */
        LOOKING,
        /** Here it is. */
        FOUND
    }

    /** Prepares and starts the job that looks; called on a background thread. */
    @FunctionalInterface
    public interface Starter {
        /**
         * Starts it.
         *
         * @param folder for the job; deleted when it has ended
         */
        JobProcess start(Path folder) throws Exception;
    }

    private static final Logger logger = LoggerFactory.getLogger(BackgroundDryRun.class);
    private static final Duration QUIET = Duration.millis(1500);
    private static final int KEPT = 50;

    private final String command;
    private final Function<JobOutcome, T> read;
    private final BiConsumer<State, T> show;
    private final PauseTransition pause = new PauseTransition(QUIET);
    private final Map<String, T> known = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
            return size() > KEPT;
        }
    };
    private final LatestJob latest = new LatestJob();
    private String wanted;

    /**
     * One that looks nothing up yet.
     *
     * @param command name of its jobs' folders
     * @param read takes what it wants from how the job ended; null: it was not found
     * @param show hears what there is to show, whenever that changes
     */
    public BackgroundDryRun(String command, Function<JobOutcome, T> read, BiConsumer<State,
            T> show) {
        this.command = command;
        this.read = read;
        this.show = show;
    }

    /**
     * Asks for something; what was asked for before is of no interest any more.
     *
     * @param key the same for the same question
     * @param starter looks it up
     */
    public void want(String key, Starter starter) {
        if (key.equals(wanted)) {
            return;
        }
        cancel();
        wanted = key;
        if (known.containsKey(key)) {
            tell(known.get(key));
            return;
        }
        show.accept(State.LOOKING, null);
        Object asked = latest.want();
        pause.setOnFinished(event -> look(key, asked, starter));
        pause.playFromStart();
    }

    /** Nothing is asked for any more; a job that looks is ended. */
    public void cancel() {
        pause.stop();
        wanted = null;
        latest.cancel();
        show.accept(State.NOTHING, null);
    }

    private void look(String key, Object asked, Starter starter) {
        BackgroundThreads.work(() -> {
            Path folder = JobFolders.temporary(command);
            try {
                return read.apply(latest.await(asked, starter.start(folder)));
            } finally {
                JobFolders.discard(folder);
            }
        }, found -> ended(key, asked, found), problem -> {
            logger.debug("{}: not looked up", command, problem);    // the job itself will say so
            ended(key, asked, null);
        });
    }

    private void ended(String key, Object asked, T found) {
        if (found != null) {
            known.put(key, found);
        }
        if (latest.isWanted(asked)) {
            tell(found);
        }
    }

    private void tell(T found) {
        show.accept(found == null ? State.NOTHING : State.FOUND, found);
    }
}
