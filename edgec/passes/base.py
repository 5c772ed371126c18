"""What a pass is, and how a pipeline of passes runs.

A pass is a small frozen dataclass: it mutates a graph in place and says whether it did.
Everything that one may want to do between passes (verify, dump, time) is an observer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.ir.graph import Graph


class Fact(Enum):
    """Something that holds for a graph after a pass, on which later passes may rely."""

    NO_DEAD_NODES = "every node's result reaches a graph output"
    CONSTANTS_FOLDED = "no operator has only constant operands (but for those kept on purpose)"
    NO_DUPLICATES = "no two nodes compute the same"
    ACTIVATIONS_FUSED = "bounds that a convolution or Gemm can apply are part of it"
    INTEGER_ISLANDS = "every quantized island is one integer operator"
    CHANNELS_LAST = "convolutions and pools read and write channels last"


@dataclass(frozen=True)
class Pass:
    """Base of every pass. Its fields are its options, so that a pipeline is plain data."""

    name: ClassVar[str] = ""
    requires: ClassVar[frozenset[Fact]] = frozenset()
    establishes: ClassVar[frozenset[Fact]] = frozenset()

    def run(self, graph: Graph) -> bool:
        """Rewrite `graph` in place. True if anything changed.

        The meaning of the graph, its inputs, and the names and types of its outputs stay.
        """
        raise TypeError(f"pass {self.name or type(self).__name__} does nothing")


class Observer:
    """Watches a pipeline. Both methods do nothing here."""

    def before(self, step: Pass, graph: Graph) -> None:
        """Called before `step` runs."""

    def after(self, step: Pass, graph: Graph, modified: bool) -> None:
        """Called after `step` ran."""


@dataclass(frozen=True)
class Verifier(Observer):
    """Checks the graph after every pass that changed it.

    `verify` is `edgec.ir.verify.verify` unless a test wants another.
    """

    verify: Callable[[Graph], None]

    def after(self, step: Pass, graph: Graph, modified: bool) -> None:
        if modified:
            self.verify(graph)


@dataclass(frozen=True)
class Dumper(Observer):
    """Writes the graph before the first pass and after every pass that changed it.

    `write(name, text)` gets names such as "00-import" and "03-fold-constants".
    """

    write: Callable[[str, str], None]
    show: Callable[[Graph], str]
    steps: list[str] = field(default_factory=list)

    def before(self, step: Pass, graph: Graph) -> None:
        if not self.steps:
            self.steps.append("import")
            self.write("00-import", self.show(graph))

    def after(self, step: Pass, graph: Graph, modified: bool) -> None:
        if modified:
            self.write(f"{len(self.steps):02d}-{step.name}", self.show(graph))
            self.steps.append(step.name)


@dataclass(frozen=True)
class Timing:
    """How long one pass took, in seconds, and whether it changed the graph."""

    name: str
    seconds: float
    modified: bool


@dataclass(frozen=True)
class Timer(Observer):
    """Measures every pass."""

    timings: list[Timing] = field(default_factory=list)
    _started: list[float] = field(default_factory=list)

    def before(self, step: Pass, graph: Graph) -> None:
        self._started.append(time.perf_counter())

    def after(self, step: Pass, graph: Graph, modified: bool) -> None:
        self.timings.append(Timing(step.name, time.perf_counter() - self._started.pop(), modified))


def run_pipeline(
    graph: Graph,
    passes: Iterable[Pass],
    observers: Sequence[Observer] = (),
    known: Iterable[Fact] = (),
) -> bool:
    """Run `passes` in order. True if any of them changed the graph.

    `known` are facts that already hold for `graph`. A pass whose requirements no earlier
    pass established raises E0903. A pass (or an observer, such as the verifier) that fails
    raises E0901, which names the pass and those before it; what a pass has to say about
    the user's model (its own EdgecError) passes through unchanged.
    """
    facts = set(known)
    done: list[str] = []
    changed = False
    for step in passes:
        _check_requirements(step, facts, done)
        for observer in observers:
            observer.before(step, graph)
        modified = _run(step, graph, done)
        try:
            # Innermost first, so that a timer does not measure the verifier.
            for observer in reversed(observers):
                observer.after(step, graph, modified)
        except EdgecError as error:
            raise _broken(step, done, str(error)) from error
        facts |= step.establishes
        done.append(step.name)
        changed |= modified
    return changed


def _run(step: Pass, graph: Graph, done: Sequence[str]) -> bool:
    try:
        return step.run(graph)
    except EdgecError:
        raise
    except Exception as error:
        raise _broken(step, done, f"{type(error).__name__}: {error}") from error


def _check_requirements(step: Pass, facts: set[Fact], done: Sequence[str]) -> None:
    missing = step.requires - facts
    if missing:
        raise fail(
            "E0903",
            f"pass '{step.name}' runs too early",
            Where(note=_history(done)),
            rule="; ".join(sorted(fact.value for fact in missing)),
            help="this is a bug in edgec's list of passes; please report it",
            exit_code=ExitCode.BUG,
        )


def _broken(step: Pass, done: Sequence[str], why: str) -> EdgecError:
    return fail(
        "E0901",
        f"pass '{step.name}' failed: {why}",
        Where(note=_history(done)),
        rule="a pass turns a valid graph into a valid graph of the same meaning",
        help="this is a bug in edgec; please report it with the model",
        exit_code=ExitCode.BUG,
    )


def _history(done: Sequence[str]) -> str:
    return f"after {', '.join(done)}" if done else "first pass of the pipeline"
