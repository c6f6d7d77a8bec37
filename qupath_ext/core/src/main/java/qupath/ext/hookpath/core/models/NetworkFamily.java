package qupath.ext.hookpath.core.models;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import qupath.ext.hookpath.core.Json;

/**
 * What must be known of a network to offer it.
 *
 * @param spacings    the setting that takes µm/px; null: the whole slide is read, made small
 * @param size        the setting that takes the side of what is read, in px
 * @param background  whether a class can mean "nothing else"
 * @param labelShare  of a patch that a class must cover; null: each pixel has its class
 * @param leastSlides fewest training images
 * @param timed       whether a training's time can be limited
 * @param presets     what can be chosen, by preset
 */
public record NetworkFamily(String spacings, String size, Background background, Double labelShare,
                     int leastSlides, boolean timed, Map<String, Offer> presets) {

    /** Whether one class can mean "nothing else". */
    public enum Background {
        /** The network knows no such class. */
        NO,
        /** One may be named. */
        MAYBE,
        /** One always is; unless named, the last. */
        YES
    }

    /**
     * What can be chosen with a preset; every size goes with every context.
     *
     * @param targetUm µm/px of the result; null: each slide has its own
     * @param context  ratios of the contexts' µm/px to the target's that the preset has
     * @param contexts such lists that work; one empty list: no context
     * @param size     the preset's, px
     * @param sizes    that work, px
     * @param epochs   the preset's
     * @param minutes  the preset's; null: it takes what it takes
     */
    public record Offer(Double targetUm, List<Double> context, List<List<Double>> contexts,
                        int size, List<Integer> sizes, int epochs, Double minutes) {

        private static final double USUAL_UM = 8;

        /** The µm/px of the contexts that can be chosen with a target. */
        public List<List<Double>> contextsUm(double target) {
            return contexts.stream().map(one -> um(one, target)).toList();
        }

        /** The preset's context, or where that is wider than 8 µm/px the widest that is not. */
        public List<Double> usualContextUm(double target) {
            List<Double> own = um(context, target);
            return fits(own) ? own : contextsUm(target).stream()
                    .filter(one -> one.size() == own.size() && fits(one))
                    .reduce((narrow, wide) -> wide).orElse(contextsUm(target).getFirst());
        }

        private static boolean fits(List<Double> um) {
            return um.isEmpty() || um.getLast() <= USUAL_UM;
        }

        private static List<Double> um(List<Double> ratios, double target) {
            return ratios.stream().map(ratio -> ratio * target).toList();
        }
    }

    /**
     * Least area of a class, in mm², of which a patch can be.
     *
     * @param target µm/px
     * @param side   of the patch, px
     * @return 0 where pixels have classes
     */
    public double leastMm2(Double target, int side) {
        double um = target == null ? 0 : target * side;
        return labelShare == null ? 0 : labelShare * um * um * 1e-6;
    }

    /** Whether it learns step by step, so that there are curves to be drawn. */
    public boolean learnsInEpochs() {
        return presets.values().stream().anyMatch(offer -> offer.epochs() > 1);
    }

    static NetworkFamily of(JsonObject json) {
        JsonObject presets = Json.object(json, "presets");
        Map<String, Offer> offers = new LinkedHashMap<>();
        presets.keySet().forEach(name -> offers.put(name, offer(Json.object(presets, name))));
        return new NetworkFamily(Json.text(json, "spacings"), Json.text(json, "size"),
                Background.valueOf(
                        Json.text(json, "background").toUpperCase(Locale.ROOT)),
                Json.number(json, "label_share"), Json.number(json, "least_slides").intValue(),
                Json.flag(json, "timed"), offers);
    }

    private static Offer offer(JsonObject json) {
        List<List<Double>> contexts = Json.list(json, "contexts").stream()
                .map(one -> Json.doubles(one.getAsJsonArray().asList())).toList();
        return new Offer(Json.number(json, "target_um"),
                Json.doubles(Json.list(json, "context")), contexts,
                Json.number(json, "size").intValue(), Json.doubles(Json.list(json, "sizes"))
                        .stream().map(Double::intValue).toList(),
                Json.number(json, "epochs").intValue(), Json.number(json, "minutes"));
    }
}
