package qupath.ext.hookpath.core.training;

import java.util.Locale;

/** What an image is for in training, as the project's image metadata says it. */
public enum TrainingRole {
    /** The network learns from it. */
    TRAIN("train"),
    /** The network is measured on it after each epoch. */
    VALIDATION("val"),
    /** Nobody touches it: kept for the evaluation. */
    TEST("test");

    /** Key of the image metadata. */
    public static final String KEY = "hookpath.split";

    private final String value;

    TrainingRole(String value) {
        this.value = value;
    }

    /** What is kept in the metadata. */
    public String value() {
        return value;
    }

    /** The role that a metadata value means; null for none and for one that nobody knows. */
    public static TrainingRole of(String text) {
        return switch (text == null ? "" : text.strip().toLowerCase(Locale.ROOT)) {
            case "train" -> TRAIN;
            case "val", "validation" -> VALIDATION;
            case "test" -> TEST;
            default -> null;
        };
    }
}
