"""Tables of schedules on boards: `benchmarks.boards` prints one, docs/memory.md has the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.blocks import Block
from edgec.boards import load_board

EVERY_BOARD = Block("every board")  # of docs/memory.md

_WORDS = """## Every board

Streams must not change a single bit. So

```
python -m benchmarks.boards --write docs/memory.md
```

runs the int8 models kws, resnet8, vww and ad01 on every board that edgec knows: without streams, by
default, with `--optimize size`, with the smallest `--ram` that a sweep finds and with
`--stream-input`, each for two of the model's inputs, and compares all outputs with those without
streams and with the integer reference, byte by byte. Programs that are the same C, file by file,
run once. Where the board has too little memory for the program without streams, its outputs are
those of another board with the same target. Targets that no board has as its own run on a board
that executes them too.
"""
_TAIL = "{runs} programs in {minutes} of processor time{wrong}."


@dataclass(frozen=True)
class Case:
    """A model on a board, as code for `target`."""

    board: str
    target: str
    model: str


@dataclass(frozen=True)
class Outcome:
    """What became of one schedule.

    arena: in bytes. misfit: what the linker says if the board has too little memory. same_as: the
    schedule that gave the same C. wrong: what differs, or why the run failed.
    """

    schedule: str
    arena: int
    misfit: str = ""
    same_as: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether the board executed it."""
        return not self.misfit and not self.same_as

    @property
    def cell(self) -> str:
        """The arena, and a word or two."""
        if self.wrong:
            return f"{self.arena:,} **differs**"
        if self.same_as:
            return f"{self.arena:,} as {self.same_as}"
        return f"{self.arena:,} {self.misfit or 'identical'}"


def detail_head(schedules: Sequence[str]) -> tuple[str, str]:
    """The head of a table of every board, target and model."""
    return (
        f"| board | target | model | {' | '.join(schedules)} |",
        f"|{' --- |' * (3 + len(schedules))}",
    )


def detail_line(case: Case, outcomes: Sequence[Outcome]) -> str:
    """One line of it: arena and result of every schedule."""
    cells = " | ".join(outcome.cell for outcome in outcomes)
    return f"| {case.board} | {case.target} | {case.model} | {cells} |"


def page_lines(results: Mapping[Case, Sequence[Outcome]], seconds: float) -> Iterator[str]:
    """The section of docs/memory.md: a row for each board and target."""
    yield from _WORDS.splitlines()
    yield ""
    yield "| board | RAM | target | programs | result | without enough memory |"
    yield "| --- | ---: | --- | ---: | --- | --- |"
    for board, target in dict.fromkeys((c.board, c.target) for c in results):
        here = {c.model: o for c, o in results.items() if (c.board, c.target) == (board, target)}
        runs = sum(o.ran for outcomes in here.values() for o in outcomes)
        wrong = any(o.wrong for outcomes in here.values() for o in outcomes)
        ram = load_board(board).ram_bytes
        cells = (
            board,
            f"{ram:,}" if ram else "",
            target,
            f"{runs}",
            "**differs**" if wrong else "identical bits",
            "; ".join(text for m, outcomes in here.items() if (text := _left_out(m, outcomes))),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    every = [o for outcomes in results.values() for o in outcomes]
    bad = sum(bool(o.wrong) for o in every)
    yield _TAIL.format(
        runs=sum(o.ran for o in every),
        minutes=_minutes(seconds),
        wrong=f", {bad} of them **wrong**" if bad else ", all with identical bits",
    )


def _minutes(seconds: float) -> str:
    """A duration in whole minutes."""
    count = max(round(seconds / 60), 1)
    return f"{count} minute{'s' if count > 1 else ''}"


def _listed(words: Sequence[str]) -> str:
    """Words with commas, and "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _left_out(model: str, outcomes: Sequence[Outcome]) -> str:
    """Which schedules of a model are too large for the board."""
    large = {o.schedule for o in outcomes if o.misfit}
    large |= {o.schedule for o in outcomes if o.same_as in large}
    if not large:
        return ""
    name = model.removesuffix("_int8_qdq")
    if len(large) == len(outcomes):
        return f"{name} at all"
    return f"{name} {_listed([o.schedule for o in outcomes if o.schedule in large])}"
