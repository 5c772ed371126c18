"""Reports on small models, made without a C compiler."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from edgec.emit.folder import EmitOptions, emit
from edgec.ir.graph import Graph
from edgec.lower.lowering import number_steps
from edgec.lower.program import Program
from edgec.plan.candidates import Goal
from edgec.plan.fit import Fit
from edgec.plan.result import MemoryPlan
from edgec.report.advice import summarize
from edgec.report.page import Report, make_report
from edgec.targets import load_target

NO_CODE: Mapping[str, int] = MappingProxyType({})


def planned(graph: Graph, rows: float, name: str = "net") -> tuple[Program, MemoryPlan]:
    """A program whose streams may cost `rows` of its instructions."""
    goal = Goal(flash=0.05, arena=0.0, rows=rows, ram=None, align=16)
    program, plan = Fit.of(graph, frozenset(), goal).best()
    return number_steps(dataclasses.replace(program, name=name)), plan


def report_on(
    graph: Graph,
    rows: float = 0.0,
    *,
    name: str = "net",
    code: Mapping[str, int] = NO_CODE,
    ram: int | None = None,
    problems: tuple[str, ...] = (),
) -> Report:
    """The report on `graph` for x86-64; `ram`: what there is."""
    program, plan = planned(graph, rows, name)
    manifest = emit(program, plan, load_target("x86_64"), EmitOptions()).manifest
    summary = summarize(manifest, plan, (ram, None))
    return make_report(program, plan, manifest, summary, code, problems)
