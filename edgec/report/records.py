"""What the verbs find out, as data: `text` and `jsonout` render it, the driver fills it in.

All sizes are bytes, all instruction and cycle counts are for one inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgec.plan.placing import RegionUse as RegionUse
from edgec.verify.match import LayerDifference as LayerDifference
from edgec.verify.match import OutputMatch as OutputMatch
from edgec.verify.match import RunMatch as RunMatch


@dataclass(frozen=True)
class MemoryUse:
    """RAM of one inference. `weights`: those that are copied to RAM."""

    arena: int
    static: int = 0
    stack_bound: int | None = None  # from gcc's call graph; None if that tells none
    stack_painted: int | None = None  # measured under QEMU; None when nothing ran
    capacity: int | None = None  # of the budget or the board; None when there is neither
    weights: int = 0

    @property
    def stack(self) -> int:
        """The measured stack if there is one, else its bound, else 0."""
        if self.stack_painted is not None:
            return self.stack_painted
        return self.stack_bound or 0

    @property
    def total(self) -> int:
        return self.arena + self.static + self.stack + self.weights

    @property
    def fits(self) -> bool:
        return self.capacity is None or self.total <= self.capacity


@dataclass(frozen=True)
class FlashUse:
    """Flash of the model: its constants, its own code, and the kernels and helpers it calls.

    `measured` is False before the model is linked for a board. `code` then is all of it, as the
    compiler made it by itself, or 0 where nothing was compiled.
    """

    weights: int
    code: int = 0
    kernels: int = 0
    capacity: int | None = None
    measured: bool = False

    @property
    def total(self) -> int:
        return self.weights + self.code + self.kernels

    @property
    def fits(self) -> bool:
        return self.capacity is None or self.total <= self.capacity


@dataclass(frozen=True)
class LayerRow:
    """One step of the compiled model, in execution order."""

    name: str
    op: str
    kernel: str  # a tuned kernel's name, or "loops"
    macs: int
    output: str  # type of the result, "s8[1,25,5,64]"
    live_bytes: int = 0  # arena bytes in use while it runs
    instructions: int | None = None
    cycles: int | None = None


@dataclass(frozen=True)
class Trade:
    """What a budget of RAM costs, against the program without one.

    arena, stack: bytes of that one; the stack is None where it is not known. instructions: change
    of the estimated instructions, as a part of those without. flash: change in bytes, of weights
    only unless `compiled`.
    """

    arena: int
    stack: int | None
    instructions: float
    flash: int
    compiled: bool

    @property
    def text(self) -> str:
        """The change and against what, as part of a sentence."""
        what = "flash" if self.compiled else "weights"
        stack = "" if self.stack is None else f", stack at most {self.stack:,} B"
        return (
            f"{100 * self.instructions:+.1f} % instructions (estimated), {self.flash:+,} B of "
            f"{what} against no budget: arena {self.arena:,} B{stack}"
        )


@dataclass(frozen=True)
class Summary:
    """The answer to "does it fit, and what does it cost?" for one model on one target."""

    name: str
    target: str
    board: str | None
    macs: int
    flash: FlashUse
    ram: MemoryUse
    layers: tuple[LayerRow, ...] = ()
    arena_lower_bound: int | None = None  # no plan can use less in this execution order
    plan_is_optimal: bool = False  # proven by the solver, or equal to the lower bound
    instructions: int | None = None
    cycles: int | None = None  # estimated, Cortex-M4 with zero wait states
    notes: tuple[str, ...] = ()
    regions: tuple[RegionUse, ...] = ()  # the board's memories, if a board was given
    placed: bool = False  # by rules of `--place`
    trade: Trade | None = None  # what `--ram` costs

    @property
    def peak_layer(self) -> LayerRow | None:
        """The layer during which most of the arena is in use."""
        return max(self.layers, key=lambda row: row.live_bytes, default=None)

    @property
    def fits(self) -> bool:
        return self.ram.fits and self.flash.fits


@dataclass(frozen=True)
class GenResult:
    """What `gen` wrote: `files` are relative to `folder`."""

    folder: Path
    files: tuple[str, ...]
    summary: Summary


@dataclass(frozen=True)
class SharedResult:
    """What `gen --share-arena` wrote: `summary` is of all models together, `models` of each."""

    folder: Path
    files: tuple[str, ...]
    summary: Summary
    models: tuple[Summary, ...]


@dataclass(frozen=True)
class CheckResult:
    """Whether the model fits: `reasons` say what does not, `advice` what to try."""

    summary: Summary
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class SweepRow:
    """One schedule: what it needs, its estimated instructions, how many streams it has.

    `flash.measured` is False where the program could not be linked.
    """

    ram: MemoryUse
    flash: FlashUse
    instructions: int
    streams: int
    fits: bool


@dataclass(frozen=True)
class SweepResult:
    """Schedules of one model, the smallest arena first, each faster than those before."""

    name: str
    target: str
    board: str | None
    rows: tuple[SweepRow, ...]

    @property
    def fits(self) -> bool:
        return any(row.fits for row in self.rows)


@dataclass(frozen=True)
class VerifyResult:
    """All runs of one model."""

    name: str
    runs: tuple[RunMatch, ...]

    @property
    def ok(self) -> bool:
        return all(run.ok for run in self.runs)


@dataclass(frozen=True)
class BenchResult:
    """Measured cost of one inference: the summary's sizes, stack and instructions are measured."""

    summary: Summary

    @property
    def instructions_per_mac(self) -> float | None:
        """None when the count is unknown or the model multiplies nothing."""
        count, macs = self.summary.instructions, self.summary.macs
        return count / macs if count is not None and macs else None
