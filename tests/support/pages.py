"""Looking at HTML pages without a browser."""

from __future__ import annotations

from html.parser import HTMLParser

#: Attributes by which a page fetches something when it is shown.
_FETCHING = {"src", "srcset", "data", "poster", "action", "background"}


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            linked = name in ("href", "xlink:href") and tag not in ("a",)
            if (name in _FETCHING or linked) and value:
                self.fetched.append(value)


def outside_addresses(page: str) -> list[str]:
    """What the page would fetch from elsewhere when it is opened."""
    parser = _Addresses()
    parser.feed(page)
    outside = [a for a in parser.fetched if not a.startswith(("data:", "#"))]
    return outside + (["@import"] if "@import" in page else [])


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


def text_of(page: str) -> str:
    """What a reader of the page sees, words with single spaces between."""
    parser = _Text()
    parser.feed(page)
    return " ".join(parser.words)
