"""The story of a compilation: one call per stage, from the model file to measured firmware."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edgec import budget
from edgec.boards import Board, load_board
from edgec.build.elf import function_symbols, image_sizes
from edgec.build.firmware import BuildOptions, Firmware, build_firmware
from edgec.build.stack import stack_bound
from edgec.compiled import Compiled as Compiled
from edgec.compiled import with_code, workspace
from edgec.config import GenOptions, Io, Optimize, WeightsFormat
from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.emit.folder import EmitOptions, emit, write_folder
from edgec.importer import import_model
from edgec.ir import text as graph_text
from edgec.ir.graph import Graph
from edgec.ir.states import bind_states
from edgec.ir.verify import verify as verify_graph
from edgec.loops import text as loop_text
from edgec.loops.verify import verify_program
from edgec.lower.lowering import number_steps
from edgec.lower.push import check_pushable
from edgec.passes.base import Dumper, Observer, Verifier, run_pipeline
from edgec.passes.pipeline import pipeline
from edgec.place import STACK_ROOM, Places, read_places
from edgec.plan.candidates import Goal, Planned, estimate
from edgec.plan.check import check_plan
from edgec.plan.fit import Fit
from edgec.plan.placing import (
    automatic_saving,
    can_be_placed,
    counted_regions,
    place_program,
    placed_board,
    region_uses,
    weights_bytes,
)
from edgec.report import svg
from edgec.report.advice import advice, reasons, summarize, waiting_advice
from edgec.report.page import Report, make_report
from edgec.report.plan_svg import plan_svg
from edgec.report.records import (
    BenchResult,
    CheckResult,
    GenResult,
    LayerRow,
    Summary,
    SweepResult,
    SweepRow,
    VerifyResult,
)
from edgec.targets import load_target
from edgec.verify.bench import LayerCost, measure
from edgec.verify.compare import compare_runs
from edgec.verify.inputs import overlapping
from edgec.verify.states import load_samples

Progress = Callable[[str], None]
ARENA_ALIGN = 16
# flash that may be traded for speed, as a part of the smallest weights
FLASH_SHARE = MappingProxyType({Optimize.SIZE: 0.05, Optimize.BALANCED: 0.05, Optimize.SPEED: 1.0})
AMPLE_FLASH_SHARE = 8.0  # where weights are in main memory, and no step has to run by rows
# how large the arena may become for kernels that want more working memory than others
ARENA_SHARE = MappingProxyType({Optimize.SIZE: 0.0, Optimize.BALANCED: 1.0, Optimize.SPEED: 1.1})
# instructions that may be spent on running by rows in less memory, as a part of all
ROWS_SHARE = MappingProxyType({Optimize.SIZE: 0.05, Optimize.BALANCED: 0.02, Optimize.SPEED: 0.0})
ANY_ARENA = 1e6  # where a budget of RAM is all that counts
PUSHED_SHARE = 0.2  # the same where the input is pushed row by row: there RAM comes first


def compile_model(
    model: Path, options: GenOptions, progress: Progress, goal: Goal | None = None
) -> Compiled:
    """Import, optimise, lower, plan and emit.

    Writes nothing but `options.dump_ir` and `options.plan_svg`.

    goal: what kernels and schedule have to be like, instead of `goal_of(options)`.
    """
    options.model_name(model)
    graph = optimised(model, options, progress)
    progress("lowering to loops and kernels")
    progress("planning memory")
    if goal is None and options.ram is not None:
        compiled = _budgeted(model, graph, options, progress)
    else:
        fit = Fit.of(graph, load_target(options.target).features, goal or goal_of(options))
        compiled = emitted(model, graph, _planned(fit, options), options, progress)
    dump_program(compiled, options)
    if options.plan_svg is not None:
        svg.write(options.plan_svg, plan_svg(compiled.program, compiled.plan))
    return compiled


def _budgeted(model: Path, graph: Graph, options: GenOptions, progress: Progress) -> Compiled:
    """The cheapest program that `--ram` has room for, and what it costs."""
    looked, free = looked_at(options), dataclasses.replace(options, ram=None)
    other = Fit.of(graph, load_target(options.target).features, goal_of(free))
    fit = other.towards(goal_of(options))
    known: dict[tuple[int, float], Compiled] = {}

    def planned(stack: int) -> Compiled:
        made = _planned(fit.within(goal_of(options, stack).ram), options)
        key = (made[1].arena_bytes, estimate(made[0]))
        if key not in known:
            known[key] = looked(emitted(model, graph, made, options, _silent))
        return known[key]

    plain = emitted(model, graph, _planned(other, free), free, progress)
    progress("looking for the cheapest schedule that fits")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(looked, plain)
        fit.prepare()  # while the compiler is at work
        plain = waiting.result()
    compiled = budget.within(options.ram or 0, planned, plain.stack, STACK_ROOM)
    return dataclasses.replace(compiled, trade=budget.trade(compiled, plain))


def looked_at(options: GenOptions) -> Callable[[Compiled], Compiled]:
    """How a program gets its code, if the options let it be compiled."""
    return with_code if options.stack else lambda compiled: compiled


def dump_program(compiled: Compiled, options: GenOptions) -> None:
    """The last stage of `--dump-ir`."""
    _Dump(options.dump_ir).write("90-program", loop_text.print_program(compiled.program))


def _silent(stage: str) -> None:
    """Nothing to tell."""


def _planned(fit: Fit, options: GenOptions) -> Planned:
    """The best program; one that fits the largest memory if the best cannot be split."""
    made, places = fit.best(), _places(options)
    if places is None or can_be_placed(*made, places):
        return made
    largest = max(room.bytes for room in places.arena)
    return fit.within(largest if fit.goal.ram is None else min(fit.goal.ram, largest)).best()


def optimised(model: Path, options: GenOptions, progress: Progress) -> Graph:
    """The graph after all passes."""
    progress("reading the model")
    graph = import_model(model, options.shapes)
    progress("optimising the graph")
    observers: list[Observer] = [Verifier(verify_graph)]
    if options.dump_ir is not None:
        observers.append(Dumper(_Dump(options.dump_ir).write, graph_text.print_graph))
    run_pipeline(graph, pipeline(native_io=options.io is Io.NATIVE), observers)
    bind_states(graph, options.states)
    if options.stream_input:
        check_pushable(graph, options.hop)
    return graph


def emitted(
    model: Path, graph: Graph, made: Planned, options: GenOptions, progress: Progress
) -> Compiled:
    """The C of a planned program, after all checks."""
    program, plan = made
    name, target = options.model_name(model), load_target(options.target)
    notes = (*program.notes, *_notes(graph))
    program = number_steps(dataclasses.replace(program, name=name, notes=notes))
    verify_program(program)
    board, places = _board(options), _places(options)
    if places is not None:
        plan = place_program(program, plan, places)
        board = placed_board(program, plan, places, board, options.ram)
    check_plan(program, plan)
    progress("writing C")
    incbin = options.weights is WeightsFormat.INCBIN
    small = options.optimize is Optimize.SIZE
    emission = emit(program, plan, target, EmitOptions(options.board, incbin, small))
    return Compiled(graph, program, plan, emission, target, board)


def generate(model: Path, options: GenOptions, progress: Progress) -> GenResult:
    """Compile `model` and write the folder.

    The bound of the stack is in header and manifest if the target's compiler is installed. Raises
    E0501 (exit code 1) if arena and stack exceed `--ram`, or weights and code `--flash`; without
    the compiler arena and weights count alone.
    """
    compiled = compile_model(model, options, progress)
    if options.stack:
        progress("compiling to find the bound of the stack")
        compiled = with_code(compiled)
    summary = _summary(compiled, options)
    check_budget(summary, options)
    emission, folder = compiled.emission, options.output_folder(model)
    write_folder(emission, folder)
    return GenResult(folder, tuple(sorted(emission.files)), summary)


def check(model: Path, options: GenOptions, progress: Progress) -> CheckResult:
    """Compile and link in a temporary folder, and hold the sizes against board and budget."""
    compiled = compile_model(model, options, progress)
    summary = _summary(compiled, options)
    progress("compiling to measure code and stack")
    summary, why = linked(compiled, summary)
    more = () if options.place or options.board is None else _faster_memory(compiled)
    return CheckResult(summary, why, (*advice(summary), *more))


def _faster_memory(compiled: Compiled) -> tuple[str, ...]:
    """What `--place auto` would save."""
    saving = automatic_saving(compiled.program, compiled.plan, compiled.board)
    return waiting_advice(*saving)


def linked(compiled: Compiled, summary: Summary) -> tuple[Summary, tuple[str, ...]]:
    """`summary` with what the linked program tells, and why the model does not fit."""
    with workspace(compiled) as folder:
        try:
            build = folder.parent / "build"
            firmware = build_firmware(folder, compiled.board, build, BuildOptions())
        except EdgecError as error:
            if error.exit_code is not ExitCode.FAILED:
                raise
            return summary, (*reasons(summary), *(d.what for d in error.diagnostics))
        summary = _measured(summary, firmware)
    return summary, reasons(summary)


def sweep(model: Path, options: GenOptions, progress: Progress) -> SweepResult:
    """What less memory costs: schedules from the smallest arena to the fewest instructions.

    Each is compiled and linked, for its flash and the bound of its stack.
    """
    graph = optimised(model, options, progress)
    progress("planning memory for every trade of instructions for RAM")
    points = Fit.of(graph, load_target(options.target).features, goal_of(options)).sweep()
    rows = []
    for number, point in enumerate(points, 1):
        made = (point.program, point.plan)
        compiled = emitted(model, graph, made, options, lambda _: None)
        progress(f"compiling schedule {number} of {len(points)}")
        summary = _summary(compiled, options)
        summary, why = linked(compiled, summary)
        streams = len(point.program.streams)
        rows.append(SweepRow(summary.ram, summary.flash, round(point.cost), streams, not why))
    name = options.model_name(model)
    return SweepResult(name, options.target, options.board, tuple(rows))


def verify(
    model: Path, options: GenOptions, inputs: Path | None, count: int | None, progress: Progress
) -> VerifyResult:
    """Run the machine code on `options.board` and compare it with the references."""
    compiled = compile_model(model, options, progress)
    samples = load_samples(inputs, count, compiled.graph)
    board = compiled.board
    with workspace(compiled) as folder:
        progress(f"compiling for {board.name}")
        firmware = build_firmware(folder, board, folder.parent / "build", BuildOptions())
        progress(f"running {len(samples)} inputs on {board.name}")
        push = firmware.manifest.push
        if push is not None and push.hop:
            samples = overlapping(samples, push.rows, push.hop)
        run = compare_runs(firmware, compiled.graph, samples, model)
    return VerifyResult(options.model_name(model), (run,))


def bench(model: Path, options: GenOptions, progress: Progress) -> BenchResult:
    """Measure instructions, flash, RAM and stack of one inference."""
    compiled = compile_model(model, options, progress)
    summary = _summary(compiled, options)
    with workspace(compiled) as folder:
        return BenchResult(_counted(compiled, summary, folder, compiled.board, progress))


def _shared(row: LayerRow, cost: LayerCost, count: int) -> LayerRow:
    """A layer with what it took, one of `count` that the same function computes alike."""
    cycles = None if cost.cycles is None else cost.cycles // count
    return dataclasses.replace(row, instructions=cost.instructions // count, cycles=cycles)


def _counted(
    compiled: Compiled, summary: Summary, folder: Path, board: Board, progress: Progress
) -> Summary:
    """`summary` with what a run of the generated `folder` on `board` tells."""
    progress(f"counting instructions on {board.name}")
    cost = measure(folder, board, folder.parent / "build", accesses=bool(summary.regions))
    costs = {layer.function: layer for layer in cost.layers}
    functions = {row.name: row.function for row in compiled.emission.manifest.layers}
    sharing = Counter(functions.values())  # strips of the same shape share a function
    layers = tuple(
        row
        if (found := costs.get(functions[row.name])) is None
        else _shared(row, found, sharing[functions[row.name]])
        for row in summary.layers
    )
    ram = dataclasses.replace(
        summary.ram,
        static=cost.sizes.model_static,
        stack_bound=cost.stack_bound.proven,
        stack_painted=cost.stack_painted,
    )
    flash = dataclasses.replace(
        summary.flash,
        weights=cost.sizes.flash.weights,
        code=cost.sizes.flash.code + cost.sizes.flash.constants,
        kernels=cost.sizes.flash.kernels + cost.sizes.flash.libraries,
        measured=True,
    )
    return dataclasses.replace(
        summary,
        regions=counted_regions(summary.regions, board, cost.accesses),
        layers=layers,
        ram=ram,
        flash=flash,
        instructions=cost.total_instructions,
        cycles=cost.total_cycles,
    )


def report(model: Path, options: GenOptions, count: bool, progress: Progress) -> Report:
    """All that is known about a model: compiled and linked, and with `count` run on the board.

    What does not fit, or cannot be compiled here, is reported with what is known without.
    """
    compiled = compile_model(model, options, progress)
    manifest = compiled.emission.manifest
    summary = _summary(compiled, options)
    board, code, problems = compiled.board, dict[str, int](), tuple[str, ...]()
    with workspace(compiled) as folder:
        build = folder.parent / "build"
        try:
            if count:
                summary = _counted(compiled, summary, folder, board, progress)
            else:
                progress("compiling to measure code and stack")
                summary = _measured(summary, build_firmware(folder, board, build, BuildOptions()))
            code = {s.name: s.size for s in function_symbols(build / f"{folder.name}.elf")}
        except EdgecError as error:
            if count or error.exit_code not in (ExitCode.FAILED, ExitCode.ENVIRONMENT):
                raise
            problems = tuple(d.what for d in error.diagnostics)
    problems = (*reasons(summary), *problems)
    return make_report(compiled.program, compiled.plan, manifest, summary, code, problems)


# helpers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Dump:
    """Writes one file per stage, if the user asked for it."""

    folder: Path | None

    def write(self, name: str, text: str) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{name}.txt").write_text(text, encoding="utf-8")


def goal_of(options: GenOptions, stack: int = STACK_ROOM) -> Goal:
    """What the options ask for, with `stack` bytes of a budget of RAM for the stack."""
    ram, places = capacity(options)[0], _places(options)
    ram = None if ram is None else ram - stack
    if places is not None:
        ram = places.arena_bytes if options.ram is None else min(places.arena_bytes, ram or 0)
    goal = Goal(
        flash=FLASH_SHARE[options.optimize],
        arena=ARENA_SHARE[options.optimize],
        rows=ROWS_SHARE[options.optimize],
        ram=ram,
        align=ARENA_ALIGN,
        push=options.stream_input,
        hop=options.hop,
        epilogues=options.optimize is not Optimize.SIZE,
    )
    ample = load_target(options.target).has("ample_flash")
    if ample and options.optimize is not Optimize.SIZE:
        goal = dataclasses.replace(goal, flash=AMPLE_FLASH_SHARE, rows=0.0)
    if options.ram is not None:  # the cheapest that fits
        arena = ANY_ARENA if goal.arena else 0.0
        goal = dataclasses.replace(goal, rows=0.0, arena=arena)
    elif options.stream_input and options.optimize is not Optimize.SPEED:
        goal = dataclasses.replace(goal, rows=PUSHED_SHARE)
    return goal


def _board(options: GenOptions) -> Board:
    return load_board(options.board or load_target(options.target).default_board)


def _places(options: GenOptions) -> Places | None:
    """What `--place` asks for."""
    return read_places(options.place, _board(options)) if options.place else None


def check_budget(summary: Summary, options: GenOptions) -> None:
    """Nothing is written for a model that cannot meet the budget that was asked for."""
    if options.ram is None and options.flash is None:
        return
    why = reasons(summary)
    if why:
        raise fail(
            "E0501",
            "; ".join(why),
            Where(note="--ram and --flash"),
            rule="a generated model stays within the budget",
            help="; ".join(advice(summary)) or "give it more room",
            exit_code=ExitCode.FAILED,
        )


def _summary(compiled: Compiled, options: GenOptions) -> Summary:
    """What is known of `compiled` before its C is compiled."""
    ram, flash = capacity(options)
    placement = compiled.board.placement
    if options.place:
        ram = compiled.board.ram_bytes if options.ram is None else ram
        flash = compiled.board.flash_bytes if options.flash is None else flash
    summary = summarize(compiled.emission.manifest, compiled.plan, (ram, flash))
    summary = dataclasses.replace(
        summary,
        ram=dataclasses.replace(summary.ram, stack_bound=compiled.stack),
        flash=dataclasses.replace(summary.flash, code=compiled.code_bytes or 0),
        trade=compiled.trade,
    )
    if options.board is None or placement is None:
        return summary
    copied = weights_bytes(compiled.program) if placement.copies_weights else 0
    return dataclasses.replace(
        summary,
        ram=dataclasses.replace(summary.ram, weights=copied),
        regions=region_uses(compiled.program, compiled.plan, compiled.board),
        placed=bool(options.place),
    )


def capacity(options: GenOptions) -> tuple[int | None, int | None]:
    """(RAM, flash) in bytes that are there: the budget, else the board's memory."""
    ram, flash = options.ram, options.flash
    if options.board is not None:
        board = load_board(options.board)
        ram = ram if ram is not None else board.ram_bytes or None
        flash = flash if flash is not None else board.flash_bytes or None
    return ram, flash


def _measured(summary: Summary, firmware: Firmware) -> Summary:
    """`summary` with what the linked program tells."""
    sizes, bound = image_sizes(firmware), stack_bound(firmware)
    ram = dataclasses.replace(summary.ram, static=sizes.model_static, stack_bound=bound.proven)
    flash = dataclasses.replace(
        summary.flash,
        weights=sizes.flash.weights,
        code=sizes.flash.code + sizes.flash.constants,
        kernels=sizes.flash.kernels + sizes.flash.libraries,
        measured=True,
    )
    return dataclasses.replace(summary, ram=ram, flash=flash)


def _notes(graph: Graph) -> tuple[str, ...]:
    """What is left in float in a quantized graph."""
    if not any(node.op.name.startswith("Q") for node in graph.nodes):
        return ()
    left = [
        node
        for node in graph.nodes
        if any(v.type.dtype.is_float for v in (*node.operands, *node.outputs))
    ]
    return tuple(
        f"float arithmetic left: {node.op.name} ({', '.join(node.origin) or 'made by edgec'})"
        for node in left
    )
