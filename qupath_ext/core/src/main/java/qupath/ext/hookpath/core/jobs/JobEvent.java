package qupath.ext.hookpath.core.jobs;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Map;
import qupath.ext.hookpath.core.Json;

/**
 * One line that a running command says on its standard output (docs/json-events.md).
 * Lines of another kind, from a later version, or that are no JSON become {@link Unknown}.
 */
public sealed interface JobEvent {

    /** The command has begun; {@code version} is that of the Python package. */
    record Start(String command, String version) implements JobEvent {
    }

    /**
     * A task begins, moves on or ends.
     *
     * @param task        its name
     * @param done        units done
     * @param total       units in all, or null: not known
     * @param unit        what is counted, in the singular
     * @param metrics     name → number (NaN: there is none now)
     * @param secondsLeft estimate for everything that the command has to do, or null: not known
     * @param finished    whether the task is over
     * @param overall     share of everything that is done in [0, 1], or null: not known
     */
    record Progress(String task, double done, Double total, String unit,
                    Map<String, Double> figures, Double secondsLeft, boolean finished,
                    Double overall) implements JobEvent {

        /**
         * The part of everything (where that is not known: of the task) that is done in [0, 1], or
         * -1: not known (JavaFX's indeterminate).
         */
        public double fraction() {
            if (overall != null) {
                return Math.clamp(overall, 0, 1);
            }
            if (finished) {
                return 1;
            }
            return total == null || total <= 0 ? -1 : Math.clamp(done / total, 0, 1);
        }
    }

    /** Something worth reading. */
    record Info(String message) implements JobEvent {
    }

    /** Something went wrong, the work goes on. */
    record Warning(String message) implements JobEvent {
    }

    /** Something is finished: what kind, and its metrics. */
    record Result(String kind, JsonObject data) implements JobEvent {
    }

    /** Why the command failed and what to do, one line; {@code code}: the same for programs. */
    record Failure(String message, String code) implements JobEvent {
    }

    /** The last line; 0 done, 1 failed, 2 wrong usage. */
    record End(int exitCode) implements JobEvent {
    }

    /** A line that this version does not know. */
    record Unknown(String line) implements JobEvent {
    }

    /** Reads one line; never throws. */
    static JobEvent parse(String line) {
        try {
            JsonElement parsed = JsonParser.parseString(line);
            return parsed.isJsonObject() ? of(parsed.getAsJsonObject(), line) : new Unknown(line);
        } catch (JsonParseException | NumberFormatException e) {
            return new Unknown(line);
        }
    }

    private static JobEvent of(JsonObject o, String line) {
        String kind = Json.text(o, "event");
        return switch (kind == null ? "" : kind) {
            case "start" -> new Start(Json.text(o, "command"), Json.text(o, "hookpath"));
            case "progress" -> progress(o);
            case "info" -> new Info(Json.text(o, "message"));
            case "warning" -> new Warning(Json.text(o, "message"));
            case "result" -> new Result(Json.text(o, "kind"), Json.object(o, "data"));
            case "error" -> new Failure(Json.text(o, "message"), Json.text(o, "code"));
            case "end" -> end(Json.number(o, "exit_code"), line);
            default -> new Unknown(line);
        };
    }

    private static JobEvent end(Double code, String line) {
        return code == null ? new Unknown(line) : new End(code.intValue());
    }

    private static Progress progress(JsonObject o) {
        Double done = Json.number(o, "done");
        return new Progress(Json.text(o, "task"), done == null ? 0 : done, Json.number(o, "total"),
                Json.text(o, "unit"), Json.numbers(Json.object(o, "figures")),
                Json.number(o, "seconds_left"), Json.flag(o, "finished"),
                Json.number(o, "overall"));
    }
}
