"""The OME-XML of an image that we write: size, µm/px, names of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from hookpath.safe_names import printable

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
RGB = tuple[int, int, int]
_PIXEL_TYPE = {"uint8": "uint8", "uint16": "uint16", "float32": "float"}


def ome_xml(
    size: tuple[int, int],
    spacing_um: float,
    dtype: str,
    channels: Sequence[tuple[str, RGB | None]],
    name: str,
    description: str,
) -> str:
    """OME-XML (schema 2016-06); channel c is the file's main page c.

    XML has no control characters, not even escaped: names are written as `printable`.

    Args:
        channels: name and colour (None: the viewer's choice) of each.
    """
    root = ElementTree.Element("OME", {"xmlns": _NAMESPACE, "Creator": "hookpath"})
    image = ElementTree.SubElement(root, "Image", ID="Image:0", Name=printable(name))
    if description:
        ElementTree.SubElement(image, "Description").text = printable(description)
    pixels = ElementTree.SubElement(
        image,
        "Pixels",
        {
            "ID": "Pixels:0",
            "DimensionOrder": "XYCZT",
            "Type": _PIXEL_TYPE[dtype],
            "BigEndian": "false",
            "SizeX": str(size[0]),
            "SizeY": str(size[1]),
            "SizeC": str(len(channels)),
            "SizeZ": "1",
            "SizeT": "1",
            "PhysicalSizeX": repr(spacing_um),
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": repr(spacing_um),
            "PhysicalSizeYUnit": "µm",
        },
    )
    for index, (channel, color) in enumerate(channels):
        found = {"ID": f"Channel:0:{index}", "Name": printable(channel), "SamplesPerPixel": "1"}
        if color is not None:
            found["Color"] = str(_signed_rgba(color))
        ElementTree.SubElement(pixels, "Channel", found)
    for index in range(len(channels)):
        ElementTree.SubElement(
            pixels, "TiffData", IFD=str(index), PlaneCount="1", FirstC=str(index)
        )
    # UTF-8 and no "&#181;": Bio-Formats drops character references and then knows no unit "m".
    body: str = ElementTree.tostring(root, encoding="unicode")
    return '<?xml version="1.0" encoding="UTF-8"?>' + body


def _signed_rgba(color: RGB) -> int:
    """Red, green, blue, opaque as the bytes of a signed 32-bit integer (OME's Color)."""
    return int.from_bytes(bytes((*color, 255)), "big", signed=True)
