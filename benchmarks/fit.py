"""Fits what kernels cost: python -m benchmarks.fit [--target T ...] [--row R ...] [--write].

Runs every row that a target has on a fixed set of layers (odd sizes included), counts the
instructions exactly under QEMU, and fits how many each part of the row's work takes: non-negative
least squares of the relative error. Prints how far the fitted costs are off, also for layers that
were not fitted to. --write keeps the costs in edgec/kernels/costs, where the choice between rows
finds them, and the measurements in benchmarks/measured, which a test holds the costs to.

On x86 too it is instructions that are fitted (under qemu-x86_64): time is not the same twice.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.counting import Call, calls_for, count_calls
from benchmarks.layers import facts_of, layers, more_layers, parse
from benchmarks.shared import ROOT
from edgec.kernels.costs import FOLDER, SCALE, Costs, Part, family_of, load_costs, own_estimate
from edgec.kernels.facts import F32, Facts
from edgec.kernels.registry import AnyRow, all_rows
from edgec.targets import load_target

F64 = npt.NDArray[np.float64]

TARGETS = (
    *("cortex-m4", "cortex-m55", "cortex-m3", "cortex-m0", "riscv32imac", "riscv64gc"),
    *("riscv64gcv", "riscv32gcv", "x86_64-v3"),
)
MEASURED = ROOT / "benchmarks" / "measured"
FIT_SEED, CHECK_SEED = 1, 2
FIT_LAYERS, CHECK_LAYERS = 60, 20
FEWEST = 28  # layers that each row is fitted to, if so many are found
TRIES = 4000
OVERHEAD = 200.0  # instructions; errors of smaller layers count less


@dataclass(frozen=True)
class Measurement:
    """What a call was measured to take."""

    call: Call
    instructions: int

    @property
    def parts(self) -> tuple[Part, ...]:
        return parts_of(self.call.row, facts_of(self.call.layer))


@dataclass(frozen=True)
class Fit:
    """The fitted numbers of a row, and relative errors: of the fit, and of layers kept out."""

    row: str
    each: Mapping[str, float]
    fitted: F64
    checked: F64
    before: F64


def parts_of(row: AnyRow, facts: Facts) -> tuple[Part, ...]:
    """The parts of a row's work on a layer that it computes."""
    return row.parts(facts)  # type: ignore[arg-type]


def nonnegative(a: F64, b: F64) -> F64:
    """The x >= 0 of least |a x - b|: Lawson and Hanson, Solving Least Squares Problems, ch. 23."""
    count = a.shape[1]
    x, free = np.zeros(count), np.zeros(count, bool)
    limit = 1e-10 * float(np.abs(a).max(initial=1e-30)) * float(np.abs(b).sum())
    for _ in range(10 * count):
        slope = a.T @ (b - a @ x)
        slope[free] = -np.inf
        if free.all() or slope.max() <= limit:
            break
        free[int(slope.argmax())] = True
        while True:
            z = np.zeros(count)
            z[free] = np.linalg.lstsq(a[:, free], b, rcond=None)[0]
            below = free & (z <= 0)
            if not below.any():
                break
            step = float((x[below] / np.maximum(x[below] - z[below], 1e-30)).min())
            x = x + step * (z - x)
            free &= x > 1e-12 * max(1.0, float(x.max()))
            x[~free] = 0.0
        x = z
    return x


def fit_parts(samples: Sequence[tuple[Part, ...]], counted: Sequence[float]) -> dict[str, float]:
    """Instructions of each part that explain the counted ones best, relatively."""
    names = [part.name for part in samples[0]]
    times = np.array([[part.times for part in parts] for parts in samples], np.float64)
    y = np.asarray(counted, np.float64)
    scale = np.maximum(times.max(axis=0), 1e-9)
    weight = 1.0 / (y + OVERHEAD)
    found = nonnegative(times / scale * weight[:, None], y * weight) / scale
    return {name: float(f"{value:.4g}") for name, value in zip(names, found, strict=True)}


def errors(row: str, each: Mapping[str, float], measured: Sequence[Measurement]) -> F64:
    """(expected - counted) / counted of measured layers."""
    costs = Costs(rows={row: each})
    expected = [costs.instructions(row, m.parts) for m in measured]
    counted = np.array([m.instructions for m in measured], np.float64)
    return np.asarray((np.array(expected) - counted) / np.maximum(counted, 1), np.float64)


def fit_row(row: str, measured: Sequence[Measurement], kept: Sequence[Measurement]) -> Fit:
    """Fit a row to `measured` and check it with `kept`."""
    each = fit_parts([m.parts for m in measured], [m.instructions for m in measured])
    own = np.array([own_estimate(m.parts) / m.instructions - 1.0 for m in measured])
    return Fit(row, each, errors(row, each, measured), errors(row, each, kept), own)


# measuring ---------------------------------------------------------------------------------


def sample_calls(
    target: str, names: Sequence[str], seed: int, convs: int, fewest: int
) -> list[Call]:
    """Calls of the rows that a target has (of `names` only, if there are any)."""
    features = load_target(target).features
    floats = "fpu" in features
    rows = [r for r in all_rows() if r.needs <= features and not r.fitted]
    rows = [r for r in rows if floats or r.types != F32]
    rows = [r for r in rows if not names or r.name in names]
    calls = list(calls_for(list(layers(seed, convs, floats)), rows, features))
    for row in rows:
        missing = fewest - sum(call.row is row for call in calls)
        own_seed = seed + zlib.crc32(row.name.encode())
        for layer in more_layers(own_seed, row.op, row.types == F32, TRIES):
            if missing <= 0:
                break
            found = list(calls_for([layer], [row], features))
            calls += found
            missing -= len(found)
    return calls


