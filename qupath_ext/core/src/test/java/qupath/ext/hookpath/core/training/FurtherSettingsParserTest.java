package qupath.ext.hookpath.core.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.training.FurtherSettingsParser.Misunderstood;

class FurtherSettingsParserTest {

    private static Misunderstood wrong(String typed) {
        return assertThrows(Misunderstood.class, () -> FurtherSettingsParser.parse(typed), typed);
    }

    private static void refused(String typed, String key, Object... values) {
        assertEquals(key, wrong(typed).key(), typed);
        assertEquals(List.of(values), wrong(typed).values(), typed);
    }

    @Test
    void whatIsUnderstoodIsPassedOn() throws Misunderstood {
        assertEquals(List.of("epochs=2", "validation.val=[\"a b\", 'c=d']"),
                FurtherSettingsParser.parse(" epochs=2;\n validation.val=[\"a b\", 'c=d']; "));
        for (String fine : List.of("learning_rate=1e-3", "learning_rate = 0.5", "patience=none",
                "model.filters=16", "model.patch.spacings=[1.0]", "augmentation=strong",
                "augmentation.flips=false", "class_weights.Tumor=2", "background=\"Not in situ\"",
                "class_weights={Tumor = 2.0}", "device=cuda:1", "backbone_weights=/data/w.pt")) {
            assertEquals(List.of(fine), FurtherSettingsParser.parse(fine));
        }
        assertEquals(List.of(), FurtherSettingsParser.parse(" ;\n"));
    }

    @Test
    void aMissingSemicolonIsSeen() {
        refused("epochs=20 steps_per_epoch=100", "semicolon", "epochs=20 steps_per_epoch=100",
                "steps_per_epoch");
        refused("augmentation=strong, epochs=3", "semicolon", "augmentation=strong, epochs=3",
                "epochs");
    }

    @Test
    void whatIsNoSettingIsRefusedWithTheNearest() {
        refused("epoch=20", "near", "epoch", "epochs");
        refused("flips=true", "near", "flips", "augmentation.flips");
        refused("validation.fractoin=0.2", "near", "validation.fractoin", "validation.fraction");
        refused("colour_of_the_sky=blue", "unknown", "colour_of_the_sky");
        refused("epochs", "form", "epochs");
        refused("=3", "form", "=3");
    }

    @Test
    void aValueThatTheSettingCannotTakeIsRefused() {
        refused("epochs=many", "whole", "epochs", "many");
        refused("epochs=2.5", "whole", "epochs", "2.5");
        refused("learning_rate=fast", "number", "learning_rate", "fast");
        refused("augmentation.flips=yes", "flag", "augmentation.flips", "yes");
        refused("background=Not in situ", "value", "background", "Not in situ");
    }
}
