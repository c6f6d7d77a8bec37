package qupath.ext.hookpath.core.training;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Metrics over epochs, as lines to draw. Of an epoch that is done again the later row counts. */
public final class MetricCurves {

    private final TreeMap<Integer, EpochMetrics> rows = new TreeMap<>();
    private final TreeMap<Double, Double> underWay = new TreeMap<>();

    /**
     * One point.
     *
     * @param epoch from 1; between two of them where one is under way
     * @param value finite
     */
    public record Point(double epoch, double value) {
    }

    /** No rows. */
    public MetricCurves() {
    }

    /** Those of a run that goes on. */
    public MetricCurves(Collection<EpochMetrics> earlier) {
        earlier.forEach(this::add);
    }

    /** Adds the row of an epoch; later epochs, of a time before going back, are dropped. */
    public void add(EpochMetrics row) {
        rows.tailMap(row.epoch(), true).clear();
        underWay.clear();
        rows.put(row.epoch(), row);
    }

    /**
     * Adds the mean loss so far of the epoch under way.
     *
     * @param epoch done in part: 2.25 is a quarter of the third
     */
    public void addUnderWay(double epoch, double loss) {
        if (epoch > epochs() && Double.isFinite(loss)) {
            underWay.put(epoch, loss);
        }
    }

    /** Mean training loss, by epochs and, of the one under way, as it goes. */
    public List<Point> loss() {
        List<Point> points = line(EpochMetrics::loss);
        underWay.forEach((epoch, loss) -> points.add(new Point(epoch, loss)));
        return points;
    }

    /** Validation loss; empty without validation images. */
    public List<Point> validationLoss() {
        return line(EpochMetrics::valLoss);
    }

    /** Macro F1 on the validation images. */
    public List<Point> f1() {
        return line(EpochMetrics::f1);
    }

    /** F1 by class, in channel order; a class that is measured nowhere has no line. */
    public Map<String, List<Point>> f1ByClass() {
        Map<String, List<Point>> lines = new LinkedHashMap<>();
        if (!rows.isEmpty()) {
            for (String name : rows.lastEntry().getValue().f1ByClass().keySet()) {
                lines.put(name, line(r -> r.f1ByClass().getOrDefault(name, Double.NaN)));
            }
        }
        lines.values().removeIf(List::isEmpty);
        return lines;
    }

    /** The row whose model is kept: the best F1, of equal ones the lower loss; null: none yet. */
    public EpochMetrics best() {
        EpochMetrics best = null;
        for (EpochMetrics row : rows.values()) {
            boolean better = best == null || Double.isNaN(row.f1()) || row.f1() > best.f1()
                    || row.f1() == best.f1() && row.valLoss() < best.valLoss();
            best = better ? row : best;
        }
        return best;
    }

    /** Epochs done. */
    public int epochs() {
        return rows.isEmpty() ? 0 : rows.lastKey();
    }

    private List<Point> line(java.util.function.ToDoubleFunction<EpochMetrics> value) {
        List<Point> points = new ArrayList<>();
        for (EpochMetrics row : rows.values()) {
            double found = value.applyAsDouble(row);
            if (Double.isFinite(found)) {
                points.add(new Point(row.epoch(), found));
            }
        }
        return points;
    }
}