def measure(target: str, calls: Sequence[Call]) -> list[Measurement]:
    """Count the instructions of calls."""
    counts = count_calls(target, calls)
    return [Measurement(c, n) for c, n in zip(calls, counts, strict=True)]


def by_row(measured: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    """Measurements by the names of their rows, sorted."""
    found: dict[str, list[Measurement]] = {}
    for m in measured:
        found.setdefault(m.call.row.name, []).append(m)
    return dict(sorted(found.items()))


# files -------------------------------------------------------------------------------------


def costs_text(target: str, scale: float, rows: Mapping[str, Mapping[str, float]]) -> str:
    """A file of edgec/kernels/costs."""
    lines = [
        "# Instructions of each part of a kernel's work: edgec/kernels/costs.py.",
        f"# Written by: python -m benchmarks.fit --target {target} --write",
        "",
        "# Own estimates of rows that are not in this file count so much more.",
        f"[{SCALE}]",
        f"scale = {scale:.3g}",
    ]
    for row in sorted(rows):
        lines += ["", f"[{row}]"]
        lines += [f'"{part}" = {each:.4g}' for part, each in rows[row].items()]
    return "\n".join(lines) + "\n"


def measured_path(family: str) -> Path:
    """The file of measured layers that were kept out of the fit."""
    return MEASURED / f"{family}.txt"


def read_measured(path: Path) -> list[Measurement]:
    """What `measured_text` wrote, of rows that there still are."""
    rows = {row.name: row for row in all_rows()}
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name, count, layer = line.split(maxsplit=2)
        if name in rows:
            found.append(Measurement(Call(rows[name], parse(layer)), int(count)))
    return found


def measured_text(measured: Sequence[Measurement]) -> str:
    """One measurement a line: row, instructions, layer."""
    lines = [f"{m.call.row.name} {m.instructions} {m.call.layer}" for m in measured]
    return "\n".join(sorted(lines)) + "\n"


def write(target: str, fits: Sequence[Fit], kept: Sequence[Measurement], whole: bool) -> None:
    """Replace the costs and measurements of the fitted rows, or (`whole`) the files."""
    family = family_of(load_target(target).features)
    load_costs.cache_clear()
    old, path = load_costs(family), measured_path(family)
    by_hand = {row.name for row in all_rows() if row.fitted}
    rows = {name: each for name, each in old.rows.items() if not whole or name in by_hand}
    rows.update({fit.row: fit.each for fit in fits})
    scale = old.scale
    if whole:
        scale = float(np.median(np.concatenate([1 / (1 + fit.before) for fit in fits])))
    known = {row.name for row in all_rows()}
    rows = {name: each for name, each in rows.items() if name in known}
    (FOLDER / f"{family}.toml").write_text(costs_text(target, scale, rows), encoding="utf-8")
    others = [] if whole or not path.exists() else read_measured(path)
    fresh = {fit.row for fit in fits}
    others = [m for m in others if m.call.row.name not in fresh]
    path.parent.mkdir(exist_ok=True)
    path.write_text(measured_text([*others, *kept]), encoding="utf-8")


# command -----------------------------------------------------------------------------------


def percent(values: F64) -> str:
    """Median and worst size of relative errors."""
    if not values.size:
        return "     -      -"
    size = 100 * np.abs(values)
    return f"{float(np.median(size)):5.1f}% {float(size.max()):5.0f}%"


def print_worst(fit: Fit, used: Sequence[Measurement], kept: Sequence[Measurement], n: int) -> None:
    """The layers whose instructions the parts explain worst, of both sets."""
    size = np.concatenate([fit.fitted, fit.checked])
    samples = [*used, *kept]
    for k in sorted(range(len(samples)), key=lambda k: -abs(float(size[k])))[:n]:
        m = samples[k]
        print(f"      {100 * size[k]:+5.0f}% of {m.instructions:8} {m.call.layer}")
    if n:
        print("     ", ", ".join(f"{name} {each:.4g}" for name, each in fit.each.items()))


def fit_target(
    target: str, names: Sequence[str], worst: int = 0
) -> tuple[list[Fit], list[Measurement]]:
    """Measure and fit the rows of a target; the measurements are those kept out."""
    calls = sample_calls(target, names, FIT_SEED, FIT_LAYERS, FEWEST)
    others = sample_calls(target, names, CHECK_SEED, CHECK_LAYERS, FEWEST // 4)
    measured = measure(target, [*calls, *others])
    used, kept = by_row(measured[: len(calls)]), by_row(measured[len(calls) :])
    fits = []
    print(f"{target}: {len(measured)} calls; error of own estimate, fit, layers kept out")
    for name, samples in used.items():
        fit = fit_row(name, samples, kept.get(name, []))
        fits.append(fit)
        print(
            f"  {name:30} {len(samples):4} {percent(fit.before)} {percent(fit.fitted)} "
            f"{percent(fit.checked)}",
            flush=True,
        )
        print_worst(fit, samples, kept.get(name, []), worst)
    return fits, measured[len(calls) :]


def main() -> int:
    """Fit the targets; 2 for a row that there is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", nargs="+", default=list(TARGETS), metavar="T")
    parser.add_argument("--row", nargs="+", default=[], metavar="R", help="only these rows")
    parser.add_argument("--write", action="store_true", help="keep the fitted costs")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list worst layers")
    options = parser.parse_args()
    unknown = set(options.row) - {row.name for row in all_rows()}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    for target in options.target:
        fits, kept = fit_target(target, options.row, options.worst)
        if options.write and fits:
            write(target, fits, kept, not options.row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
