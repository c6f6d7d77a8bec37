/*
 * Draws annotations around the tissue by threshold, unlocked, to be corrected with the brush: a
 * quick start for the annotation of whole tumours or tissues.
 *
 * Needs: a project, the hookpath extension, its Python; no model.
 * Does: puts annotations of the class into the images, in the place of earlier results of hookpath;
 * what people drew stays. The current image is changed in place, others are saved.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save for the image that QuPath opens for the script):
 *   QuPath script outline_tissue.groovy --project P.qpproj --image "a.svs" --save
 *       --args saturation=true
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    images: [],             // names of images; []: the current one
    threshold: 200,         // darker than this grey value is tissue
    auto: false,            // instead: find the threshold on each image, dark ground, too
    saturation: false,      // instead: by colour, as in H2G-Net (for H&E)
    minArea: 100000,        // smaller pieces are left out, in square micrometres
    maxHole: 100000,        // smaller holes are filled, in square micrometres
    smooth: 40,             // bumps of this size are smoothed, in micrometres
    'class': 'Tissue',      // class of the annotations
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def found = Hookpath.tissue(settings)
println "${found.added()} outlines on ${found.changed().join(', ')}"
