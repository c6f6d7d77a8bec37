package qupath.ext.hookpath.core.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.ClassNameRule;
import qupath.ext.hookpath.core.training.TrainingPlan.Finding;

class TrainingPlanTest {

    private static final Set<String> BOTH = Set.of("Tumor", "Stroma");

    private static AnnotatedImage image(String id, TrainingRole role, Object... areas) {
        Map<String, Double> mm2 = new LinkedHashMap<>();
        for (int i = 0; i < areas.length; i += 2) {
            mm2.put((String) areas[i], ((Number) areas[i + 1]).doubleValue());
        }
        return new AnnotatedImage(id, id + ".svs", mm2, role, null);
    }

    private static AnnotatedImage broken(String id, TrainingRole role) {
        return new AnnotatedImage(id, id + ".svs",
                Map.of("Tumor", Double.NaN, "Stroma", Double.NaN),
                role, "no pixel size");
    }

    private static String whyNot(AnnotatedImage... images) {
        Finding finding = new TrainingPlan(Arrays.asList(images), BOTH).whyNot();
        return finding == null ? null : finding.key();
    }

    private static List<String> notes(AnnotatedImage... images) {
        return new TrainingPlan(Arrays.asList(images), BOTH).notes().stream()
                .map(Finding::key).toList();
    }

