package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.FirstSteps.Step;
import qupath.ext.hookpath.core.training.TrainingRole;

class FirstStepsTest {

    @Test
    void oneStepFollowsTheOther() {
        assertEquals(Step.PYTHON, new FirstSteps(false, false, 0, false).next());
        assertEquals(Step.PROJECT, new FirstSteps(true, false, 0, false).next());
        assertEquals(Step.DRAW, new FirstSteps(true, true, 1, false).next());
        assertEquals(Step.TRAIN, new FirstSteps(true, true, 2, false).next());
        assertNull(new FirstSteps(true, true, 0, true).next());
    }

    @Test
    void aProjectThatWasClosedIsToBeOpenedAgain() {
        FirstSteps closed = new FirstSteps(true, false, 3, true);
        assertFalse(closed.done(Step.DRAW));
        assertFalse(closed.done(Step.TRAIN));
        assertTrue(closed.done(Step.PYTHON));
        assertEquals(Step.PROJECT, closed.next());
    }

    @Test
    void slidesToTrainOnComeFirst() {
        List<DemoSlide> slides = Stream.of("test-1", "val-1", "train-2", "train-1")
                .map(name -> new DemoSlide(Path.of("slides", name + ".tif"))).sorted().toList();
        assertEquals(List.of("train-1", "train-2", "val-1", "new-1"),
                slides.stream().map(DemoSlide::name).toList());
        assertEquals(TrainingRole.VALIDATION, slides.get(2).role());
        assertEquals(Path.of("slides", "train-1.geojson"), slides.getFirst().drawn());
        assertEquals(Path.of("slides", "test-1.geojson"), slides.getLast().drawn());
    }

    @Test
    void whatIsCorrectedOnTheNewSlideIsLearnedFrom() {
        assertEquals(TrainingRole.TRAIN,
                new DemoSlide(Path.of("slides", "test-1.tif")).role());
    }
}
