"""JSON with something else in one place: what a person's editor or a stranger makes of a file."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

#: Values that JSON can have, the usual and the unusual.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=True)
    | st.text(max_size=12)
    | st.sampled_from(["", "0", "nan", "../..", "\x1b[31m", "1e999", "ä" * 2000]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within a value, itself first."""
    found = [above]
    if isinstance(value, (dict, list)):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in inside:
            found += places(member, (*above, key))
    return found


@st.composite
def mutated(draw: st.DrawFn, value: Any, most: int = 2) -> Any:
    """A copy in which one or two values are others, are gone, or have a new neighbour."""
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, most))):
        way = draw(st.sampled_from(places(changed)))
        if not way:
            return draw(VALUES)
        holder = changed
        for key in way[:-1]:
            holder = holder[key]
        how = draw(st.sampled_from(["other", "other", "other", "gone", "more"]))
        if how == "other":
            holder[way[-1]] = draw(VALUES)
        elif how == "gone":
            del holder[way[-1]]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = draw(VALUES)
        else:
            holder.append(draw(VALUES))
    return changed
