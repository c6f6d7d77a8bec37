/*
 * Shows a probability map (probabilities.tif of a prediction) or a class map (classes.tif) over the
 * current image.
 *
 * Needs: QuPath's window, an open image, the hookpath extension; no Python.
 * Does: an overlay, nothing in the image changes. It ends with the image, or with
 * Extensions > HookNet > Show probability map.
 *
 * In the script editor: change the settings, Run.
 * Without a window there is nothing to show it on: it says so and ends with an error. With a window:
 *   QuPath --project P.qpproj --image "a.svs" (and a startup script that calls the line below)
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    map: '',                // the TIFF; '': the newest prediction of this image in the project
)
Hookpath.showProbabilityMap(settings.map)
