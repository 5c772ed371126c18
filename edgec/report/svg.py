"""Pictures as SVG text: self-contained, without scripts, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from edgec.diagnostics import safe_text
from edgec.text_file import write_text

FONT = "font-family='sans-serif' font-size='12'"
INK, GRID, PAPER = "#333333", "#dddddd", "#ffffff"


def text(
    x: float, y: float, words: str, *, anchor: str = "start", limit: int = 80, kind: str = ""
) -> str:
    """One line of text with its baseline at (x, y), cut to `limit` characters.

    kind: its class, for the style sheet of a page that holds the picture.
    """
    known = f' class="{kind}"' if kind else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}"{known}>'
        f"{escape(safe_text(words, limit))}</text>"
    )


def title(words: str) -> str:
    """What is shown while the pointer rests on the element that holds it."""
    return f"<title>{escape(safe_text(words, 200))}</title>"


def line(x0: float, y0: float, x1: float, y1: float, colour: str = GRID) -> str:
    """A thin straight line."""
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{colour}"/>'


def document(width: int, height: int, name: str, parts: Iterable[str]) -> str:
    """The file: `parts` on white paper; `name` is its title."""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' {FONT}>".replace("'", '"')
    paper = f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
    return "\n".join([head, title(name), paper, *parts, "</svg>"]) + "\n"


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` and one: steps of 1, 2 or 5 tens."""
    step, factors = 1e-9, (2.0, 2.5, 2.0)
    turn = 0
    while (high - low) / step > most:
        step *= factors[turn % 3]
        turn += 1
    first = -(-low // step)
    count = int((high - first * step) / step + 1e-6) + 1
    return [(first + k) * step for k in range(count)]


def write(path: Path, picture: str) -> None:
    """Write a picture. E0015 if that is not possible."""
    help = "name another file, in a folder that exists"
    write_text(path, picture, code="E0015", what="the picture", help=help)
