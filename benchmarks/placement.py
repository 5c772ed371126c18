"""Measures placement: the public MiniMalloc instances, and 1,000 random ones like models.

`python -m benchmarks.placement [FOLDER]` prints both as tables; FOLDER holds the files A to K
(`A.1048576.csv`: the capacity is in the name). Seconds are of this process's CPU time, so they
do not depend on what else runs; the work itself is counted in nodes of the search.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.shared import ROOT
from edgec.plan.exchange import read_instance
from edgec.plan.pack import pack, pack_within
from edgec.plan.rects import Packing, Rect, height_of, overlaps

INSTANCES = ROOT.parent / "shared" / "minimalloc"
COUNT = 1000


@dataclass
class _Net:
    """A network that is being drawn: when each tensor lives, and how large it is."""

    rng: Random
    align: int
    steps: int = 0
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)

    def tensor(self, size: int) -> int:
        """A tensor that is made by the step to come."""
        self.first.append(self.steps)
        self.last.append(self.steps)
        self.size.append(size)
        return len(self.size) - 1

    def step(self, reads: list[int], size: int, *, scratch: int = 0) -> int:
        """An operator with a result of its own and maybe scratch memory."""
        made = self.tensor(size)
        if scratch:
            self.tensor(scratch)
        for read in reads:
            self.last[read] = self.steps
        self.steps += 1
        return made

    def in_place(self, target: int, reads: list[int]) -> int:
        """An operator that overwrites `target`."""
        for read in (target, *reads):
            self.last[read] = self.steps
        self.steps += 1
        return target

    def rects(self) -> list[Rect]:
        """The tensors as rectangles."""
        rows = zip(self.first, self.last, self.size, strict=True)
        return [Rect(i, a, b + 1, s, self.align) for i, (a, b, s) in enumerate(rows)]


def _bytes(side: int, channels: int) -> int:
    return side * side * channels


def _chain(net: _Net, x: int, side: int, channels: int) -> int:
    for _ in range(net.rng.randint(1, 3)):
        scratch = net.rng.choice((0, 0, 2 * 9 * channels))
        x = net.step([x], _bytes(side, channels), scratch=scratch)
        if net.rng.random() < 0.4:
            x = net.in_place(x, [])
    return x


def _residual(net: _Net, x: int, side: int, channels: int) -> int:
    wide = net.rng.choice((1, 2, 4, 6))
    y = net.step([x], _bytes(side, wide * channels))
    y = net.in_place(y, []) if net.rng.random() < 0.5 else net.step([y], net.size[y])
    y = net.step([y], _bytes(side, channels))
    if net.size[x] != net.size[y]:
        x = net.step([x], net.size[y])
    return net.in_place(x, [y]) if net.rng.random() < 0.7 else net.step([x, y], net.size[y])


def _branches(net: _Net, x: int, side: int, channels: int) -> int:
    ends = []
    for _ in range(net.rng.randint(2, 4)):
        width = max(1, channels // net.rng.choice((1, 2, 4)))
        y = net.step([x], _bytes(side, width))
        for _ in range(net.rng.randint(0, 2)):
            y = net.step([y], _bytes(side, net.rng.choice((width, 2 * width))))
        ends.append(y)
    return net.step(ends, sum(net.size[y] for y in ends))


def model_like(seed: int) -> list[Rect]:
    """The tensors of a random network: chains, residual blocks, branches, long skips, scratch."""
    rng = Random(seed)
    net = _Net(rng, rng.choice((1, 4, 8, 16)))
    side = rng.choice((8, 12, 24, 32, 48, 49, 96))
    channels = rng.choice((4, 8, 10, 16, 24))
    x = net.tensor(_bytes(side, rng.choice((1, 3))))
    skips: list[int] = []
    for _ in range(rng.randint(2, 5)):
        x = net.step([x], _bytes(side, channels))
        for _ in range(rng.randint(1, 3)):
            x = rng.choice((_chain, _residual, _branches))(net, x, side, channels)
        if rng.random() < 0.3:
            skips.append(x)
        if side > 3:
            side, channels = (side + 1) // 2, rng.choice((channels, 2 * channels))
    while skips:
        skip = skips.pop()
        x = net.step([x], net.size[skip])
        x = net.step([x, skip], net.size[skip] * 2)
    net.step([net.step([x], max(1, channels))], 10)
    return net.rects()


@dataclass(frozen=True)
class Timed:
    """A packing and the seconds of CPU time it took."""

    rects: int
    packing: Packing
    seconds: float


def pack_model(seed: int) -> Timed:
    """Pack one random instance and check the result."""
    rects = model_like(seed)
    start = time.process_time()
    packing = pack(rects)
    seconds = time.process_time() - start
    assert not overlaps(rects, packing.offsets)
    assert all(o % r.align == 0 for o, r in zip(packing.offsets, rects, strict=True))
    return Timed(len(rects), packing, seconds)


def _public(folder: Path) -> None:
    total = 0.0
    solved = 0
    paths = sorted(folder.glob("*.csv"))
    print("instance  buffers   capacity     height    nodes  seconds")
    for path in paths:
        rects = read_instance(path).rects
        capacity = int(path.stem.rpartition(".")[2])
        start = time.process_time()
        outcome = pack_within(rects, capacity)
        seconds = time.process_time() - start
        offsets = outcome.offsets
        total += seconds
        fits = offsets is not None and not overlaps(rects, offsets)
        solved += fits
        height = f"{height_of(rects, offsets):,}" if offsets is not None and fits else "-"
        name = path.stem.partition(".")[0]
        row = f"{name:8}  {len(rects):7}  {capacity:9,}  {height:>9}"
        print(f"{row}  {outcome.nodes:7,}  {seconds:7.1f}", flush=True)
    print(f"{solved} of {len(paths)} fit; {total:.1f} s of CPU time on one core\n")


def _models(count: int) -> None:
    timed = [pack_model(seed) for seed in range(count)]
    seconds = sorted(t.seconds for t in timed)
    proven = [t for t in timed if t.packing.optimal]
    above = [t for t in timed if t.packing.height > t.packing.lower_bound]
    print(f"{count:,} random instances like models")
    sizes = [t.rects for t in timed]
    print(f"  buffers         median {median(sizes):.0f}, most {max(sizes)}")
    print(f"  proven optimal  {len(proven)}")
    for t in above:
        gap = 100 * (t.packing.height / t.packing.lower_bound - 1)
        print(f"  not proven: {t.rects} buffers, gap at most {gap:.2f} %")
    print(f"  milliseconds    median {1e3 * median(seconds):.1f}, most {1e3 * seconds[-1]:.0f}")
    greedy = sum(t.packing.solver.startswith("greedy") for t in timed)
    print(f"  settled by      greedy {greedy}, search {count - greedy}")


def main() -> None:
    """Print both tables."""
    _public(Path(sys.argv[1]) if len(sys.argv) > 1 else INSTANCES)
    _models(COUNT)


if __name__ == "__main__":
    main()
