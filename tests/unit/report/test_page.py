"""A report holds every layer, tensor and stream of a model, and adds up."""

from __future__ import annotations

import dataclasses

from edgec.emit.folder import EmitOptions, emit
from edgec.report.page import make_report
from edgec.targets import load_target
from tests.support.nets import image_net
from tests.support.reports import planned, report_on

NET = image_net(0, height=40, width=12)


def test_every_layer_and_tensor_is_there() -> None:
    program, plan = planned(NET, 0.3)
    report = report_on(NET, 0.3)
    assert [d.row.name for d in report.layers] == [s.name for s in program.steps]
    assert {(t.name, t.bytes, t.offset) for t in report.tensors} == {
        (t.name, t.bytes, plan.offsets[t.name]) for t in plan.lifetimes if t.bytes
    }


def test_constants_of_the_layers_are_all_constants() -> None:
    report = report_on(NET, 0.3)
    assert sum(d.constants for d in report.layers) == report.summary.flash.weights > 0


def test_code_is_that_of_the_layers_own_function() -> None:
    first = report_on(NET).layers[0].row.name
    report = report_on(NET, code={f"net_{first}": 123, "other": 5})
    assert [d.code for d in report.layers] == [123] + [None] * (len(report.layers) - 1)
    assert report.layers[0].flash == 123 + report.layers[0].constants


def test_a_stream_tells_its_steps_and_windows() -> None:
    program, _ = planned(NET, 0.3)
    (note, *_), (stream, *_) = report_on(NET, 0.3).streams, program.streams
    assert (note.steps, note.turns) == (len(stream.stages), stream.turns)
    assert [w.tensor for w in note.windows] == [w.buffer.name for w in stream.windows]
    assert all(w.bytes < w.whole for w in note.windows)
    inside = [d.number for d in report_on(NET, 0.3).layers if d.stream == 0]
    assert inside == list(range(stream.first, stream.stop))


def test_findings_name_the_peak_and_the_most_work() -> None:
    report = report_on(NET)
    top = max(report.layers, key=lambda d: d.row.macs)
    assert report.peak.step_name in report.findings[0]
    assert any(line.startswith(f"{top.row.name} takes ") for line in report.findings)


def test_measured_instructions_are_the_work() -> None:
    report = report_on(NET)
    rows = tuple(dataclasses.replace(r, instructions=10) for r in report.summary.layers)
    rows = (*rows[:-1], dataclasses.replace(rows[-1], instructions=90))
    summary = dataclasses.replace(report.summary, layers=rows, instructions=1000)
    program, plan = planned(NET, 0.0)
    manifest = emit(program, plan, load_target("x86_64"), EmitOptions()).manifest
    counted = make_report(program, plan, manifest, summary, {}, ())
    assert counted.counted and not report.counted
    assert any(f"{rows[-1].name} takes" in line for line in counted.findings)


def test_what_does_not_fit_comes_with_advice() -> None:
    report = report_on(NET, ram=100, problems=("too large",))
    assert report.problems == ("too large",)
    assert report.advice
