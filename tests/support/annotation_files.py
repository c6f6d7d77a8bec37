"""Annotation files of other programs, written by hand from the formats' descriptions."""

from __future__ import annotations

from pathlib import Path

#: A square with a hole, a turned-round spline, a dot, and a rectangle without a group.
ASAP = """<?xml version="1.0"?>
<ASAP_Annotations>
	<Annotations>
		<Annotation Name="big &amp; square" Type="Polygon" PartOfGroup="Tumor" Color="#F4FA58">
			<Coordinates>
				<Coordinate Order="0" X="10" Y="20" />
				<Coordinate Order="2" X="110" Y="120" />
				<Coordinate Order="1" X="110" Y="20" />
				<Coordinate Order="3" X="10" Y="120.0" />
			</Coordinates>
		</Annotation>
		<Annotation Name="hole" Type="Polygon" PartOfGroup="Exclusion" Color="#F4FA58">
			<Coordinates>
				<Coordinate Order="0" X="30" Y="40" />
				<Coordinate Order="1" X="50" Y="40" />
				<Coordinate Order="2" X="50" Y="60" />
				<Coordinate Order="3" X="30" Y="60" />
			</Coordinates>
		</Annotation>
		<Annotation Name="island" Type="Spline" PartOfGroup="Stroma" Color="#F4FA58">
			<Coordinates>
				<Coordinate Order="0" X="35" Y="45" />
				<Coordinate Order="1" X="45" Y="45" />
				<Coordinate Order="2" X="45" Y="55" />
			</Coordinates>
		</Annotation>
		<Annotation Name="" Type="Dot" PartOfGroup="Stroma" Color="#F4FA58">
			<Coordinates><Coordinate Order="0" X="7.5" Y="8.25" /></Coordinates>
		</Annotation>
		<Annotation Name="free" Type="Rectangle" PartOfGroup="None" Color="#102030">
			<Coordinates>
				<Coordinate Order="0" X="200" Y="0" />
				<Coordinate Order="1" X="210" Y="0" />
				<Coordinate Order="2" X="210" Y="30" />
				<Coordinate Order="3" X="200" Y="30" />
			</Coordinates>
		</Annotation>
		<Annotation Name="slip" Type="Polygon" PartOfGroup="Tumor" Color="#F4FA58">
			<Coordinates><Coordinate Order="0" X="1" Y="1" /></Coordinates>
		</Annotation>
	</Annotations>
	<AnnotationGroups>
		<Group Name="Tumor" PartOfGroup="None" Color="#ff8000"><Attributes /></Group>
		<Group Name="Stroma" PartOfGroup="None" Color="#00ff00"><Attributes /></Group>
		<Group Name="Exclusion" PartOfGroup="None" Color="#000000"><Attributes /></Group>
	</AnnotationGroups>
</ASAP_Annotations>
"""

#: Two layers; the first with a negative region, the second with an ellipse and a rectangle.
IMAGESCOPE = """<?xml version="1.0" encoding="UTF-8"?>
<Annotations MicronsPerPixel="0.2520">
 <Annotation Id="1" Name="Tumor" ReadOnly="0" Type="4" LineColor="33023" Visible="1">
  <Attributes><Attribute Name="Description" Id="0" Value="" /></Attributes>
  <Regions>
   <RegionAttributeHeaders>
    <AttributeHeader Id="9999" Name="Region" ColumnWidth="-1" />
    <AttributeHeader Id="1" Name="Grade" ColumnWidth="-1" />
   </RegionAttributeHeaders>
   <Region Id="1" Type="0" Text="first" NegativeROA="0" InputRegionId="0" DisplayId="1">
    <Attributes><Attribute Name="1" Id="0" Value="high" /></Attributes>
    <Vertices>
     <Vertex X="10" Y="20" Z="0" /><Vertex X="110" Y="20" Z="0" />
     <Vertex X="110" Y="120" Z="0" /><Vertex X="10" Y="120" Z="0" /><Vertex X="10" Y="20" Z="0" />
    </Vertices>
   </Region>
   <Region Id="2" Type="0" Text="" NegativeROA="1" InputRegionId="0" DisplayId="2">
    <Attributes />
    <Vertices>
     <Vertex X="30" Y="40" Z="0" /><Vertex X="50" Y="40" Z="0" />
     <Vertex X="50" Y="60" Z="0" /><Vertex X="30" Y="60" Z="0" />
    </Vertices>
   </Region>
  </Regions>
  <Plots />
 </Annotation>
 <Annotation Id="2" Name="" Type="4" LineColor="65280" Visible="1">
  <Attributes><Attribute Name="Description" Id="0" Value="Stroma" /></Attributes>
  <Regions>
   <Region Id="1" Type="2" Text="" NegativeROA="0">
    <Vertices><Vertex X="100" Y="0" Z="0" /><Vertex X="300" Y="80" Z="0" /></Vertices>
   </Region>
   <Region Id="2" Type="1" Text="" NegativeROA="0">
    <Vertices>
     <Vertex X="0" Y="0" Z="0" /><Vertex X="8" Y="0" Z="0" />
     <Vertex X="8" Y="5" Z="0" /><Vertex X="0" Y="5" Z="0" />
    </Vertices>
   </Region>
   <Region Id="3" Type="4" Text="long" NegativeROA="0">
    <Vertices><Vertex X="0" Y="0" Z="0" /><Vertex X="3" Y="4" Z="0" /></Vertices>
   </Region>
  </Regions>
 </Annotation>
</Annotations>
"""

#: A few lines that would become gigabytes.
BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]>
<ASAP_Annotations>&b;</ASAP_Annotations>
"""


def write_text(path: Path, text: str) -> Path:
    """The file, written."""
    path.write_text(text, encoding="utf-8")
    return path


def halo_region(
    kind: str, *points: tuple[float, float], negative: int = 0, comment: str = ""
) -> str:
    """A region as HALO writes it."""
    vertices = "".join(f'<V X="{x}" Y="{y}" />' for x, y in points)
    comments = f'<Comment Author="a" Body="{comment}" />' if comment else ""
    return (
        f'<Region Type="{kind}" HasEndcaps="0" NegativeROA="{negative}">'
        f"<Vertices>{vertices}</Vertices><Comments>{comments}</Comments></Region>"
    )


def halo_file(path: Path, *regions: str, name: str = "Tumor") -> Path:
    """One yellow layer."""
    return write_text(
        path,
        f'<?xml version="1.0"?>\n<Annotations><Annotation LineColor="65535" Name="{name}" '
        f'Visible="True"><Regions>{"".join(regions)}</Regions></Annotation></Annotations>',
    )
