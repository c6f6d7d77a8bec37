package qupath.ext.hookpath.core.training;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import qupath.ext.hookpath.core.ClassNameRule;

/**
 * What a training would learn from: images with what is annotated on them and what each is for, and
 * the classes that are switched on. Says why it cannot be, and what deserves a second look.
 *
 * @param images  all images of the project, in its order
 * @param classes the classes to learn, in channel order
 */
public record TrainingPlan(List<AnnotatedImage> images, Set<String> classes) {

    /** Copies. */
    public TrainingPlan {
        images = List.copyOf(images);
        classes = new LinkedHashSet<>(classes);
    }

    /**
     * Something to tell: the key of a text, and what goes into it.
     *
     * @param key    e.g. {@code "oneClass"}
     * @param values names or numbers
     */
    public record Finding(String key, List<Object> values) {

        static Finding of(String key, Object... values) {
            return new Finding(key, List.of(values));
        }
    }

    /** Classes that are annotated, in order of first appearance, after those that are known. */
    public static Set<String> drawn(List<String> known, List<AnnotatedImage> images) {
        Set<String> drawn = new LinkedHashSet<>();
        images.forEach(i -> drawn.addAll(i.mm2().keySet()));
        Set<String> ordered = new LinkedHashSet<>(known);
        ordered.retainAll(drawn);
        ordered.addAll(drawn);
        return ordered;
    }

    /** The images that go into the job: those of use that somebody gave a role. */
    public List<AnnotatedImage> used() {
        return images.stream().filter(i -> i.role() != null && i.teaches(classes)).toList();
    }

    /**
     * Why it cannot train, or null: {@code noImages}, {@code nothingDrawn}, {@code oneClass},
     * {@code noInterest}, {@code noneUsable}, {@code noRole}, {@code noTraining},
     * {@code classNotTrained}, {@code otherChannels} (two images that do not go together).
     */
    public Finding whyNot() {
        if (images.isEmpty()) {
            return Finding.of("noImages");
        }
        if (images.stream().allMatch(i -> i.mm2().isEmpty())) {
            return images.stream().filter(i -> i.problem() != null).findFirst()
                    .map(i -> Finding.of("noneUsable", i.name(), i.problem()))
                    .orElse(Finding.of("nothingDrawn"));
        }
        if (classes.size() < 2) {
            return classes.isEmpty() ? Finding.of("noClass")
                    : Finding.of("oneClass", classes.iterator().next());
        }
        if (classes.stream().noneMatch(ClassNameRule::isOfInterest)) {
            return Finding.of("noInterest", String.join(", ", classes));
        }
        return whyNotWithThese();
    }

    private Finding whyNotWithThese() {
        List<AnnotatedImage> usable = images.stream().filter(i -> i.teaches(classes)).toList();
        if (usable.isEmpty()) {
            return images.stream().filter(i -> i.problem() != null && !i.mm2().isEmpty())
                    .findFirst().map(i -> Finding.of("noneUsable", i.name(), i.problem()))
                    .orElse(Finding.of("nothingDrawn"));
        }
        if (used().isEmpty()) {
            return Finding.of("noRole");
        }
        if (in(TrainingRole.TRAIN).isEmpty()) {
            return Finding.of("noTraining");
        }
        return classes.stream()
                .filter(c -> in(TrainingRole.TRAIN).stream().noneMatch(i -> i.has(c)))
                .findFirst().map(c -> Finding.of("classNotTrained", c))
                .orElseGet(this::otherChannels);
    }

    private Finding otherChannels() {
        if (!channels().isEmpty() || used().stream().allMatch(i -> i.channels().isEmpty())) {
            return null;
        }
        AnnotatedImage first = used().get(0);
        return used().stream().filter(i -> shared(first, i).isEmpty()
                        && !(first.channels().isEmpty() && i.channels().isEmpty()))
                .findFirst().map(i -> Finding.of("otherChannels", first.name(), i.name()))
                .orElse(null);
    }

    /** Channels that all images of the job have, in the first one's order; empty: RGB, or none. */
    public List<String> channels() {
        List<AnnotatedImage> used = used();
        if (used.isEmpty()) {
            return List.of();
        }
        List<String> found = new ArrayList<>(used.get(0).channels());
        used.forEach(i -> found.retainAll(i.channels()));
        return found;
    }

    /** Whether some image of the job has channels that another one lacks. */
    public boolean channelsDiffer() {
        int shared = channels().size();
        return used().stream().anyMatch(i -> i.channels().size() != shared);
    }

    private static List<String> shared(AnnotatedImage a, AnnotatedImage b) {
        return a.channels().stream().filter(b.channels()::contains).toList();
    }

    /**
     * Why it is not enough for one kind of network, or null: {@code fewTraining}, {@code tooSmall}
     * (no patch can be of a class), {@code tooSmallToMeasure} (of any, on the validation images).
     *
     * @param leastSlides fewest training images
     * @param leastMm2    least area of a class of which a patch can be
     */
    public Finding whyNotWith(int leastSlides, double leastMm2) {
        if (in(TrainingRole.TRAIN).size() < leastSlides) {
            return Finding.of("fewTraining", leastSlides);
        }
        for (String name : classes) {
            if (in(TrainingRole.TRAIN).stream().allMatch(i -> isBelow(i, name, leastMm2))) {
                return Finding.of("tooSmall", name);
            }
        }
        List<AnnotatedImage> measured = in(TrainingRole.VALIDATION);
        boolean none = !measured.isEmpty() && measured.stream().allMatch(
                i -> classes.stream().allMatch(name -> isBelow(i, name, leastMm2)));
        return none ? Finding.of("tooSmallToMeasure") : null;
    }

    private static boolean isBelow(AnnotatedImage image, String name, double mm2) {
        return image.mm2().getOrDefault(name, 0.0) < mm2;
    }

    /**
     * What works but deserves a look: {@code unconfirmed} (on so many images, so many mm² of
     * changed results that nobody confirmed), {@code unused} images of unknown role, {@code broken}
     * images, {@code noValidation}, {@code classNotValidated}, {@code classOnce}.
     */
    public List<Finding> notes() {
        List<Finding> notes = new ArrayList<>();
        List<AnnotatedImage> unsure = images.stream().filter(i -> i.leftMm2() > 0).toList();
        if (!unsure.isEmpty()) {
            notes.add(Finding.of("unconfirmed", unsure.size(),
                    unsure.stream().mapToDouble(AnnotatedImage::leftMm2).sum()));
        }
        if (in(TrainingRole.VALIDATION).isEmpty()) {
            notes.add(Finding.of("noValidation"));
        } else {
            addUnmeasured(notes);
        }
        long unused = images.stream().filter(i -> i.role() == null && i.teaches(classes)).count();
        if (unused > 0) {
            notes.add(Finding.of("unused", unused));
        }
        images.stream().filter(i -> i.problem() != null && !i.mm2().isEmpty())
                .forEach(i -> notes.add(Finding.of("broken", i.name(), i.problem())));
        return notes;
    }

    private void addUnmeasured(List<Finding> notes) {
        for (String name : classes) {
            if (in(TrainingRole.VALIDATION).stream().noneMatch(i -> i.has(name))) {
                boolean once = images.stream().filter(i -> i.has(name)).count() == 1;
                notes.add(Finding.of(once ? "classOnce" : "classNotValidated", name));
            }
        }
    }

    private List<AnnotatedImage> in(TrainingRole role) {
        return used().stream().filter(i -> i.role() == role).toList();
    }
}
