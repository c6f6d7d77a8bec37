package qupath.ext.hookpath.core.training;

import com.google.gson.JsonObject;
import java.util.List;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.jobs.JobEvent;

/**
 * What a training would take, as {@code hookpath train --dry-run} measured it on this computer.
 *
 * @param device      what computes, as people call it
 * @param steps       of the whole training; of tiles those whose features are not known yet
 * @param stepSeconds of one step; null: there is none to be measured
 * @param ofTiles     whether a step is a piece of what is annotated that is looked at, then all is
 *                    fitted at once
 * @param batchSize   patches of a step
 * @param minutes     within which it ends; null: no such limit
 * @param memoryBytes most memory during steps; 0: not measured
 * @param fits        whether there was room for a whole batch
 */
public record TrainingCost(String device, long steps, Double stepSeconds, boolean ofTiles,
                           long batchSize, Double minutes, long memoryBytes, boolean fits) {

    /** Fewer steps than this teach a network from scratch next to nothing. */
    private static final int FEW = 100;

    /** What a job said; null: nothing. */
    public static TrainingCost of(List<JobEvent.Result> results) {
        return results.stream().filter(r -> "dry_run".equals(r.kind())).findFirst()
                .map(r -> of(Json.object(r.data(), "cost"))).orElse(null);
    }

    private static TrainingCost of(JsonObject cost) {
        Double steps = Json.number(cost, "steps");
        if (steps == null) {
            return null;
        }
        return new TrainingCost(Json.text(cost, "device"), steps.longValue(),
                Json.number(cost, "step_s"), "tile".equals(Json.text(cost, "unit")),
                whole(cost, "batch_size", 1), Json.number(cost, "minutes"),
                whole(cost, "memory_bytes", 0), Json.flag(cost, "fits"));
    }

    private static long whole(JsonObject from, String key, long otherwise) {
        Double value = Json.number(from, key);
        return value == null ? otherwise : value.longValue();
    }

    /** Whether it ends on its own before its last step. */
    public boolean isCutShort() {
        return minutes != null && stepSeconds != null && stepSeconds * steps > 60 * minutes;
    }

    /** Steps that there is time for. */
    public long stepsInTime() {
        return isCutShort() ? (long) (60 * minutes / stepSeconds) : steps;
    }

    /** Patches that it sees in that time. */
    public long patches() {
        return stepsInTime() * batchSize;
    }

    /** Seconds of all its steps; NaN: not known. */
    public double seconds() {
        return stepSeconds == null ? Double.NaN
                : isCutShort() ? 60 * minutes : stepSeconds * steps;
    }

    /** Whether there is time for so few steps that it is as good as none. */
    public boolean isTooLittle() {
        return !ofTiles && isCutShort() && stepsInTime() < FEW;
    }
}
