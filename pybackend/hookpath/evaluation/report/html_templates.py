"""Self-contained HTML pages: templates, number formats, and figures put inside the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookpath.atomic_files import make_folder, replace_text, try_file
from hookpath.errors import EvaluationError, write_code
from hookpath.evaluation.plotting.figure_style import shorten, svg_of
from hookpath.safe_names import printable

if TYPE_CHECKING:
    from markupsafe import Markup

    from hookpath.evaluation.class_metrics import Spread
    from hookpath.evaluation.statistics.bootstrap import Interval

#: What stands for a metric that is not defined.
UNDEFINED = "–"


def render(template: str, **values: Any) -> str:
    """Fill a template of ``evaluation/templates``; all text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("hookpath.evaluation.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "figure": figure,
        "percent": percent,
        "count": count,
        "plus_minus": plus_minus,
        "um": um,
        "um_spread": um_spread,
        "bounds": bounds,
        "signed": signed,
        "color": css_color,
        "p_value": p_value,
        "short": shorten,
    }
    return environment.get_template(template).render(**values)


def _shown(value: Any) -> Any:
    """Names without what turns the direction of writing, or is no character of a page."""
    from markupsafe import Markup

    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return printable(value, len(value))


def refuse_unwritable(path: Path) -> None:
    """Say before the work begins that its page could not be written.

    Raises:
        EvaluationError: so it is.
    """
    try:
        try_file(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def save_page(text: str, path: Path) -> None:
    """Write a page so that it is old or new, never half.

    Raises:
        EvaluationError: it cannot be written.
    """
    try:
        make_folder(path.parent)
        replace_text(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f"{path}: cannot be written ({error.strerror}); choose another folder",
        code=write_code(error),
    )


def inline_svg(drawing: Any) -> Markup:
    """A matplotlib figure as an element of the page, as wide as there is room."""
    from markupsafe import Markup

    return Markup(svg_of(drawing))


def figure(value: float | None, digits: int = 3) -> str:
    """``0.873``; – if undefined."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """A share as ``87 %``, below ten with one digit; – if undefined."""
    if value is None or math.isnan(value):
        return UNDEFINED
    if 0 < value < 0.0005 or 0.9995 <= value < 1:  # never rounded to none or all
        return "< 0.1 %" if value < 0.5 else "> 99.9 %"
    digits = 1 if 0 < value < 0.0995 or 0.9905 <= value < 1 else 0
    return f"{100 * value:.{digits}f} %"


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def plus_minus(value: Spread) -> str:
    """``0.87 ± 0.05`` over slides; without the deviation where there is one slide only."""
    if math.isnan(value.std):
        return figure(value.mean)
    return f"{value.mean:.3f} ± {value.std:.3f}"


def um(value: float | None) -> str:
    """A distance in µm with three digits, ``0`` as it is; – if undefined."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def um_spread(value: Spread) -> str:
    """``3.1 ± 0.6`` µm over slides; without the deviation where there is one slide only."""
    return um(value.mean) if math.isnan(value.std) else f"{um(value.mean)} ± {um(value.std)}"


def bounds(value: Interval) -> str:
    """``0.81 … 0.92``; nothing where there is no interval."""
    if math.isnan(value.low):
        return ""
    return f"{_plain(value.low)} … {_plain(value.high)}"


def signed(value: float | None) -> str:
    """A difference with its sign: ``+0.031``."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return _plain(value, "+")


def _plain(value: float, sign: str = "") -> str:
    """Three digits, with a real minus, and none before what rounds to 0."""
    text = f"{value:{sign}.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "−")


def p_value(value: float | None) -> str:
    """``0.031``, or ``< 0.001``."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def css_color(color: Sequence[int] | None) -> str:
    """``rgb(200,30,40)``; grey without a colour."""
    red, green, blue = (int(c) for c in color) if color else (128, 128, 128)
    return f"rgb({red},{green},{blue})"
