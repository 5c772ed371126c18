"""Networks of which a part runs in strips and bands, as the tests of patches need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgec.ir.graph import Graph
from edgec.lower.bands import BandDraft, band_drafts
from edgec.lower.cuts import lives
from edgec.lower.lowering import Kernels
from edgec.lower.program import Program
from edgec.lower.select import RowKernels
from edgec.lower.strips import Region, lower_strips
from edgec.passes.strips import Part, parts, strips
from edgec.targets import load_target
from tests.support.nets import image_net


def longest(graph: Graph) -> Part:
    """The part with the most nodes."""
    return max(parts(graph), key=lambda p: len(p.nodes))


def region(graph: Graph, count: int, target: str = "x86_64", *, epilogues: bool = False) -> Region:
    """The longest part of `graph` in `count` strips, lowered with tuned kernels."""
    found = strips(graph, longest(graph), count)
    assert found is not None
    rows = RowKernels(found.graph, load_target(target).features, epilogues=epilogues)
    return lower_strips(found, Kernels(rows.applies, rows.select, rows.joined))


def drafts(found: Region, granules: tuple[int, ...] = (1, 2, 3, 5)) -> Iterator[BandDraft]:
    """The region in bands."""
    yield from band_drafts(found, lives(found.program), granules)


def patched(draft: BandDraft) -> Program:
    """The program, named "model", with its region in bands."""
    program = draft.region.program
    stream, steps = draft.stream(draft.first)
    everything = (*program.steps[: draft.first], *steps, *program.steps[draft.stop :])
    return replace(program, name="model", steps=everything, streams=(stream,))


def patched_net(seed: int = 0, count: int = 2, granule: int = 2) -> Program:
    """A random net on an image in patches."""
    found = region(image_net(seed, height=13, width=11), count)
    return patched(next(drafts(found, (granule,))))
