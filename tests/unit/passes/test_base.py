"""Facts about running passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from edgec.diagnostics import EdgecError, ExitCode, fail
from edgec.ir.graph import Graph
from edgec.passes.base import Dumper, Fact, Pass, Timer, Verifier, run_pipeline


@dataclass(frozen=True)
class Rename(Pass):
    """Gives the graph another name."""

    name: ClassVar[str] = "rename"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_DEAD_NODES})

    to: str = "new"

    def run(self, graph: Graph) -> bool:
        modified = graph.name != self.to
        graph.name = self.to
        return modified


@dataclass(frozen=True)
class Needy(Pass):
    """Needs what Rename gives."""

    name: ClassVar[str] = "needy"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_DEAD_NODES})

    def run(self, graph: Graph) -> bool:
        return False


@dataclass(frozen=True)
class Crash(Pass):
    """Fails."""

    name: ClassVar[str] = "crash"

    def run(self, graph: Graph) -> bool:
        raise IndexError("no such axis")


@dataclass(frozen=True)
class Complain(Pass):
    """Has something to say about the user's model."""

    name: ClassVar[str] = "complain"

    def run(self, graph: Graph) -> bool:
        raise fail("E0301", "the accumulator of channel 3 overflows")


def test_a_pipeline_says_whether_anything_changed() -> None:
    assert run_pipeline(Graph("old"), [Needy(), Rename()], known=[Fact.NO_DEAD_NODES])
    assert not run_pipeline(Graph("new"), [Rename()])


def test_a_failing_pass_is_named_with_those_before_it() -> None:
    with pytest.raises(EdgecError) as caught:
        run_pipeline(Graph("g"), [Rename(), Crash()])
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0901"
    assert problem.what == "pass 'crash' failed: IndexError: no such axis"
    assert str(problem.where) == "after rename"
    assert caught.value.exit_code is ExitCode.BUG


def test_what_a_pass_says_about_the_model_is_not_called_a_bug() -> None:
    with pytest.raises(EdgecError) as caught:
        run_pipeline(Graph("g"), [Complain()])
    assert caught.value.diagnostics[0].code == "E0301"
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_pass_without_its_requirements_does_not_run() -> None:
    with pytest.raises(EdgecError, match="E0903"):
        run_pipeline(Graph("g"), [Needy()])
    run_pipeline(Graph("g"), [Rename(), Needy()])
    run_pipeline(Graph("g"), [Needy()], known=[Fact.NO_DEAD_NODES])


def test_the_verifier_blames_the_pass_that_broke_the_graph() -> None:
    def verify(graph: Graph) -> None:
        raise fail("E0901", "two values are named %x")

    with pytest.raises(EdgecError, match=r"pass 'rename' failed: .*two values"):
        run_pipeline(Graph("g"), [Rename()], [Verifier(verify)])
    run_pipeline(Graph("new"), [Rename()], [Verifier(verify)])


def test_dumps_are_numbered_and_only_of_changes() -> None:
    files: dict[str, str] = {}
    dumper = Dumper(files.__setitem__, lambda graph: graph.name)
    passes = [Rename("a"), Rename("a"), Rename("b")]
    run_pipeline(Graph("g"), passes, [dumper])
    assert files == {"00-import": "g", "01-rename": "a", "02-rename": "b"}


def test_every_pass_is_timed() -> None:
    timer = Timer()
    run_pipeline(Graph("g"), [Rename(), Needy()], [timer])
    assert [(t.name, t.modified) for t in timer.timings] == [("rename", True), ("needy", False)]
    assert all(t.seconds >= 0 for t in timer.timings)
