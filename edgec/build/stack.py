"""A bound of the stack that a model's entry function needs, callees included.

gcc reports each function's frame and the calls that it makes (-fcallgraph-info=su); the
disassembly adds libraries. The bound is the heaviest path from the entry function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgec.build.disassembly import Frame, disassembled_frames
from edgec.build.firmware import Firmware

_NODE = re.compile(r'^node: \{ title: "([^"]*)" label: "([^"]*)"')
_EDGE = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')
_SIZE = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
_INDIRECT = "__indirect_call"


@dataclass(frozen=True)
class StackBound:
    """`bytes` cover every path if `is_sound`.

    Otherwise `unknown` names called functions whose frame nothing reports, or `unbounded` names
    functions that recurse, call through pointers or have frames whose size depends on data.
    """

    bytes: int
    unknown: tuple[str, ...] = ()
    unbounded: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether no execution can need more."""
        return not self.unknown and not self.unbounded

    @property
    def proven(self) -> int | None:
        """`bytes` if no execution can need more, else None."""
        return self.bytes if self.is_sound else None


def stack_bound(firmware: Firmware, function: str = "") -> StackBound:
    """The bound for `function`, by default the model's entry function."""
    elf = None if firmware.board.is_host else firmware.elf
    name = function or firmware.manifest.entry
    return bound_of_objects(firmware.model_objects, elf, firmware.manifest.cc, name)


def bound_of_objects(
    objects: Iterable[Path], elf: Path | None, cc: str, function: str
) -> StackBound:
    """The bound for `function` of `objects`, whose .ci files lie beside them.

    They and the libraries are linked in `elf`; it is None for x86-64, where .ci files must do.
    """
    reports = [path.with_suffix(".ci") for path in objects]
    frames = reported_frames(path.read_text() for path in reports if path.exists())
    if elf is None:
        return _host_bound(frames, function)
    return bound_of(_with_libraries(frames, elf, cc), function)


def reported_frames(reports: Iterable[str]) -> dict[str, Frame]:
    """The frames in the texts of gcc's .ci files, by function name."""
    frames: dict[str, Frame] = {}
    for report in reports:
        for name, frame in _frames_of_report(report).items():
            frames[name] = frame.merged(frames[name]) if name in frames else frame
    return frames


def bound_of(frames: dict[str, Frame], function: str) -> StackBound:
    """The heaviest path from `function` through `frames`."""
    done: dict[str, int] = {}
    unknown: set[str] = set()
    unbounded: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> int:
        if name in path:
            unbounded.add(name)
            return 0
        if name in done:
            return done[name]
        frame = frames.get(name)
        if frame is None:
            unknown.add(name)
            return 0
        if frame.dynamic or frame.indirect:
            unbounded.add(name)
        deepest = max((visit(callee, (*path, name)) for callee in sorted(frame.callees)), default=0)
        done[name] = frame.bytes + deepest
        return done[name]

    total = visit(function, ())
    return StackBound(total, tuple(sorted(unknown)), tuple(sorted(unbounded)))


def _frames_of_report(report: str) -> dict[str, Frame]:
    """One file's frames. Names of static functions lose gcc's "file.c:" in front."""
    sizes: dict[str, Frame] = {}
    calls: dict[str, set[str]] = {}
    for line in report.splitlines():
        node = _NODE.match(line)
        size = _SIZE.search(node.group(2)) if node else None
        if node and size:
            dynamic = size.group(2) == "dynamic"
            sizes[_bare(node.group(1))] = Frame(int(size.group(1)), frozenset(), dynamic)
        edge = _EDGE.match(line)
        if edge:
            calls.setdefault(_bare(edge.group(1)), set()).add(_bare(edge.group(2)))
    return {
        name: Frame(
            frame.bytes,
            frozenset(calls.get(name, set()) - {_INDIRECT}),
            frame.dynamic,
            _INDIRECT in calls.get(name, set()),
        )
        for name, frame in sizes.items()
    }


def _bare(title: str) -> str:
    return title.rpartition(":")[2]


def _host_bound(frames: dict[str, Frame], function: str) -> StackBound:
    """x86-64: gcc's frames lack the return address (8 bytes) and the red zone below (128)."""
    grown = {
        name: Frame(frame.bytes + 8, frame.callees, frame.dynamic, frame.indirect)
        for name, frame in frames.items()
    }
    bound = bound_of(grown, function)
    return StackBound(bound.bytes + 128, bound.unknown, bound.unbounded)


def _with_libraries(frames: dict[str, Frame], elf: Path, cc: str) -> dict[str, Frame]:
    """`frames` with the calls of the machine code, and the functions that no report covers.

    gcc reports calls that it removes later, none of those that it makes for arithmetic, and no
    stack for a function whose body is assembly: the machine code tells.
    """
    read = disassembled_frames(elf, cc)
    result = dict(read)
    for name, frame in frames.items():
        seen = read.get(name)
        if seen is None:
            result[name] = frame
            continue
        size = frame.bytes or seen.bytes
        result[name] = Frame(size, seen.callees, frame.dynamic, frame.indirect)
    return result
