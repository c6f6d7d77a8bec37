package qupath.ext.hookpath.core.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.jobs.JobEvent;

class TrainingCostTest {

    private static TrainingCost of(String cost) {
        return TrainingCost.of(List.of(new JobEvent.Result("dry_run",
                JsonParser.parseString("{\"cost\": " + cost + "}").getAsJsonObject())));
    }

    @Test
    void aTrainingThatIsDoneInTimeTakesAllItsSteps() {
        TrainingCost cost = of("{\"device\": \"CPU\", \"steps\": 200, \"step_s\": 0.5, \"unit\": "
                + "\"step\", \"batch_size\": 8, \"minutes\": 4, \"memory_bytes\": 5, "
                + "\"fits\": true}");
        assertFalse(cost.isCutShort());
        assertEquals(100, cost.seconds());
        assertEquals(1600, cost.patches());
        assertFalse(cost.isTooLittle());
    }

    @Test
    void aTrainingThatIsCutShortTakesItsMinutes() {
        TrainingCost cost = of("{\"device\": \"CPU\", \"steps\": 2000, \"step_s\": 0.5, \"unit\": "
                + "\"step\", \"batch_size\": 8, \"minutes\": 4, \"fits\": true}");
        assertTrue(cost.isCutShort());
        assertEquals(240, cost.seconds());
        assertEquals(480, cost.stepsInTime());
        assertFalse(cost.isTooLittle());
        assertTrue(of("{\"device\": \"CPU\", \"steps\": 2000, \"step_s\": 5, \"unit\": \"step\","
                + " \"minutes\": 4, \"fits\": true}").isTooLittle());
    }

    @Test
    void ofPiecesThatAreKnownAlreadyNothingIsMeasured() {
        TrainingCost cost = of("{\"device\": \"CPU\", \"steps\": 0, \"step_s\": null, \"unit\": "
                + "\"tile\", \"batch_size\": 1, \"minutes\": null, \"fits\": true}");
        assertTrue(cost.ofTiles());
        assertNull(cost.stepSeconds());
        assertTrue(Double.isNaN(cost.seconds()));
        assertFalse(cost.isTooLittle());
    }

    @Test
    void aJobThatSaidNothingHasNone() {
        assertNull(TrainingCost.of(List.of()));
        assertNull(of("{}"));
    }
}
