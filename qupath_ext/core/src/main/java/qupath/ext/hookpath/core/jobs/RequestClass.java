package qupath.ext.hookpath.core.jobs;

/**
 * A class of the project.
 *
 * @param name full name, as QuPath writes it ({@code "Immune cells: CD3"})
 * @param rgb  red, green, blue in 0–255, or null when unknown
 */
public record RequestClass(String name, int[] rgb) {
}
