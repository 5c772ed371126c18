"""RAM of models with and without streams: python -m benchmarks.memory [--write docs/memory.md].

Every figure for Cortex-M4 is one inference of `NAME_run` under QEMU: its arena, the stack that a
painted run used, and the instructions, counted exactly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.boards_page import EVERY_BOARD
from benchmarks.memory_page import AFTER_ASKED, BOARD_TABLE, CHECKED, HEAD, MORE
from benchmarks.shared import MODELS, ROOT, io_path, model_path
from edgec import driver
from edgec.boards import load_board
from edgec.config import GenOptions, Optimize
from edgec.diagnostics import EdgecError
from edgec.driver import Compiled, compile_model, goal_of
from edgec.emit.folder import write_folder
from edgec.plan.candidates import Goal
from edgec.report import svg
from edgec.report.plan_svg import plan_svg
from edgec.report.sweep import sweep_svg
from edgec.verify.bench import measure
from edgec.verify.inputs import load_inputs

TARGET, BOARD = "cortex-m4", "mps2-an386"
PAGE = ROOT / "docs" / "memory.md"
DRAWN = "kws_int8_qdq"  # the model of the picture
WITHIN = 0.10  # instructions that the smallest schedule may cost more
NEAR = 1.25  # of the estimated instructions, beyond which a schedule is not measured


@dataclass(frozen=True)
class Asked:
    """A model, bytes that TensorFlow Lite Micro needs for arena and stack, and the bars.

    pushed: with `--stream-input`, where that was asked for.
    """

    model: str
    incumbent: int
    default: int
    small: int
    pushed: int | None = None


ASKED = (
    Asked("kws_int8_qdq", 23_656, 10_500, 6_500, 6_000),
    Asked("resnet8_int8_qdq", 55_832, 34_000, 24_000, 21_000),
    Asked("vww_int8_qdq", 101_544, 48_000, 38_000, 16_000),
    Asked("ad01_int8_qdq", 3_136, 1_300, 1_200),
)
MORE_MODELS = (
    "mcunet_vww",
    "mltk_keyword_spotting_heygecko",
    "micro_kws_m_qdq",
    "torch_unet_digits_dynamo",
    "face_detection_short_range",
    "torch_resnet1d_gunpoint_dynamo",
)
BOARDS = (
    ("kws_int8_qdq", "microbit"),
    ("kws_int8_qdq", "stm32vldiscovery"),
    ("torch_lenet_digits_qop", "stm32vldiscovery"),
    ("vww_int8_qdq", "lm3s6965evb"),
    ("resnet8_int8_qdq", "lm3s6965evb"),
)


@dataclass(frozen=True)
class Cost:
    """What one inference needs, in bytes and instructions; None where it was not run."""

    arena: int
    stack: int | None = None
    instructions: int | None = None

    @property
    def total(self) -> int:
        """Bytes of arena and stack."""
        return self.arena + (self.stack or 0)


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def measured(model: str, compiled: Compiled) -> Cost:
    """One inference for the first stored input of `model`."""
    (sample,) = load_inputs(io_path(model), 1, compiled.graph)
    with tempfile.TemporaryDirectory(prefix="edgec-memory-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        board = load_board(BOARD)
        found = measure(folder, board, Path(place) / "build", sample.data, timeout_s=1200.0)
    return Cost(found.arena_bytes, found.stack_painted, found.total_instructions)


def cost(model: str, options: GenOptions, goal: Goal | None = None) -> Cost:
    """One model with these options; `goal` as for `compile_model`."""
    return measured(model, compile_model(model_path(model), options, quiet, goal))


PLAIN = replace(goal_of(GenOptions(TARGET)), rows=0.0)  # no step runs by rows
FRUGAL = replace(PLAIN, arena=0.0)  # nor gets a kernel memory that others leave free


def smallest(model: str, plain: Cost) -> tuple[Cost, int] | None:
    """The smallest that costs at most WITHIN more instructions than `plain`, and its `--ram`.

    Schedules of a sweep are tried as budgets, the smallest first; None if only `plain` is left.
    """
    assert plain.instructions is not None
    for point in driver.sweep(model_path(model), GenOptions(TARGET), quiet).rows:
        if point.instructions > NEAR * plain.instructions or point.ram.arena >= plain.arena:
            continue
        budget = point.ram.total
        found = cost(model, GenOptions(TARGET, ram=budget))
        assert found.instructions is not None
        if found.instructions <= (1 + WITHIN) * plain.instructions:
            return found, budget
    return None


def more(found: Cost, base: Cost) -> str:
    """How many more instructions than `base`, in percent."""
    if found.instructions is None or base.instructions is None:
        return ""
    return f"{100 * (found.instructions / base.instructions - 1):+.1f} %"


def against(value: int, bar: int | None) -> str:
    """Bytes and the bar they should stay below."""
    if bar is None:
        return f"{value:,}"
    return f"{value:,} (<= {bar:,}){'' if value <= bar else ' **over**'}"


def asked_lines(rows: Sequence[Asked]) -> Iterator[str]:
    """The table of what was asked for."""
    yield (
        "| model | schedule | arena | stack | arena + stack | instructions | against *fast* "
        "| against *frugal* |"
    )
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        fast = cost(row.model, GenOptions(TARGET), PLAIN)
        frugal = cost(row.model, GenOptions(TARGET), FRUGAL)
        table = _Table(fast, frugal)
        yield table.line(row.model, "no streams, *fast*", fast)
        yield table.line("", "no streams, *frugal*", frugal)
        yield table.line("", "default", cost(row.model, GenOptions(TARGET)), row.default)
        size = cost(row.model, GenOptions(TARGET, optimize=Optimize.SIZE))
        yield table.line("", "`--optimize size`", size, row.small)
        for name, base in (("fast", fast), ("frugal", frugal)):
            found = smallest(row.model, base)
            if found is not None:
                what = f"`--ram {found[1]}`, within 10 % of *{name}*"
                yield table.line("", what, found[0], row.small)
                break
            yield f"| | nothing smaller within 10 % of *{name}* | | | | | | |"
            if fast == frugal:
                break
        if row.pushed is not None:
            pushed = cost(row.model, GenOptions(TARGET, stream_input=True))
            yield table.line("", "`--stream-input`", pushed, row.pushed)
        yield f"| | TensorFlow Lite Micro | | | {row.incumbent:,} | | | |"


@dataclass(frozen=True)
class _Table:
    """Lines of one model, with what they are compared to."""

    fast: Cost
    frugal: Cost

    def line(self, model: str, what: str, found: Cost, bar: int | None = None) -> str:
        cells = (
            model,
            what,
            f"{found.arena:,}",
            f"{found.stack or 0:,}",
            against(found.total, bar),
            f"{found.instructions or 0:,}",
            more(found, self.fast),
            more(found, self.frugal),
        )
        return f"| {' | '.join(cells)} |"


def more_lines(names: Sequence[str]) -> Iterator[str]:
    """RAM before and after of other models, in bytes."""
    yield (
        "| model | no streams: arena | default: arena | stack | instructions "
        "| `--optimize size`: arena | least arena | its instructions (estimated) "
        "| `--stream-input`: arena |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in names:
        before = arena_or_cost(name, GenOptions(TARGET), PLAIN)
        after = arena_or_cost(name, GenOptions(TARGET))
        size = GenOptions(TARGET, optimize=Optimize.SIZE)
        pushed = GenOptions(TARGET, stream_input=True)
        points = driver.sweep(model_path(name), GenOptions(TARGET), quiet).rows
        ratio = points[0].instructions / points[-1].instructions
        cells = (
            name,
            f"{before.arena:,}",
            f"{after.arena:,}",
            "" if after.stack is None else f"{after.stack:,}",
            more(after, before),
            f"{arena_of(name, size):,}",
            f"{points[0].ram.arena:,}",
            f"{100 * (ratio - 1):+.0f} %",
            f"{arena_of(name, pushed):,}",
        )
        yield f"| {' | '.join(cells)} |"


def arena_of(model: str, options: GenOptions) -> int:
    """Bytes of the arena."""
    return compile_model(model_path(model), options, quiet).arena


def arena_or_cost(model: str, options: GenOptions, goal: Goal | None = None) -> Cost:
    """As `cost`, but only the arena of a model that is too large for the board."""
    compiled = compile_model(model_path(model), options, quiet, goal)
    try:
        return measured(model, compiled)
    except EdgecError:
        return Cost(compiled.plan.arena_bytes)


def board_lines() -> Iterator[str]:
    """Which models fit and run on boards with little memory."""
    yield "| board | RAM | flash | model | arena | stack at most | flash needed | result |"
    yield "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |"
    for model, name in BOARDS:
        board = load_board(name)
        options = GenOptions(board.targets[0], board=name)
        found = driver.check(model_path(model), options, quiet)
        use = found.summary
        cells = (
            f"{name} | {board.ram_bytes:,} | {board.flash_bytes:,} | {model} | {use.ram.arena:,} | "
            f"{use.ram.stack_bound or 0:,} | {use.flash.total:,} | {ran(model, options)}"
        )
        yield f"| {cells} |"


def ran(model: str, options: GenOptions) -> str:
    """What `edgec verify` says of the first stored input."""
    try:
        result = driver.verify(model_path(model), options, io_path(model), 1, quiet)
    except EdgecError as error:
        return "; ".join(d.what for d in error.diagnostics)
    return "runs, identical bits" if result.ok else "**differs**"


def lines(chosen: Sequence[str]) -> Iterator[str]:
    """The page, line by line; measuring as it goes. Only `chosen` models, if there are any."""
    asked = [row for row in ASKED if not chosen or row.model in chosen]
    others = [name for name in MORE_MODELS if not chosen or name in chosen]
    yield from HEAD.splitlines()
    yield ""
    yield from asked_lines(asked)
    yield ""
    yield from AFTER_ASKED.splitlines()
    yield ""
    yield from MORE.splitlines()
    yield ""
    yield from more_lines(others)
    yield ""
    yield from BOARD_TABLE.splitlines()
    yield ""
    yield from board_lines() if not chosen else ()
    yield ""
    yield from EVERY_BOARD.held(PAGE.read_text(encoding="utf-8")).splitlines()
    yield ""
    yield from CHECKED.splitlines()


def pictures() -> Iterator[tuple[str, str]]:
    """The pictures of the page: file name and SVG text."""
    model = model_path(DRAWN)
    yield "memory-sweep.svg", sweep_svg(driver.sweep(model, GenOptions(TARGET), quiet))
    small = compile_model(model, GenOptions(TARGET, optimize=Optimize.SIZE), quiet)
    yield "memory-plan.svg", plan_svg(small.program, small.plan)


def main() -> int:
    """Print the page; write it with --write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="file to write, docs/memory.md")
    parser.add_argument("--models", nargs="+", default=[], help="only these")
    arguments = parser.parse_args()
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    page = []
    for line in lines(arguments.models):
        print(line, flush=True)
        page.append(line)
    if arguments.write is not None:
        arguments.write.write_text("\n".join(page) + "\n", encoding="utf-8")
        for name, picture in pictures():
            svg.write(arguments.write.with_name(name), picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