    @Test
    void saysTheFirstThingThatIsMissing() {
        assertEquals("noImages", whyNot());
        assertEquals("nothingDrawn", whyNot(image("1", TrainingRole.TRAIN)));
        assertEquals("noneUsable", whyNot(broken("1", TrainingRole.TRAIN)));
        assertEquals("noRole", whyNot(image("1", null, "Tumor", 1, "Stroma", 1)));
        assertEquals("noTraining", whyNot(image("1", TrainingRole.TEST, "Tumor", 1, "Stroma", 1)));
        assertEquals("classNotTrained", whyNot(image("1", TrainingRole.TRAIN, "Tumor", 1),
                image("2", TrainingRole.VALIDATION, "Stroma", 1)));
        assertNull(whyNot(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1)));
    }

    @Test
    void needsTwoClassesThatAreOn() {
        var images = List.of(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1));
        assertEquals(Finding.of("oneClass", "Tumor"),
                new TrainingPlan(images, Set.of("Tumor")).whyNot());
        assertEquals("noClass", new TrainingPlan(images, Set.of()).whyNot().key());
    }

    @Test
    void pointsAtWhatCannotBeMeasured() {
        assertEquals(List.of("noValidation"),
                notes(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1)));
        assertEquals(List.of("classOnce"),
                notes(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1),
                image("2", TrainingRole.VALIDATION, "Tumor", 1)));
        assertEquals(List.of("classNotValidated", "unused", "broken"),
                notes(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1),
                        image("2", TrainingRole.VALIDATION, "Tumor", 1),
                        image("3", null, "Stroma", 1), broken("4", TrainingRole.TRAIN)));
    }

    @Test
    void leavesOutImagesWithoutARoleOrAnAnnotationOfTheClasses() {
        var plan = new TrainingPlan(List.of(image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1),
                image("2", null, "Tumor", 1), image("3", TrainingRole.TRAIN, "Necrosis", 1),
                broken("4", TrainingRole.TRAIN)), BOTH);
        assertEquals(List.of("1"), plan.used().stream().map(AnnotatedImage::id).toList());
    }

    @Test
    void classesComeInTheOrderOfTheProject() {
        var images = List.of(image("1", null, "Necrosis", 1, "Tumor", 1), image("2", null, "A", 1));
        assertEquals(List.of("Tumor", "Necrosis", "A"),
                List.copyOf(TrainingPlan.drawn(List.of("Stroma", "Tumor"), images)));
    }

    @Test
    void needsAClassOfInterest() {
        var images = List.of(image("1", TrainingRole.TRAIN, "Ignore*", 1, "Fold*", 1, "Tumor", 1));
        Set<String> ignored = new LinkedHashSet<>(List.of("Ignore*", "Fold*"));
        assertEquals(Finding.of("noInterest", "Ignore*, Fold*"),
                new TrainingPlan(images, ignored).whyNot());
        assertNull(new TrainingPlan(images, Set.of("Tumor", "Ignore*")).whyNot());
    }

    @Test
    void classesGoByQuPathsOwnRule() {
        for (String name : new String[] {"Tumor", "Region of necrosis", "Ignored glands",
            "Ignore*", "Tumor: Boundary*", "Region: A"}) {
            assertTrue(ClassNameRule.isUsable(name), name);
        }
        for (String name : new String[] {null, " ", "Region*", "Region: confirmed*",
            "Region*: unknown"}) {
            assertFalse(ClassNameRule.isUsable(name), String.valueOf(name));
        }
        assertTrue(ClassNameRule.isOfInterest("Ignore*: Positive"));
        for (String name : new String[] {"Ignore*", "Artefact*", "Tumor: Boundary*"}) {
            assertFalse(ClassNameRule.isOfInterest(name), name);
        }
    }

    @Test
    void whatNobodyConfirmedIsTold() {
        Map<String, Double> areas = Map.of("Tumor", 1.0, "Stroma", 1.0);
        var changed = new AnnotatedImage("1", "1.svs", areas, TrainingRole.TRAIN, null, areas,
                Map.of(), 0.25);
        var plan = new TrainingPlan(List.of(changed, changed), areas.keySet());
        assertEquals(new TrainingPlan.Finding("unconfirmed", List.of(2, 0.5)),
                plan.notes().getFirst());
        assertEquals(0.25, changed.with(TrainingRole.TEST).withLines(5).leftMm2());
    }

    @Test
    void linesCountWhereTheyHaveAWidth() {
        var thin = new LinesAndPoints(2, 1).plus(new LinesAndPoints(0, 3));
        Map<String, Double> areas = Map.of("Tumor", 1.0);
        var drawn = new AnnotatedImage("1", "1.svs", areas, TrainingRole.TRAIN, null, areas,
                Map.of("Stroma", thin), 0);
        assertEquals(areas, drawn.withLines(0).mm2());
        var wide = drawn.withLines(100);
        assertEquals(0.2 + Math.PI * 0.01, wide.mm2().get("Stroma"), 1e-12);
        assertEquals(areas, wide.with(TrainingRole.TEST).withLines(0).mm2());
        assertEquals(List.of(0.0, 20.5, 20.5), List.of(LinesAndPoints.width(" "),
                LinesAndPoints.width("20.5"), LinesAndPoints.width(" 20,5 ")));
        for (String typed : new String[] {"0", "-3", "wide", "1e9", "NaN"}) {
            assertTrue(Double.isNaN(LinesAndPoints.width(typed)), typed);
        }
        assertEquals("labels.line_width_um=20.0", TrainingSettings.lineWidth(20));
    }

    @Test
    void suggestsAValidationImageThatTrainingCanSpare() {
        Map<String, TrainingRole> roles = RoleSuggestion.of(List.of(
                image("1", null, "Tumor", 1, "Stroma", 1), image("2", null, "Tumor", 5),
                image("3", null, "Stroma", 5), image("4", null)), BOTH);
        assertEquals(Map.of("1", TrainingRole.VALIDATION, "2", TrainingRole.TRAIN, "3",
                TrainingRole.TRAIN), roles);
    }

    @Test
    void theOnlyImageOfAClassTrains() {
        assertEquals(Map.of("1", TrainingRole.TRAIN, "2", TrainingRole.TRAIN),
                RoleSuggestion.of(List.of(
                image("1", null, "Tumor", 1), image("2", null, "Stroma", 1)), BOTH));
        assertEquals(Map.of("1", TrainingRole.TRAIN),
                RoleSuggestion.of(List.of(image("1", null, "Tumor", 1, "Stroma", 1)), BOTH));
    }

    @Test
    void aQuarterValidatesAndLosesLeastDrawing() {
        AnnotatedImage[] images = new AnnotatedImage[8];
        for (int i = 0; i < 8; i++) {
            images[i] = image("" + i, null, "Tumor", 10 - i, "Stroma", 1);
        }
        Map<String, TrainingRole> roles = RoleSuggestion.of(Arrays.asList(images), BOTH);
        assertEquals(List.of("6", "7"), roles.keySet().stream()
                .filter(id -> roles.get(id) == TrainingRole.VALIDATION).sorted().toList());
    }

    @Test
    void whatWasDecidedStays() {
        Map<String, TrainingRole> roles = RoleSuggestion.of(List.of(
                image("1", TrainingRole.VALIDATION, "Tumor", 1, "Stroma", 1),
                image("2", TrainingRole.TEST, "Tumor", 1, "Stroma", 1),
                image("3", null, "Tumor", 1, "Stroma", 1)), BOTH);
        assertEquals(Map.of("3", TrainingRole.TRAIN), roles);
    }

    @Test
    void knowsThePackagesRoles() {
        assertEquals(TrainingRole.VALIDATION, TrainingRole.of(" Validation "));
        assertEquals(TrainingRole.TRAIN, TrainingRole.of("train"));
        assertNull(TrainingRole.of(null));
        assertNull(TrainingRole.of("other"));
        assertEquals("val", TrainingRole.VALIDATION.value());
    }

    @Test
    void someNetworksNeedMoreSlidesOrLargerAreas() {
        AnnotatedImage large = image("1", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 1);
        AnnotatedImage small = image("2", TrainingRole.TRAIN, "Tumor", 1, "Stroma", 0.01);
        AnnotatedImage unknown = image("3", TrainingRole.TRAIN, "Tumor", 1, "Stroma", Double.NaN);
        AnnotatedImage measured = image("4", TrainingRole.VALIDATION, "Tumor", 0.01);
        assertNull(whyNotWith(1, 0, large));
        assertEquals("fewTraining", whyNotWith(2, 0, large, measured));
        assertEquals("tooSmall", whyNotWith(1, 0.1, small));
        assertNull(whyNotWith(1, 0.1, small, large));
        assertNull(whyNotWith(1, 0.1, unknown));
        assertEquals("tooSmallToMeasure", whyNotWith(1, 0.1, large, measured));
        assertNull(whyNotWith(1, 0, large, measured));
    }

    private static String whyNotWith(int slides, double mm2, AnnotatedImage... images) {
        Finding finding = new TrainingPlan(Arrays.asList(images), BOTH).whyNotWith(slides, mm2);
        return finding == null ? null : finding.key();
    }

    @Test
    void channelsAreThoseThatAllImagesOfTheJobHave() {
        var drawn = Map.of("Tumor", 1.0, "Stroma", 1.0);
        var plan = new TrainingPlan(List.of(
                with("1", drawn, "DAPI", "CD8", "CK"), with("2", drawn, "CK", "DAPI")),
                Set.of("Tumor", "Stroma"));
        assertEquals(List.of("DAPI", "CK"), plan.channels());
        assertTrue(plan.channelsDiffer());
        assertNull(plan.whyNot());
        var mixed = new TrainingPlan(List.of(with("1", drawn, "DAPI"), with("2", drawn)),
                Set.of("Tumor", "Stroma"));
        assertEquals("otherChannels", mixed.whyNot().key());
        assertEquals(List.of("1.svs", "2.svs"), mixed.whyNot().values());
        var rgb = new TrainingPlan(List.of(with("1", drawn)), Set.of("Tumor", "Stroma"));
        assertEquals(List.of(), rgb.channels());
        assertNull(rgb.whyNot());
    }

    private static AnnotatedImage with(String id, Map<String, Double> mm2, String... channels) {
        return new AnnotatedImage(id, id + ".svs", mm2, TrainingRole.TRAIN, null, mm2, Map.of(), 0,
                List.of(channels), "");
    }
}
