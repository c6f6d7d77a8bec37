"""What an OME-XML says of the images in a TIFF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from hookpath.slides.length_units import um_per_unit
from hookpath.slides.metadata_spacing import FileSpacing, is_plausible

_RGB_NAMES = ({"red", "r"}, {"green", "g"}, {"blue", "b"})
#: Red, green and blue as OME writes colours: RGBA in a signed 32-bit number.
_RGB_COLORS = tuple(
    int.from_bytes(bytes(rgba), "big", signed=True)
    for rgba in ((255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255))
)


@dataclass(frozen=True)
class OmeChannel:
    """One channel: its name ("": none) and colour (None: none)."""

    name: str
    color: int | None


@dataclass(frozen=True)
class OmeImage:
    """One ``Image`` of an OME-XML.

    Attributes:
        name: as written.
        width, height: in px.
        channels: by index.
        size_z, size_t: planes along z and in time.
        places: number of the main page of channel c at z and t (a page may hold several samples).
        spacing: µm/px.
        pages: number of the main page of each plane, in the order of channels, as far as they are
            in this file.
        claimed: numbers of all main pages that belong to it.
        elsewhere: another file that holds planes of it ("": none does).
    """

    name: str
    width: int
    height: int
    size_c: int
    channels: tuple[OmeChannel, ...]
    size_z: int
    size_t: int
    places: Mapping[tuple[int, int, int], int]
    spacing: FileSpacing
    pages: tuple[int, ...]
    claimed: frozenset[int]
    elsewhere: str

    @property
    def depth(self) -> int:
        """Planes that are no channels."""
        return self.size_z * self.size_t

    def rgb_order(self) -> tuple[int, int, int] | None:
        """Which channel is red, which green, which blue; None: nothing says so.

        By the channels' names; where they have none, by their colours, in this order.
        """
        names = [channel.name.strip().lower() for channel in self.channels]
        if len(names) != 3:
            return None
        if not any(names):
            colors = tuple(channel.color for channel in self.channels)
            return (0, 1, 2) if colors == _RGB_COLORS else None
        found = [[i for i, n in enumerate(names) if n in wanted] for wanted in _RGB_NAMES]
        if any(len(indices) != 1 for indices in found):
            return None
        return found[0][0], found[1][0], found[2][0]


def ome_images(xml: str, file_name: str, n_pages: int) -> list[OmeImage]:
    """The images in the order of the XML; none where it cannot be read.

    Args:
        file_name: of the file that holds the XML.
        n_pages: main pages of the file.
    """
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return []
    found: list[OmeImage] = []
    for image in _children(root, "Image"):
        for pixels in _children(image, "Pixels"):
            found += _image(image.get("Name") or "", pixels, root.get("UUID"), file_name, n_pages)
    return found


def first_sizes(xml: str) -> tuple[float | None, float | None]:
    """PhysicalSizeX/Y in µm of the first image of an OME-XML, whatever they are."""
    pixels = next((e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("Pixels")), None)
    if pixels is None:
        return None, None
    return _size_um(pixels, "X")[0], _size_um(pixels, "Y")[0]


def _image(
    name: str, pixels: ElementTree.Element, uuid: str | None, file_name: str, n_pages: int
) -> Iterator[OmeImage]:
    sizes = [_whole(pixels, f"Size{axis}") for axis in "XYCZT"]
    if None in sizes or min(size or 0 for size in sizes) < 1:
        return
    width, height, size_c, size_z, size_t = (size or 1 for size in sizes)
    data = list(_children(pixels, "TiffData"))
    channels = list(_children(pixels, "Channel"))
    samples = [_whole(c, "SamplesPerPixel") or 1 for c in channels]
    planes_c = len(samples) if samples and sum(samples) == size_c else size_c
    axes = _Axes(pixels.get("DimensionOrder") or "XYCZT", (planes_c, size_z, size_t))
    places, claimed, elsewhere = _places(data, axes, uuid, file_name, n_pages)
    first = min(((z, t) for _, z, t in places), default=(0, 0))
    yield OmeImage(
        name=name,
        width=width,
        height=height,
        size_c=size_c,
        channels=tuple(OmeChannel(c.get("Name") or "", _whole(c, "Color")) for c in channels),
        size_z=size_z,
        size_t=size_t,
        places=places,
        spacing=_spacing(pixels),
        pages=tuple(places[at] for at in sorted(places) if at[1:] == first),
        claimed=claimed,
        elsewhere=elsewhere,
    )


@dataclass(frozen=True)
class _Axes:
    """How planes are counted: `order` as in ``XYCZT``, and the sizes of C, Z and T."""

    order: str
    sizes: tuple[int, int, int]

    def after(self, first: tuple[int, int, int], steps: int) -> tuple[int, int, int]:
        """The plane (c, z, t) so many after `first`."""
        at = dict(zip("CZT", first, strict=True))
        sizes = dict(zip("CZT", self.sizes, strict=True))
        for axis in (a for a in self.order if a in sizes):
            steps += at[axis]
            at[axis] = steps % sizes[axis]
            steps //= sizes[axis]
        return at["C"], at["Z"], at["T"]


def _places(
    data: Sequence[ElementTree.Element], axes: _Axes, uuid: str | None, file_name: str, n_pages: int
) -> tuple[dict[tuple[int, int, int], int], frozenset[int], str]:
    """Pages by plane, all pages, and the other file that holds some."""
    places: dict[tuple[int, int, int], int] = {}
    claimed: set[int] = set()
    elsewhere = ""
    for element in data:
        other = next(iter(_children(element, "UUID")), None)
        here = other is None or (other.text or "").strip() == uuid or uuid is None
        if other is not None and not here and other.get("FileName") != file_name:
            elsewhere = elsewhere or other.get("FileName") or (other.text or "another")
            continue
        first = _whole(element, "IFD")
        count = _whole(element, "PlaneCount") or (n_pages if first is None else 1)
        start = tuple(max(0, _whole(element, f"First{axis}") or 0) for axis in "CZT")
        for step in range(min(count, n_pages)):
            places.setdefault(axes.after((start[0], start[1], start[2]), step), (first or 0) + step)
            claimed.add((first or 0) + step)
    claimed &= set(range(n_pages))
    if not data:
        places = {axes.after((0, 0, 0), i): i for i in reversed(range(n_pages))}
    found = {at: page for at, page in places.items() if 0 <= page < n_pages}
    return found, frozenset(claimed), elsewhere


def _spacing(pixels: ElementTree.Element) -> FileSpacing:
    (x, unit_x), (y, unit_y) = _size_um(pixels, "X"), _size_um(pixels, "Y")
    for value, unit in ((x, unit_x), (y, unit_y)):
        if value is None and unit:
            return FileSpacing(None, f"its OME-XML gives the pixel size in {unit!r}, not a length")
    return is_plausible(x, y)


def _size_um(pixels: ElementTree.Element, axis: str) -> tuple[float | None, str]:
    """PhysicalSize in µm, and the unit where the size is given in one that is no length."""
    text = pixels.get(f"PhysicalSize{axis}")
    unit = pixels.get(f"PhysicalSize{axis}Unit") or "µm"
    try:
        value = float(text or "")
    except ValueError:
        return None, ""
    factor = um_per_unit(unit)
    return (None, unit) if factor is None else (value * factor, "")


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Direct children of that name, in whatever version's namespace."""
    return (child for child in element if child.tag.rpartition("}")[2] == name)


def _whole(element: ElementTree.Element, key: str) -> int | None:
    try:
        return int(element.get(key) or "")
    except ValueError:
        return None
