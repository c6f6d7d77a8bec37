package qupath.ext.hookpath.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import qupath.ext.hookpath.core.loop.LoopBeginning.Next;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.TrainingRole;

class LoopBeginningTest {

    private static AnnotatedImage image(String name, TrainingRole role, String... classes) {
        Map<String, Double> mm2 = new TreeMap<>();
        Arrays.asList(classes).forEach(one -> mm2.put(one, 0.1));
        return new AnnotatedImage(name, name, mm2, role, null);
    }

    @Test
    void itBeginsWhereTwoClassesAreAnnotated() {
        LoopBeginning found = LoopBeginning.of(List.of(image("a", null, "Tumor"),
                image("b", TrainingRole.TRAIN, "Stroma", "Tumor"), image("c", null)));
        assertEquals(new LoopBeginning(2, 3, Set.of("Tumor", "Stroma")), found);
        assertEquals(Next.START, found.next());
    }

    @Test
    void whatIsMissingIsSaid() {
        assertEquals(Next.DRAW, LoopBeginning.of(List.of()).next());
        assertEquals(Next.DRAW, LoopBeginning.of(List.of(image("a", null))).next());
        assertEquals(Next.SECOND_CLASS,
                LoopBeginning.of(List.of(image("a", null, "Tumor"))).next());
    }

    @Test
    void testImagesAreLeftAlone() {
        LoopBeginning found = LoopBeginning.of(List.of(image("a", null, "Tumor"),
                image("b", TrainingRole.TEST, "Stroma")));
        assertEquals(new LoopBeginning(1, 1, Set.of("Tumor")), found);
        assertEquals(Next.SECOND_CLASS, found.next());
    }
}
