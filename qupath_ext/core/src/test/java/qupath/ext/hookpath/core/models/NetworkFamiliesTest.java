package qupath.ext.hookpath.core.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.models.NetworkFamily.Background;
import qupath.ext.hookpath.core.models.NetworkFamily.Offer;

class NetworkFamiliesTest {

    private static Offer fast(String family) {
        return NetworkFamilies.get(family).presets().get("fast");
    }

    @Test
    void theQuickOneComesFirstAndWhatLearnsNoClassesIsNotOffered() {
        assertEquals("probe", NetworkFamilies.names().getFirst());
        assertTrue(NetworkFamilies.names().containsAll(
                List.of("hooknet", "unet", "mrn", "h2gnet", "classifier", "multiscale",
                        "unet-lr")));
        assertNull(NetworkFamilies.get("scale"));
    }

    @Test
    void thePresetForAGpuIsOfferedWhereThereIsOneAndEveryNetworkHasIt() {
        assertEquals(List.of("auto", "fast", "paper"),
                NetworkFamilies.presets(List.of("auto", "cpu")));
        List<String> offered = NetworkFamilies.presets(List.of("auto", "cuda", "cpu"));
        assertEquals(List.of("auto", "gpu", "fast", "paper"), offered);
        for (String name : NetworkFamilies.names()) {
            assertTrue(NetworkFamilies.get(name).presets().keySet().containsAll(offered), name);
        }
    }

    @Test
    void theQuickOneIsFittedAtOnceAndHasNoCurves() {
        List<String> atOnce = NetworkFamilies.names().stream()
                .filter(name -> !NetworkFamilies.get(name).learnsInEpochs()).toList();
        assertEquals(List.of("probe"), atOnce);
    }

    @Test
    void contextsFollowFromTheTarget() {
        assertEquals(List.of(List.of(2.0), List.of(4.0), List.of(8.0)),
                fast("hooknet").contextsUm(1));
        assertEquals(List.of(8.0), fast("hooknet").usualContextUm(1));
        assertEquals(List.of(4.0), fast("hooknet").usualContextUm(0.5));
        assertEquals(List.of(8.0), fast("hooknet").usualContextUm(2));
        assertEquals(List.of(8.0),
                NetworkFamilies.get("hooknet").presets().get("paper").usualContextUm(0.5));
        assertEquals(List.of(), fast("unet").usualContextUm(1));
        assertEquals(List.of(100.0), fast("hooknet").usualContextUm(50));
    }

    @Test
    void theUsualSizeIsOneOfThoseOffered() {
        for (String name : NetworkFamilies.names()) {
            NetworkFamilies.get(name).presets().values().forEach(
                    offer -> assertTrue(offer.sizes().contains(offer.size()), name));
        }
    }

    @Test
    void whatAFamilyReadsSaysWhichSettingsItHas() {
        NetworkFamily slides = NetworkFamilies.get("unet-lr");
        assertNull(slides.spacings());
        assertNull(slides.presets().get("fast").targetUm());
        assertEquals("model.size", slides.size());
        NetworkFamily stages = NetworkFamilies.get("h2gnet");
        assertEquals("model.patch.spacings", stages.spacings());
        assertEquals(Background.YES, stages.background());
        assertEquals(2, stages.leastSlides());
        assertEquals(Background.MAYBE, NetworkFamilies.get("classifier").background());
        assertEquals(Background.NO, NetworkFamilies.get("hooknet").background());
    }

    @Test
    void aPatchNeedsAQuarterOfItDrawn() {
        assertEquals(0.25 * 0.2 * 0.2, NetworkFamilies.get("classifier").leastMm2(2.0, 100), 1e-12);
        assertEquals(0, NetworkFamilies.get("hooknet").leastMm2(2.0, 100));
        assertFalse(NetworkFamilies.get("unet-lr").leastMm2(null, 100) > 0);
    }
}
