"""What kernels cost: named parts of a row's work, and how many instructions each one takes.

A row says how often it does what (`Part`). How much that takes on a core is fitted from measured
instructions by `python -m benchmarks.fit`, which writes `costs/FAMILY.toml`: one table per row
with the instructions of each of its parts. On cores without a file, and for rows that are not in
it, the parts count as much as the row itself says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from edgec.kernels.facts import RowsFacts
from edgec.toml_reader import read_toml

FOLDER = Path(__file__).parent / "costs"
SCALE = "unfitted"  # table of a file: what the own estimates of rows are multiplied by


@dataclass(frozen=True)
class Part:
    """A kernel does something `times` times, at about `each` instructions: 0 if only fitted."""

    name: str
    times: float
    each: float = 1.0


Parts = tuple[Part, ...]


def row_parts(
    f: RowsFacts, row: float, vectors: tuple[int, float] | None = None, element: float | None = None
) -> Parts:
    """The parts of work on rows: a call, and each row with `row` instructions for all of it.

    vectors: lanes, and the instructions of a vector; the elements that fill none take `element`
    each, or one vector more for all of them if that is None.
    """
    parts = [Part("call", 1, 20), Part("rows", f.rows, row)]
    left = f.length
    if vectors is not None:
        lanes, vector = vectors
        count, left = divmod(left, lanes)
        part_of_one = element is None and left > 0
        parts.append(Part("vectors", f.rows * (count + part_of_one), vector))
    if element is not None:
        parts.append(Part("elements", f.rows * left, element))
    return tuple(parts)


# Cores that share fitted costs, the most special first, and the features that tell them.
FAMILIES = (
    ("mve", frozenset({"mve"})),
    ("dsp", frozenset({"dsp"})),
    ("armv7m", frozenset({"armv7m"})),
    ("armv6m", frozenset({"armv6m"})),
    ("rv32v", frozenset({"rv32", "rvv"})),
    ("rv64v", frozenset({"rv64", "rvv"})),
    ("rv32", frozenset({"rv32"})),
    ("rv64", frozenset({"rv64"})),
    ("avx512", frozenset({"avx512vnni"})),
    ("avxvnni", frozenset({"avxvnni"})),
    ("avx2", frozenset({"avx2"})),
)


@dataclass(frozen=True)
class Costs:
    """Instructions per part of each row on one family of cores.

    `scale` is what own estimates of rows count for, so that they compare with fitted ones.
    """

    family: str = ""
    scale: float = 1.0
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def instructions(self, row: str, parts: Parts) -> float:
        """Estimated instructions of `row`, by its own numbers where there are no fitted ones."""
        fitted = self.rows.get(row)
        if fitted is None or any(part.name not in fitted for part in parts):
            return self.scale * own_estimate(parts)
        return sum(part.times * fitted[part.name] for part in parts)

    def each(self, row: str, part: str, own: float) -> float:
        """Instructions of one part of `row`, `own` if they are not in the file."""
        return self.rows.get(row, {}).get(part, own)


def own_estimate(parts: Parts) -> float:
    """What the row itself expects."""
    return sum(part.times * part.each for part in parts)


def family_of(features: frozenset[str]) -> str:
    """The family of a core with `features`, "" if none."""
    return next((name for name, needs in FAMILIES if needs <= features), "")


@cache
def load_costs(family: str) -> Costs:
    """The fitted costs of a family. Raises E0012 for a file that the command has not written."""
    path = FOLDER / f"{family}.toml"
    if not path.is_file():
        return Costs(family)
    top = read_toml(path)
    rows = {row: top.table(row).numbers() for row in top.values}
    scale = rows.pop(SCALE, {}).get("scale", 1.0)
    return Costs(family, scale, rows)


def costs_for(features: frozenset[str]) -> Costs:
    """The fitted costs of a core with `features`."""
    return load_costs(family_of(features))
