package qupath.ext.hookpath.core;

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
import qupath.ext.hookpath.core.TrainingPlan.Finding;

class TrainingPlanTest {

    private static final Set<String> BOTH = Set.of("Tumor", "Stroma");

    private static DrawnImage image(String id, Role role, Object... areas) {
        Map<String, Double> mm2 = new LinkedHashMap<>();
        for (int i = 0; i < areas.length; i += 2) {
            mm2.put((String) areas[i], ((Number) areas[i + 1]).doubleValue());
        }
        return new DrawnImage(id, id + ".svs", mm2, role, null);
    }

    private static DrawnImage broken(String id, Role role) {
        return new DrawnImage(id, id + ".svs", Map.of("Tumor", Double.NaN, "Stroma", Double.NaN),
                role, "no pixel size");
    }

    private static String whyNot(DrawnImage... images) {
        Finding finding = new TrainingPlan(Arrays.asList(images), BOTH).whyNot();
        return finding == null ? null : finding.key();
    }

    private static List<String> notes(DrawnImage... images) {
        return new TrainingPlan(Arrays.asList(images), BOTH).notes().stream()
                .map(Finding::key).toList();
    }

    @Test
    void saysTheFirstThingThatIsMissing() {
        assertEquals("noImages", whyNot());
        assertEquals("nothingDrawn", whyNot(image("1", Role.TRAIN)));
        assertEquals("noneUsable", whyNot(broken("1", Role.TRAIN)));
        assertEquals("noRole", whyNot(image("1", null, "Tumor", 1, "Stroma", 1)));
        assertEquals("noTraining", whyNot(image("1", Role.TEST, "Tumor", 1, "Stroma", 1)));
        assertEquals("classNotTrained", whyNot(image("1", Role.TRAIN, "Tumor", 1),
                image("2", Role.VALIDATION, "Stroma", 1)));
        assertNull(whyNot(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1)));
    }

    @Test
    void needsTwoClassesThatAreOn() {
        var images = List.of(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1));
        assertEquals(Finding.of("oneClass", "Tumor"),
                new TrainingPlan(images, Set.of("Tumor")).whyNot());
        assertEquals("noClass", new TrainingPlan(images, Set.of()).whyNot().key());
    }

    @Test
    void pointsAtWhatCannotBeMeasured() {
        assertEquals(List.of("noValidation"),
                notes(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1)));
        assertEquals(List.of("classOnce"), notes(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1),
                image("2", Role.VALIDATION, "Tumor", 1)));
        assertEquals(List.of("classNotValidated", "unused", "broken"),
                notes(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1),
                        image("2", Role.VALIDATION, "Tumor", 1),
                        image("3", null, "Stroma", 1), broken("4", Role.TRAIN)));
    }

    @Test
    void leavesOutImagesWithoutARoleOrAnAnnotationOfTheClasses() {
        var plan = new TrainingPlan(List.of(image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1),
                image("2", null, "Tumor", 1), image("3", Role.TRAIN, "Necrosis", 1),
                broken("4", Role.TRAIN)), BOTH);
        assertEquals(List.of("1"), plan.used().stream().map(DrawnImage::id).toList());
    }

    @Test
    void classesComeInTheOrderOfTheProject() {
        var images = List.of(image("1", null, "Necrosis", 1, "Tumor", 1), image("2", null, "A", 1));
        assertEquals(List.of("Tumor", "Necrosis", "A"),
                List.copyOf(TrainingPlan.drawn(List.of("Stroma", "Tumor"), images)));
    }

    @Test
    void needsAClassOfInterest() {
        var images = List.of(image("1", Role.TRAIN, "Ignore*", 1, "Fold*", 1, "Tumor", 1));
        Set<String> ignored = new LinkedHashSet<>(List.of("Ignore*", "Fold*"));
        assertEquals(Finding.of("noInterest", "Ignore*, Fold*"),
                new TrainingPlan(images, ignored).whyNot());
        assertNull(new TrainingPlan(images, Set.of("Tumor", "Ignore*")).whyNot());
    }

    @Test
    void classesGoByQuPathsOwnRule() {
        for (String name : new String[] {"Tumor", "Region of necrosis", "Ignored glands",
            "Ignore*", "Tumor: Boundary*", "Region: A"}) {
            assertTrue(ClassRule.isUsable(name), name);
        }
        for (String name : new String[] {null, " ", "Region*", "Region: confirmed*",
            "Region*: unknown"}) {
            assertFalse(ClassRule.isUsable(name), String.valueOf(name));
        }
        assertTrue(ClassRule.isOfInterest("Ignore*: Positive"));
        for (String name : new String[] {"Ignore*", "Artefact*", "Tumor: Boundary*"}) {
            assertFalse(ClassRule.isOfInterest(name), name);
        }
    }

    @Test
    void whatNobodyConfirmedIsTold() {
        Map<String, Double> areas = Map.of("Tumor", 1.0, "Stroma", 1.0);
        var changed = new DrawnImage("1", "1.svs", areas, Role.TRAIN, null, areas, Map.of(), 0.25);
        var plan = new TrainingPlan(List.of(changed, changed), areas.keySet());
        assertEquals(new TrainingPlan.Finding("unconfirmed", List.of(2, 0.5)),
                plan.notes().getFirst());
        assertEquals(0.25, changed.with(Role.TEST).withLines(5).leftMm2());
    }

    @Test
    void linesCountWhereTheyHaveAWidth() {
        var thin = new ThinDrawings(2, 1).plus(new ThinDrawings(0, 3));
        Map<String, Double> areas = Map.of("Tumor", 1.0);
        var drawn = new DrawnImage("1", "1.svs", areas, Role.TRAIN, null, areas,
                Map.of("Stroma", thin), 0);
        assertEquals(areas, drawn.withLines(0).mm2());
        var wide = drawn.withLines(100);
        assertEquals(0.2 + Math.PI * 0.01, wide.mm2().get("Stroma"), 1e-12);
        assertEquals(areas, wide.with(Role.TEST).withLines(0).mm2());
        assertEquals(List.of(0.0, 20.5, 20.5), List.of(ThinDrawings.width(" "),
                ThinDrawings.width("20.5"), ThinDrawings.width(" 20,5 ")));
        for (String typed : new String[] {"0", "-3", "wide", "1e9", "NaN"}) {
            assertTrue(Double.isNaN(ThinDrawings.width(typed)), typed);
        }
        assertEquals("labels.line_width_um=20.0", TrainSettings.lineWidth(20));
    }

    @Test
    void suggestsAValidationImageThatTrainingCanSpare() {
        Map<String, Role> roles = SuggestedRoles.of(List.of(
                image("1", null, "Tumor", 1, "Stroma", 1), image("2", null, "Tumor", 5),
                image("3", null, "Stroma", 5), image("4", null)), BOTH);
        assertEquals(Map.of("1", Role.VALIDATION, "2", Role.TRAIN, "3", Role.TRAIN), roles);
    }

    @Test
    void theOnlyImageOfAClassTrains() {
        assertEquals(Map.of("1", Role.TRAIN, "2", Role.TRAIN), SuggestedRoles.of(List.of(
                image("1", null, "Tumor", 1), image("2", null, "Stroma", 1)), BOTH));
        assertEquals(Map.of("1", Role.TRAIN),
                SuggestedRoles.of(List.of(image("1", null, "Tumor", 1, "Stroma", 1)), BOTH));
    }

    @Test
    void aQuarterValidatesAndLosesLeastDrawing() {
        DrawnImage[] images = new DrawnImage[8];
        for (int i = 0; i < 8; i++) {
            images[i] = image("" + i, null, "Tumor", 10 - i, "Stroma", 1);
        }
        Map<String, Role> roles = SuggestedRoles.of(Arrays.asList(images), BOTH);
        assertEquals(List.of("6", "7"), roles.keySet().stream()
                .filter(id -> roles.get(id) == Role.VALIDATION).sorted().toList());
    }

    @Test
    void whatWasDecidedStays() {
        Map<String, Role> roles = SuggestedRoles.of(List.of(
                image("1", Role.VALIDATION, "Tumor", 1, "Stroma", 1),
                image("2", Role.TEST, "Tumor", 1, "Stroma", 1),
                image("3", null, "Tumor", 1, "Stroma", 1)), BOTH);
        assertEquals(Map.of("3", Role.TRAIN), roles);
    }

    @Test
    void knowsThePackagesRoles() {
        assertEquals(Role.VALIDATION, Role.of(" Validation "));
        assertEquals(Role.TRAIN, Role.of("train"));
        assertNull(Role.of(null));
        assertNull(Role.of("other"));
        assertEquals("val", Role.VALIDATION.value());
    }

    @Test
    void someNetworksNeedMoreSlidesOrLargerAreas() {
        DrawnImage large = image("1", Role.TRAIN, "Tumor", 1, "Stroma", 1);
        DrawnImage small = image("2", Role.TRAIN, "Tumor", 1, "Stroma", 0.01);
        DrawnImage unknown = image("3", Role.TRAIN, "Tumor", 1, "Stroma", Double.NaN);
        DrawnImage measured = image("4", Role.VALIDATION, "Tumor", 0.01);
        assertNull(whyNotWith(1, 0, large));
        assertEquals("fewTraining", whyNotWith(2, 0, large, measured));
        assertEquals("tooSmall", whyNotWith(1, 0.1, small));
        assertNull(whyNotWith(1, 0.1, small, large));
        assertNull(whyNotWith(1, 0.1, unknown));
        assertEquals("tooSmallToMeasure", whyNotWith(1, 0.1, large, measured));
        assertNull(whyNotWith(1, 0, large, measured));
    }

    private static String whyNotWith(int slides, double mm2, DrawnImage... images) {
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

    private static DrawnImage with(String id, Map<String, Double> mm2, String... channels) {
        return new DrawnImage(id, id + ".svs", mm2, Role.TRAIN, null, mm2, Map.of(), 0,
                List.of(channels), "");
    }
}
