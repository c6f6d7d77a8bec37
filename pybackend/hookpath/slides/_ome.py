"""The OME-XML of an image that we write: size, µm/px, names of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_PIXEL_TYPE = {"uint8": "uint8", "uint16": "uint16", "float32": "float"}


def ome_xml(
    size: tuple[int, int],
    spacing_um: float,
    dtype: str,
    channel_names: Sequence[str],
    name: str,
    description: str,
) -> str:
    """OME-XML (schema 2016-06) in plain ASCII; channel c is the file's main page c."""
    root = ElementTree.Element("OME", {"xmlns": _NAMESPACE, "Creator": "hookpath"})
    image = ElementTree.SubElement(root, "Image", ID="Image:0", Name=name)
    if description:
        ElementTree.SubElement(image, "Description").text = description
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
            "SizeC": str(len(channel_names)),
            "SizeZ": "1",
            "SizeT": "1",
            "PhysicalSizeX": repr(spacing_um),
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": repr(spacing_um),
            "PhysicalSizeYUnit": "µm",
        },
    )
    for index, channel in enumerate(channel_names):
        ElementTree.SubElement(
            pixels, "Channel", ID=f"Channel:0:{index}", Name=channel, SamplesPerPixel="1"
        )
    for index in range(len(channel_names)):
        ElementTree.SubElement(
            pixels, "TiffData", IFD=str(index), PlaneCount="1", FirstC=str(index)
        )
    body: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return '<?xml version="1.0" encoding="UTF-8"?>' + body.decode()
