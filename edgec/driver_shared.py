"""Several models that share one arena: each is compiled as by itself, then they move together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec import budget
from edgec.compiled import Compiled
from edgec.config import GenOptions, c_identifier, is_usable_name
from edgec.diagnostics import EdgecError, Where, fail
from edgec.driver import (
    Progress,
    capacity,
    check_budget,
    dump_program,
    emitted,
    goal_of,
    linked,
    looked_at,
    optimised,
)
from edgec.emit.folder import write_files
from edgec.emit.shared import Member, SharedEmission, emit_shared
from edgec.ir.graph import Graph
from edgec.ir.states import bind_states, has_names
from edgec.place import STACK_ROOM
from edgec.plan.candidates import Goal, Planned, estimate
from edgec.plan.fit import Fit
from edgec.plan.rects import round_up
from edgec.plan.result import MemoryPlan
from edgec.plan.shared import check_shared, share_arena
from edgec.report.advice import advice, reasons, summarize
from edgec.report.records import CheckResult, FlashUse, MemoryUse, SharedResult, Summary, Trade
from edgec.targets import load_target

DEFAULT_NAME = "models"


@dataclass(frozen=True)
class _Source:
    """One model: `options` are those of the command line, for this model."""

    model: Path
    options: GenOptions

    @property
    def name(self) -> str:
        return self.options.model_name(self.model)


@dataclass(frozen=True)
class _Member(_Source):
    """One model on its way."""

    graph: Graph


@dataclass(frozen=True)
class _Set:
    """All models, compiled for one arena; `alone`: their plans for arenas of their own."""

    name: str
    compiled: tuple[Compiled, ...]
    alone: tuple[MemoryPlan, ...]
    trade: Trade | None = None

    @property
    def arena(self) -> int:
        """Bytes of the common arena."""
        return self.compiled[0].arena

    @property
    def stack(self) -> int | None:
        """Bytes of stack that the model needs which needs most."""
        return _most(c.stack for c in self.compiled)

    @property
    def cost(self) -> float:
        """Estimated instructions of one run of each."""
        return sum(c.cost for c in self.compiled)

    @property
    def weights(self) -> int:
        """Bytes of all weights."""
        return sum(c.weights for c in self.compiled)

    @property
    def code_bytes(self) -> int | None:
        """Bytes of code at most: what models have in common counts for each."""
        known = [c.code_bytes for c in self.compiled if c.code_bytes is not None]
        return sum(known) if len(known) == len(self.compiled) else None

    def emission(self) -> SharedEmission:
        """All files."""
        folders = _folders(self.compiled, self.alone)
        return emit_shared(self.name, folders, self.compiled[0].plan.state_bytes)


def generate_shared(
    models: Sequence[Path], options: GenOptions, progress: Progress
) -> SharedResult:
    """Compile `models` into one folder, for one arena, and write it.

    A model is a file, named by it, or NAME=FILE. The folder is `options.output`, and
    `options.name` names the whole; default is the folder's name. Raises E0017 and E0018 for what
    cannot be asked of several models, else as `generate`.
    """
    made = _compiled(models, options, progress)
    if options.stack:
        progress("compiling to find the bound of the stack")
    made = dataclasses.replace(made, compiled=tuple(map(looked_at(options), made.compiled)))
    emission = made.emission()
    whole, parts = _summaries(emission, made, options)
    check_budget(whole, options)
    folder = options.output if options.output is not None else Path(made.name)
    write_files(emission.files, folder)
    return SharedResult(folder, tuple(sorted(emission.files)), whole, parts)


def check_set(models: Sequence[Path], options: GenOptions, progress: Progress) -> CheckResult:
    """Whether `models` fit together, in one arena. Raises as `generate_shared`; writes nothing.

    Each is linked by itself: flash is an upper bound, since what models share counts for each.
    """
    made = _compiled(models, options, progress)
    whole, parts = _summaries(made.emission(), made, options)
    progress("compiling to measure code and stack")
    found = [linked(c, part) for c, part in zip(made.compiled, parts, strict=True)]
    measured = [summary for summary, _ in found]
    whole = dataclasses.replace(whole, flash=_flash(measured), ram=_ram(whole.ram, measured))
    failed = [
        f"{summary.name}: {problem}"
        for summary, problems in found
        for problem in problems
        if problem not in reasons(summary)
    ]
    return CheckResult(whole, (*reasons(whole), *failed), advice(whole))


def _flash(parts: Sequence[Summary]) -> FlashUse:
    uses = [part.flash for part in parts]
    return FlashUse(
        sum(use.weights for use in uses),
        sum(use.code for use in uses),
        sum(use.kernels for use in uses),
        uses[0].capacity,
        all(use.measured for use in uses),
    )


def _ram(whole: MemoryUse, parts: Sequence[Summary]) -> MemoryUse:
    """`whole` with the stack of the model that needs most."""
    return dataclasses.replace(whole, stack_bound=_most(part.ram.stack_bound for part in parts))


def _most(bounds: Iterable[int | None]) -> int | None:
    """The largest, if all are known."""
    every = tuple(bounds)
    known = [bound for bound in every if bound is not None]
    return max(known) if len(known) == len(every) else None


def _compiled(models: Sequence[Path], options: GenOptions, progress: Progress) -> _Set:
    """Every model, planned for the common arena, checked and emitted."""
    sources = [_source(model, options) for model in models]
    name = _set_name(sources, options)
    members = [
        _Member(s.model, s.options, optimised(s.model, s.options, _told(s, progress)))
        for s in sources
    ]
    _bind_states(members, options)
    progress("planning memory for all models")
    made = _placed(name, members) if options.ram is None else _budgeted(name, members, progress)
    for member, compiled in zip(members, made.compiled, strict=True):
        dump_program(compiled, member.options)
    return made


# what is asked for ---------------------------------------------------------------------------


def _source(model: Path, options: GenOptions) -> _Source:
    """A model of the command line: FILE, or NAME=FILE."""
    name, equals, file = str(model).partition("=")
    if not equals or not is_usable_name(name) or model.exists():
        if equals and not model.exists() and Path(file).is_file():
            dataclasses.replace(options, name=name).model_name(model)  # tells what is wrong with it
        name, file = c_identifier(model.stem), str(model)
    dump = None if options.dump_ir is None else options.dump_ir / name
    own = dataclasses.replace(options, name=name, output=None, dump_ir=dump, states=())
    return _Source(Path(file), own)


def _set_name(sources: Sequence[_Source], options: GenOptions) -> str:
    """The name of the set; E0017 and E0018 if the models cannot be told apart, or from it."""
    _check_options(options)
    if options.name is not None or options.output is None:
        named = dataclasses.replace(options, name=options.name or DEFAULT_NAME)
        name = named.model_name(Path(DEFAULT_NAME))
    else:
        name = c_identifier(options.output.resolve().name)
    taken: dict[str, str] = {name.upper(): "the set"}
    for source in sources:
        own = source.name.upper()
        if own in taken:
            raise fail(
                "E0018",
                f"'{source.model}' and {taken[own]} have the same name, '{source.name}'",
                Where(note="command line"),
                rule="the models of a set, and the set itself, have names of their own in C",
                help=f"name the model: NAME={source.model}; the set is named by --name or -o",
            )
        taken[own] = f"'{source.model}'"
    return name


def _check_options(options: GenOptions) -> None:
    """Raise E0017 for options that are for one model."""
    if options.plan_svg is not None:
        raise _impossible("a picture shows one memory plan", "--plan-svg", "use it with one model")
    if options.place:
        raise _impossible("a shared arena is in one memory", "--place", "use it with one model")
    if options.stream_input:
        raise _impossible(
            "rows of an input are kept in the arena from call to call",
            "--stream-input",
            "give the models whole inputs, or this one an arena of its own",
        )


def _impossible(what: str, option: str, advice: str) -> EdgecError:
    return fail("E0017", what, Where(note=option), help=advice)


def _bind_states(members: Sequence[_Member], options: GenOptions) -> None:
    """A state belongs to every model that has an input and an output of its names."""
    for pair in options.states:
        owners = [m.graph for m in members if has_names(m.graph, pair)]
        for graph in owners or [members[0].graph]:  # which then tells what is missing
            bind_states(graph, [pair])


def _told(source: _Source, progress: Progress) -> Progress:
    """Progress that names the model."""
    return lambda stage: progress(f"{source.name}: {stage}")


# planning ------------------------------------------------------------------------------------


def _budgeted(name: str, members: Sequence[_Member], progress: Progress) -> _Set:
    """The cheapest way that `--ram` has room for, and what it costs."""
    options = members[0].options
    looked = looked_at(options)

    def compiled(made: _Set) -> _Set:
        return dataclasses.replace(made, compiled=tuple(map(looked, made.compiled)))

    free = [
        dataclasses.replace(m, options=dataclasses.replace(m.options, ram=None)) for m in members
    ]
    plain = compiled(_placed(name, free))
    progress("looking for the cheapest schedules that fit")
    made = budget.within(
        options.ram or 0,
        lambda stack: compiled(_placed(name, members, stack)),
        plain.stack,
        STACK_ROOM,
    )
    return dataclasses.replace(made, trade=budget.trade(made, plain))


def _placed(name: str, members: Sequence[_Member], stack: int = STACK_ROOM) -> _Set:
    """All models in one arena, with `stack` bytes of a budget of RAM for the stack."""
    planned = _planned(members, stack)
    alone = tuple(plan for _, plan in planned)
    compiled = tuple(
        emitted(m.model, m.graph, (program, plan), m.options, lambda _: None)
        for m, (program, _), plan in zip(members, planned, share_arena(alone), strict=True)
    )
    check_shared([c.program for c in compiled], [c.plan for c in compiled])
    return _Set(name, compiled, alone)


def _planned(members: Sequence[_Member], stack: int) -> list[Planned]:
    """Each model for the arena of the one that needs most: the others may use all of that."""
    states = [_state_bytes(m.graph) for m in members]
    goals = [
        _less(goal_of(m.options, stack), sum(states) - own)
        for m, own in zip(members, states, strict=True)
    ]
    features = load_target(members[0].options.target).features
    found = [Fit.of(m.graph, features, g).best() for m, g in zip(members, goals, strict=True)]
    room = max(_run_bytes(plan) for _, plan in found)
    return [
        _roomier(Fit.of(m.graph, features, goal), made, room)
        for m, goal, made in zip(members, goals, found, strict=True)
    ]


def _state_bytes(graph: Graph) -> int:
    """Upper bound of what a model keeps from run to run, each state aligned for all uses."""
    return sum(round_up(x.type.bytes, 16) for x, _ in graph.states)


def _less(goal: Goal, others: int) -> Goal:
    """`goal` with the states of other models in the same memory."""
    return goal if goal.ram is None else dataclasses.replace(goal, ram=goal.ram - others)


def _run_bytes(plan: MemoryPlan) -> int:
    """What a run needs behind the states."""
    return plan.arena_bytes - plan.state_bytes


def _roomier(fit: Fit, made: Planned, room: int) -> Planned:
    """A faster program, if one fits into `room` bytes that another model needs anyway."""
    plan = made[1]
    if _run_bytes(plan) >= room:
        return made
    ram = room + plan.state_bytes
    goal = dataclasses.replace(
        fit.goal, rows=0.0, ram=ram, arena=max(fit.goal.arena, ram / max(plan.arena_bytes, 1))
    )
    other = dataclasses.replace(fit, goal=goal).best()
    cheaper = estimate(other[0]) < estimate(made[0])
    return other if cheaper and _run_bytes(other[1]) <= room else made


# results -------------------------------------------------------------------------------------


def _folders(compiled: Sequence[Compiled], alone: Sequence[MemoryPlan]) -> list[Member]:
    members = []
    for made, plan in zip(compiled, alone, strict=True):
        places = [made.plan.offsets[port.buffer.name] for port in made.program.states]
        size = sum(port.buffer.bytes for port in made.program.states)
        members.append(Member(made.emission, plan.arena_bytes, min(places, default=0), size))
    return members


def _summaries(
    emission: SharedEmission, made: _Set, options: GenOptions
) -> tuple[Summary, tuple[Summary, ...]]:
    """Of the set, and of each model."""
    ram, flash = capacity(options)
    manifest = emission.manifest
    parts = tuple(
        _stacked(summarize(c.emission.manifest, c.plan, (ram, flash)), c) for c in made.compiled
    )
    whole = Summary(
        name=manifest.name,
        target=manifest.target,
        board=manifest.board,
        macs=sum(p.macs for p in parts),
        flash=FlashUse(manifest.weights_bytes, made.code_bytes or 0, capacity=flash),
        ram=MemoryUse(manifest.arena.bytes, stack_bound=manifest.stack_bound, capacity=ram),
        layers=tuple(
            dataclasses.replace(row, name=f"{p.name}/{row.name}") for p in parts for row in p.layers
        ),
        notes=tuple(f"{p.name}: {note}" for p in parts for note in p.notes),
        trade=made.trade,
    )
    return whole, parts


def _stacked(summary: Summary, compiled: Compiled) -> Summary:
    bound = compiled.emission.manifest.stack_bound
    return dataclasses.replace(summary, ram=dataclasses.replace(summary.ram, stack_bound=bound))
