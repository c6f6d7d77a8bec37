package qupath.ext.hookpath.core.jobs;

/**
 * Of jobs that are asked for one after the other, the last one: the one before is ended, also
 * where it is still being started. Safe to use from any thread.
 */
public final class LatestJob {

    private Object wanted;
    private JobProcess job;

    /**
     * Asks for another job; the one before is ended.
     *
     * @return what {@link #await} and {@link #isWanted} know it by
     */
    public synchronized Object want() {
        cancel();
        wanted = new Object();
        return wanted;
    }

    /** Asks for none any more; the one before is ended. */
    public synchronized void cancel() {
        wanted = null;
        if (job != null) {
            job.cancel();
            job = null;
        }
    }

    /** Whether nothing else was asked for since. */
    public synchronized boolean isWanted(Object asked) {
        return asked == wanted;
    }

    /** Whether a job that is wanted is running. */
    synchronized boolean isRunning() {
        return job != null;
    }

    /**
     * Waits for a job's end. One that was started while nobody wanted it any more is ended, and
     * never takes the place of one that is wanted.
     *
     * @param asked   what {@link #want} gave for it
     * @param started the job
     */
    public JobOutcome await(Object asked, JobProcess started) throws InterruptedException {
        synchronized (this) {
            if (isWanted(asked)) {
                job = started;
            } else {
                started.cancel();
            }
        }
        try {
            return started.await();
        } finally {
            forget(started);
        }
    }

    private synchronized void forget(JobProcess ended) {
        if (job == ended) {
            job = null;
        }
    }
}
