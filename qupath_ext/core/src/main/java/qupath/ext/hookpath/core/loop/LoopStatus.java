package qupath.ext.hookpath.core.loop;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobEvent;

/**
 * Where an annotation loop stands: what every step of {@code hookpath loop} ends with (result
 * {@code loop}).
 *
 * @param round  the last round that has a model, 0: none yet
 * @param model  folder of that model, or null
 * @param images state of every image, in the project's order
 * @param rounds metrics of every round that has a model
 * @param rest   class of confirmed area that no annotation covers, or null: it is unknown
 */
public record LoopStatus(
        int round, String model, List<Image> images, List<Round> rounds, String rest) {

    /** Key of the image metadata that shows the state. */
    public static final String STATE_KEY = "hookpath.loop.state";

    /** Key of the image metadata that shows the round in which the image came there. */
    public static final String ROUND_KEY = "hookpath.loop.round";

    /** Where an image stands. */
    public enum State {
        /** Nothing is known of it. */
        TODO,
        /** It has proposals that wait for a person. */
        PROPOSED,
        /** A person corrected it, or drew on it before. */
        CORRECTED,
        /** The last model learned from it. */
        TRAINED;

        /** From the metadata or a result; null: of no loop. */
        public static State of(String text) {
            for (State state : values()) {
                if (state.name().equalsIgnoreCase(text)) {
                    return state;
                }
            }
            return null;
        }
    }

    /**
     * One image.
     *
     * @param id           in its project
     * @param name         as QuPath shows it
     * @param state        where it stands; null: of no loop
     * @param round        round in which it came there; 0: before the first model
     * @param whole        the whole image was confirmed
     * @param confirmedMm2 confirmed area
     * @param labelledMm2  area that teaches, over all classes
     * @param worth        how much correcting it would teach, 0…1; NaN: nobody looked
     * @param problem      why it cannot be used, or null
     */
    public record Image(String id, String name, State state, int round, boolean whole,
                        double confirmedMm2, double labelledMm2, double worth, String problem) {
    }

    /**
     * One round.
     *
     * @param number    from 1
     * @param f1        macro F1 of its model on the validation images; NaN: none
     * @param f1ByClass the same by class
     * @param slides    images by part: {@code train}, {@code val}, {@code test}
     * @param dice      of its proposals against their corrections, by class
     * @param saved     share of the outlines that nobody had to draw; NaN: nothing corrected
     * @param corrected number of images corrected
     */
    public record Round(int number, double f1, Map<String, Double> f1ByClass,
                        Map<String, Double> slides, Map<String, Double> dice, double saved,
                        int corrected) {
    }

    /** Reads the data of a result {@code loop}; what is missing is empty. */
    public static LoopStatus of(JsonObject data) {
        Double round = Json.number(data, "round");
        List<Image> images = new ArrayList<>();
        for (JsonElement one : Json.list(data, "images")) {
            images.add(image(one.getAsJsonObject()));
        }
        List<Round> rounds = new ArrayList<>();
        for (JsonElement one : Json.list(data, "rounds")) {
            rounds.add(round(one.getAsJsonObject()));
        }
        return new LoopStatus(round == null ? 0 : round.intValue(), Json.text(data, "model"),
                images, rounds, Json.text(data, "rest"));
    }

    /** The last status among a job's results, or null. */
    public static LoopStatus in(List<JobEvent.Result> results) {
        return results.stream().filter(r -> "loop".equals(r.kind())).reduce((a, b) -> b)
                .map(r -> of(r.data())).orElse(null);
    }

    /**
     * Names of images that another result of a step lists.
     *
     * @param results the job's results
     * @param kind    {@code next} or {@code merged}
     * @param key     the list in it: {@code ranked} or {@code conflicts}
     */
    public static List<String> names(List<JobEvent.Result> results, String kind, String key) {
        return results.stream().filter(r -> kind.equals(r.kind()))
                .flatMap(r -> Json.list(r.data(), key).stream())
                .map(one -> Json.text(one.getAsJsonObject(), "name")).toList();
    }

    /**
     * The image that is looked at, in a loop of chosen planes the plane of it.
     *
     * @param entry id of the image in its project; null: none is
     * @param plane the plane in the viewer
     * @return null: it is not in the loop
     */
    public Image shown(String entry, Plane plane) {
        Image whole = image(entry);
        return whole != null || entry == null ? whole : image(plane.idOn(entry));
    }

    /** How many images are in a state. */
    public long count(State state) {
        return images.stream().filter(i -> i.state() == state).count();
    }

    /**
     * The proposed image to correct next: the most worthwhile, of equal ones the first.
     *
     * @param current id of the image that is open; comes last; null: none
     * @return null: none waits
     */
    public Image next(String current) {
        return images.stream().filter(i -> i.state() == State.PROPOSED && i.problem() == null)
                .min(Comparator.<Image, Boolean>comparing(i -> i.id().equals(current))
                        .thenComparing(i -> Double.isNaN(i.worth()) ? 0 : -i.worth()))
                .orElse(null);
    }

    /** Whether a proposed image waits besides the one that is open (id; null: none). */
    public boolean hasNext(String current) {
        Image next = next(current);
        return next != null && !next.id().equals(current);
    }

    /** The image with an id, or null. */
    public Image image(String id) {
        return images.stream().filter(i -> i.id().equals(id)).findFirst().orElse(null);
    }

    /** Whether something waits to be learned. */
    public boolean canRetrain() {
        return images.stream().anyMatch(i -> i.state() == State.CORRECTED);
    }

    private static Image image(JsonObject json) {
        double labelled = Json.numbers(Json.object(json, "labelled_mm2")).values().stream()
                .mapToDouble(Double::doubleValue).sum();
        return new Image(Json.text(json, "id"), Json.text(json, "name"),
                State.of(Json.text(json, "state")), (int) number(json, "round", 0),
                Json.flag(json, "whole"), number(json, "confirmed_mm2", 0), labelled,
                number(json, "worth", Double.NaN), Json.text(json, "problem"));
    }

    private static Round round(JsonObject json) {
        JsonObject corrections = Json.object(json, "corrections");
        return new Round((int) number(json, "round", 0), number(json, "f1", Double.NaN),
                new LinkedHashMap<>(Json.numbers(Json.object(json, "f1_by_class"))),
                Json.numbers(Json.object(json, "slides")),
                Json.numbers(Json.object(corrections, "dice")),
                number(corrections, "saved", Double.NaN), Json.list(json, "images").size());
    }

    private static double number(JsonObject json, String key, double otherwise) {
        Double found = Json.number(json, key);
        return found == null ? otherwise : found;
    }
}
