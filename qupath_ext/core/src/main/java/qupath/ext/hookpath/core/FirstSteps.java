package qupath.ext.hookpath.core;

/**
 * How far somebody is who begins: from a Python to a first model.
 *
 * @param python  whether jobs can be started
 * @param project whether a project with images is open
 * @param classes how many classes are annotated in the image that is open
 * @param model   whether the project has a model
 */
public record FirstSteps(boolean python, boolean project, int classes, boolean model) {

    /** Fewer cannot be told apart. */
    private static final int FEWEST_CLASSES = 2;

    /** The steps, in their order. */
    public enum Step {
        /** Set up Python. */
        PYTHON,
        /** Open the demo project or one's own. */
        PROJECT,
        /** Draw a few areas of each class. */
        DRAW,
        /** Train. */
        TRAIN
    }

    /** Whether a step is done. */
    public boolean done(Step step) {
        return switch (step) {
            case PYTHON -> python;
            case PROJECT -> project;
            case DRAW -> project && (model || classes >= FEWEST_CLASSES);
            case TRAIN -> project && model;
        };
    }

    /** The first that is not done; null: all are. */
    public Step next() {
        for (Step step : Step.values()) {
            if (!done(step)) {
                return step;
            }
        }
        return null;
    }
}
