"""FAST's text pipelines (``.fpl``): blocks of lines, an empty line between them.

Format: FAST (Smistad et al.), "FAST text pipelines", fast-imaging.github.io.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WSI = "WSI"
"""Name under which FastPathology hands the slide over."""


@dataclass(frozen=True)
class Block:
    """One process object or renderer.

    Args:
        kind: FAST's name of it.
        name: what other blocks call it.
        inputs: per port the block (its first output) or `WSI`.
        attributes: name and value, as written.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()

    def text(self, what: str) -> str:
        """The lines; `what` is ``ProcessObject`` or ``Renderer``."""
        lines = [f"{what} {self.name} {self.kind}"]
        lines += [f"Attribute {key} {value}" for key, value in self.attributes]
        for port, source in enumerate(self.inputs):
            # A slide that is handed over has no output port.
            lines.append(f"Input {port} {source}" + ("" if source == WSI else " 0"))
        return "\n".join(lines)


@dataclass(frozen=True)
class Pipeline:
    """A whole file.

    Args:
        outputs: what FastPathology saves: name → block.
        classes: names by label, from 0 on.
    """

    name: str
    description: str
    outputs: dict[str, str]
    classes: Sequence[str]
    blocks: Sequence[Block]
    renderers: Sequence[Block]

    def text(self) -> str:
        """The file's content."""
        head = [
            f"PipelineName {_quoted(self.name)}",
            f"PipelineDescription {_quoted(self.description)}",
            f'PipelineInputData {WSI} "Whole-slide image"',
            *(f"PipelineOutputData {name} {block} 0" for name, block in self.outputs.items()),
            f"Attribute classes {_quoted(';'.join(self.classes))}",
        ]
        parts = ["\n".join(head)]
        parts += [block.text("ProcessObject") for block in self.blocks]
        parts += [block.text("Renderer") for block in self.renderers]
        return "\n\n".join(parts) + "\n"


def colours(of: Sequence[tuple[int, tuple[int, int, int]]]) -> str:
    """Number and colour of labels or channels: ``"1" "200;0;0" "2" …``."""
    return " ".join(f'"{number}" "{r};{g};{b}"' for number, (r, g, b) in of)


def _quoted(text: str) -> str:
    """One line in quotes; FAST has no way to write a quote or its own signs within."""
    clean = " ".join(text.replace('"', "'").replace("@@", "@").split())
    return f'"{clean}"'
