package qupath.ext.hookpath.core.training;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import qupath.ext.hookpath.core.jobs.JobEvent;

/**
 * The metrics of one epoch: a line of {@code metrics.csv}, or an {@code epoch} result.
 *
 * @param epoch         from 1
 * @param step          optimiser steps done
 * @param loss          mean over the epoch
 * @param valLoss       on the validation patches; NaN: none
 * @param f1            macro F1 on the validation patches; NaN: none
 * @param f1ByClass     the same for each class; NaN: the class is not there
 * @param pixelsByClass labelled pixels seen up to then
 * @param seconds       duration of the epoch
 */
public record EpochMetrics(int epoch, int step, double loss, double valLoss, double f1,
                         Map<String, Double> f1ByClass, Map<String, Double> pixelsByClass,
                         double seconds) {

    /** The row in an {@link JobEvent.Result} of kind {@code "epoch"}. */
    public static EpochMetrics of(JsonObject data) {
        Map<String, String> columns = new LinkedHashMap<>();
        data.asMap().forEach((name, value) -> columns.put(name, text(value)));
        return of(columns);
    }

    /** The row in columns of {@code metrics.csv}; what is missing or empty is NaN. */
    static EpochMetrics of(Map<String, String> columns) {
        return new EpochMetrics((int) number(columns.get("epoch")),
                (int) number(columns.get("step")),
                number(columns.get("loss")), number(columns.get("val_loss")),
                number(columns.get("f1")), byClass(columns, "f1:"), byClass(columns, "pixels:"),
                number(columns.get("seconds")));
    }

    private static Map<String, Double> byClass(Map<String, String> columns, String prefix) {
        Map<String, Double> values = new LinkedHashMap<>();
        columns.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                values.put(name.substring(prefix.length()), number(value));
            }
        });
        return values;
    }

    private static String text(JsonElement value) {
        return value.isJsonPrimitive() ? value.getAsString() : "";
    }

    private static double number(String text) {
        try {
            return text == null || text.isEmpty() ? Double.NaN : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }
}
