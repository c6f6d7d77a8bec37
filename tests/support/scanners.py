"""Slides of scanners' own formats, as small as OpenSlide takes them."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from support.slides import RGB, pyramid_of

_SLIDE_ID = "0" * 32
_TILE = 256


def jpeg(array: RGB, quality: int = 95) -> bytes:
    """Without chroma subsampling."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def write_mirax(path: Path, array: RGB, first_tile: tuple[int, int], mpp: float = 0.5) -> Path:
    """A MIRAX slide of two levels: `array` from tile `first_tile` on in a grid of 6 × 4 tiles.

    As scanners write it: the ``.mrxs`` itself is a small JPEG. Bounds are where tiles are.

    Args:
        array: whole tiles of 256 px in an even number, `first_tile` even.
    """
    folder = path.with_suffix("")
    folder.mkdir()
    columns, rows = 6, 4
    data, records = b"", []
    for level, pixels in enumerate(pyramid_of(array, 2)):
        entries = []
        for y in range(pixels.shape[0] // _TILE):
            for x in range(pixels.shape[1] // _TILE):
                tile = jpeg(pixels[y * _TILE : (y + 1) * _TILE, x * _TILE : (x + 1) * _TILE])
                column, row = first_tile[0] + (x << level), first_tile[1] + (y << level)
                entries.append((row * columns + column, len(data), len(tile), 0))
                data += tile
        records.append(entries)
    (folder / "Data0000.dat").write_bytes(data)
    (folder / "Index.dat").write_bytes(_mirax_index(records))
    (folder / "Slidedat.ini").write_text(_mirax_ini(columns, rows, len(records), mpp))
    path.write_bytes(jpeg(np.full((32, 48, 3), 230, np.uint8)))
    return path


def _mirax_index(records: list[list[tuple[int, int, int, int]]]) -> bytes:
    """Level → one page of (tile number, offset, length, file number)."""
    start = 45 + 4 * len(records)
    pointers, pages = [], b""
    for entries in records:
        place = start + len(pages)
        pointers.append(place)
        pages += struct.pack("<ii", 0, place + 8) + struct.pack("<ii", len(entries), 0)
        pages += b"".join(struct.pack("<4i", *entry) for entry in entries)
    head = b"01.02" + _SLIDE_ID.encode() + struct.pack("<ii", 45, start + len(pages))
    return head + struct.pack(f"<{len(pointers)}i", *pointers) + pages + bytes(16)


def _mirax_ini(columns: int, rows: int, levels: int, mpp: float) -> str:
    lines = [
        "[GENERAL]", "SLIDE_VERSION=01.02", f"SLIDE_ID={_SLIDE_ID}", f"IMAGENUMBER_X={columns}",
        f"IMAGENUMBER_Y={rows}", "OBJECTIVE_MAGNIFICATION=20", "CameraImageDivisionsPerSide=1",
        "[HIERARCHICAL]", "HIER_COUNT=1", "NONHIER_COUNT=0", "INDEXFILE=Index.dat",
        "HIER_0_NAME=Slide zoom level", f"HIER_0_COUNT={levels}",
    ]  # fmt: skip
    for level in range(levels):
        lines += [
            f"HIER_0_VAL_{level}=ZoomLevel_{level}",
            f"HIER_0_VAL_{level}_SECTION=LEVEL_{level}_SECTION",
        ]
    for level in range(levels):
        spacing = mpp * 2**level
        lines += [
            f"[LEVEL_{level}_SECTION]", "OVERLAP_X=0", "OVERLAP_Y=0",
            f"MICROMETER_PER_PIXEL_X={spacing}", f"MICROMETER_PER_PIXEL_Y={spacing}",
            "IMAGE_FORMAT=JPEG", "IMAGE_FILL_COLOR_BGR=16777215", f"DIGITIZER_WIDTH={_TILE}",
            f"DIGITIZER_HEIGHT={_TILE}", f"IMAGE_CONCAT_FACTOR={min(level, 1)}",
        ]  # fmt: skip
    return "\n".join([*lines, "[DATAFILE]", "FILE_COUNT=1", "FILE_0=Data0000.dat", ""])


def write_dicom(
    folder: Path,
    array: RGB,
    levels: int = 3,
    mpp: float = 0.5,
    pad: bool = False,
    series: str = "1",
) -> list[Path]:
    """A DICOM series: a file for each level, one for the label; the largest level first.

    Args:
        pad: sizes are whole tiles, as Philips writes them.
    """
    from pydicom.uid import generate_uid

    uids = {
        name: generate_uid(entropy_srcs=[name, series]) for name in ("series", "study", "frame")
    }
    found = []
    for index, pixels in enumerate(pyramid_of(array, levels)):
        path = folder / f"{series}-level{index}.dcm"
        kind = ["ORIGINAL" if index == 0 else "DERIVED", "PRIMARY", "VOLUME"]
        kind.append("NONE" if index == 0 else "RESAMPLED")
        _dicom_file(path, pixels, kind, mpp * 2**index, uids, pad)
        found.append(path)
    label = folder / f"{series}-label.dcm"
    _dicom_file(label, array[:64, :96], ["ORIGINAL", "PRIMARY", "LABEL", "NONE"], mpp, uids, False)
    return [*found, label]


def _dicom_file(
    path: Path, pixels: RGB, kind: list[str], mpp: float, uids: dict[str, Any], pad: bool
) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.sequence import Sequence
    from pydicom.uid import JPEGBaseline8Bit, generate_uid

    height, width = pixels.shape[:2]
    tile = 128
    rows, columns = -(-height // tile), -(-width // tile)
    edges = ((0, rows * tile - height), (0, columns * tile - width), (0, 0))
    whole = np.pad(pixels, edges, constant_values=255)
    frames = [
        jpeg(whole[y : y + tile, x : x + tile])
        for y in range(0, rows * tile, tile)
        for x in range(0, columns * tile, tile)
    ]
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    data.SOPInstanceUID = generate_uid()
    data.SeriesInstanceUID, data.StudyInstanceUID = uids["series"], uids["study"]
    data.FrameOfReferenceUID, data.Modality, data.ImageType = uids["frame"], "SM", kind
    data.Rows = data.Columns = tile
    data.TotalPixelMatrixColumns = columns * tile if pad else width
    data.TotalPixelMatrixRows = rows * tile if pad else height
    data.ImagedVolumeWidth = data.TotalPixelMatrixColumns * mpp / 1000
    data.ImagedVolumeHeight = data.TotalPixelMatrixRows * mpp / 1000
    data.NumberOfFrames = len(frames)
    data.SamplesPerPixel, data.PhotometricInterpretation = 3, "YBR_FULL_422"
    data.PlanarConfiguration, data.BitsAllocated, data.BitsStored = 0, 8, 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.DimensionOrganizationType = "TILED_FULL"
    data.TotalPixelMatrixFocalPlanes = data.NumberOfOpticalPaths = 1
    data.LossyImageCompression = "01"
    path_item = Dataset()
    path_item.OpticalPathIdentifier = "1"
    data.OpticalPathSequence = Sequence([path_item])
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [mpp / 1000, mpp / 1000], 1
    shared.PixelMeasuresSequence = Sequence([measures])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    data.PixelData = encapsulate(frames)
    data["PixelData"].VR = "OB"
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(path, enforce_file_format=True)
