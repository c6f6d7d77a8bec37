"""How much of anything a file from a stranger may ask for: every bound of ours, in one place.

What lies above a bound is refused with one line that names the file and the bound; nothing is cut
off in silence. Each is far above what people and our own commands make, and low enough that
reading stays a matter of seconds and of an ordinary computer's memory.
"""

from __future__ import annotations

MIB = 2**20

#: Settings and records: requests, ``model.json``, ``run.json``, ``project.qpproj``, tables…
TEXT_BYTES = 256 * MIB
#: A model's weights, its card and page; weights hardly shrink when they are packed.
WEIGHTS_BYTES = 8192 * MIB
CARD_BYTES = 16 * MIB
WEIGHTS_FOLD = 20
#: GeoJSON and annotation XML as they lie on disk.
GEOJSON_BYTES = 4096 * MIB
#: What packed GeoJSON may unpack to: always this much, and beyond it so many times its size.
#: Repeated words shrink to a fiftieth, a file of nothing but zeros to a thousandth.
UNPACKED_BYTES = 64 * MIB
UNPACKED_FOLD = 100
#: Archives within archives.
UNPACKED_DEPTH = 3
#: Lists and objects within each other, in any JSON.
JSON_DEPTH = 100

#: Characters of the name of a class.
NAME_LENGTH = 1_000
#: Characters of one message on a terminal, and of one cell of a table there.
MESSAGE_LENGTH = 10_000
CELL_LENGTH = 200

#: Pairs of an outline's segments whose bounding boxes meet, beyond four for each segment. What
#: people draw and what is traced from pixels has next to none; each operation looks at all.
OUTLINE_PAIRS = 5_000_000
#: The same for outlines that cross themselves: they are taken apart at every crossing.
TANGLED_PAIRS = 5_000
#: Crossings of such an outline: each makes a face of its own.
TANGLED_CROSSINGS = 100_000
#: Segments that are passed to tell which of those faces lie inside.
TANGLED_LOOKS = 300_000_000

#: Sides of a slide that need not have a byte for each px (OME-Zarr), px; levels of its pyramid.
SIDE_PX = 10**7
LEVELS = 64
#: Pixels of a mask or flat image that is held in memory whole.
HELD_PIXELS = 10**9

#: Patches of one step of training, or of one call of a network.
BATCH = 65_536
#: Lengths that are asked for, in µm (a slide is some 50,000 wide); µm/px; level-0 px per px.
LENGTH_UM = 100_000.0
SPACING_UM = 1_000.0
DOWNSAMPLE = 100_000.0
#: Epochs, steps, batches: more is never reached.
COUNT = 10**9
#: Workers, reading threads.
WORKERS = 1_024
#: Folds of slides; each is a training.
FOLDS = 1_000
#: Classes of a model: labels are 8-bit numbers; 0 and 255 have uses of their own.
CLASSES = 254
#: Branches of a network.
BRANCHES = 64
#: Channels, px, and other whole numbers of a network's design; poolings.
DESIGN_NUMBER = 65_536
DESIGN_DEPTH = 16
