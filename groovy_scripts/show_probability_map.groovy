/*
 * Shows a probability map (probabilities.tif of a prediction) or a class map (classes.tif) over the
 * current image.
 *
 * Needs: QuPath's window, an open image, the hookpath extension; no Python.
 * Does: an overlay, nothing in the image changes.
 *
 * In the script editor: change the settings, Run.
 * Without a window there is nothing to show it over, and it ends with an error:
 *   QuPath script show_probability_map.groovy --image a.svs --args map=/results/probabilities.tif
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    map: '',                // the TIFF; '': hides the map that is shown
)
Hookpath.showProbabilityMap(settings.map)
