"""Text form of a lowered program, short and stable: what `--dump-ir` writes.

    step l01_add: Add by loops, reads x, writes y, from "node1" {
      for i0 in 0..64 {
        let t0: f32 = x[0, i0] * 2.0
        y[0, i0] = max(t0, 0.0)
      }
    }

`+ - *` promise no overflow, `+% -% *%` wrap; `s8(e)` is a conversion. Nested operations
are always in parentheses, so that nobody has to know a precedence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np

from edgec.ir.arrays import show_array
from edgec.ir.types import DType
from edgec.loops.buffer import Buffer
from edgec.loops.expr import (
    INDEX,
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Load,
    Select,
    Unary,
    Var,
)
from edgec.loops.steps import ProgramView, StepView
from edgec.loops.stmt import Assign, Break, For, If, KernelCall, Let, Local, Stmt, Store

_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "wadd": "+%",
    "wsub": "-%",
    "wmul": "*%",
    "div": "/",
    "mod": "mod",
    "and": "and",
    "or": "or",
    "xor": "xor",
    "shl": "<<",
    "shr": ">>",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
    "ne": "!=",
}


def print_program(program: ProgramView) -> str:
    """The text of a program; ends with a newline."""
    lines = [f"program {json.dumps(program.name)} {{"]
    for kind, ports in (("input", program.inputs), ("output", program.outputs)):
        lines += [f"  {kind} {json.dumps(p.name)} in {print_buffer(p.buffer)}" for p in ports]
    lines += [f"  const {print_buffer(b)}{_data(b)}" for b in program.constants]
    for step in program.steps:
        lines += [f"  {line}" for line in print_step(step).splitlines()]
    return "\n".join([*lines, "}", ""])


def print_step(step: StepView) -> str:
    """The text of one step."""
    head = f"step {step.name}: {step.op} by {step.kernel}"
    for what, buffers in (("reads", step.reads), ("writes", step.writes)):
        if buffers:
            head += f", {what} " + " ".join(b.name for b in buffers)
    for write, read in step.inplace:
        head += f", {step.writes[write].name} over {step.reads[read].name}"
    if step.macs:
        head += f", macs {step.macs}"
    if step.nodes:
        head += ", from " + " ".join(json.dumps(n) for n in step.nodes)
    lines = [head + " {"]
    lines += [f"  scratch {print_buffer(b)}" for b in step.scratch]
    lines += list(_block(step.body, "  "))
    return "\n".join([*lines, "}"])


def print_buffer(buffer: Buffer) -> str:
    """`name: f32[2,3]`, with storage and place where they are not the usual."""
    text = f"{buffer.name}: {buffer.dtype.value}[{','.join(map(str, buffer.shape))}]"
    if buffer.align:
        text += f" align {buffer.align}"
    if buffer.parent is not None:
        text += f" at {buffer.parent.name}+{buffer.parent_offset}"
    return text


def _data(buffer: Buffer) -> str:
    return "" if buffer.data is None else f" = {show_array(buffer.data)}"


def _block(body: tuple[Stmt, ...], indent: str) -> Iterator[str]:
    for stmt in body:
        if isinstance(stmt, For):
            step = f" by {stmt.step}" if stmt.step != 1 else ""
            span = f"{print_expr(stmt.begin)}..{print_expr(stmt.end)}"
            yield f"{indent}for {stmt.var.name} in {span}{step} {{"
            yield from _block(stmt.body, indent + "  ")
            yield indent + "}"
        elif isinstance(stmt, If):
            yield f"{indent}if {print_expr(stmt.cond)} {{"
            yield from _block(stmt.then, indent + "  ")
            if stmt.otherwise:
                yield indent + "} else {"
                yield from _block(stmt.otherwise, indent + "  ")
            yield indent + "}"
        else:
            yield indent + _simple(stmt)


def _simple(stmt: Stmt) -> str:
    if isinstance(stmt, Let | Local):
        word = "let" if isinstance(stmt, Let) else "var"
        var = stmt.var
        span = "" if var.low is None else f" in {var.low}..={var.high}"
        return f"{word} {var.name}: {var.dtype.value}{span} = {print_expr(stmt.value)}"
    if isinstance(stmt, Assign):
        return f"{stmt.var.name} = {print_expr(stmt.value)}"
    if isinstance(stmt, Store):
        return f"{_element(stmt.buffer, stmt.index)} = {print_expr(stmt.value)}"
    if isinstance(stmt, Break):
        return "break"
    if isinstance(stmt, KernelCall):
        buffers = " ".join(b.name for b in stmt.buffers)
        return f"call {json.dumps(stmt.text)} with {buffers}"
    raise TypeError(f"a statement of kind {type(stmt).__name__} has no text form")


def print_expr(e: Expr) -> str:
    """The text of an expression, without parentheses around the whole."""
    if isinstance(e, Const):
        return _constant(e)
    if isinstance(e, Var):
        return e.name
    if isinstance(e, Load):
        return _element(e.buffer, e.index)
    if isinstance(e, Unary):
        return f"{e.op} {_inner(e.x)}"
    if isinstance(e, Binary):
        return _binary(e)
    if isinstance(e, Cast):
        return f"{e.dtype.value}({print_expr(e.x)})"
    if isinstance(e, Select):
        return f"{_inner(e.cond)} ? {_inner(e.a)} : {_inner(e.b)}"
    if isinstance(e, Call):
        return f"{e.function}({', '.join(print_expr(a) for a in e.args)})"
    raise TypeError(f"an expression of kind {type(e).__name__} has no text form")


def _binary(e: Binary) -> str:
    if e.op in ("min", "max"):
        return f"{e.op}({print_expr(e.a)}, {print_expr(e.b)})"
    return f"{_inner(e.a)} {_INFIX[e.op]} {_inner(e.b)}"


def _inner(e: Expr) -> str:
    simple = isinstance(e, Const | Var | Load | Cast | Call) or (
        isinstance(e, Binary) and e.op in ("min", "max")
    )
    return print_expr(e) if simple else f"({print_expr(e)})"


def _element(buffer: Buffer, index: tuple[Expr, ...]) -> str:
    return f"{buffer.name}[{', '.join(print_expr(i) for i in index)}]"


def _constant(e: Const) -> str:
    if e.dtype is DType.BOOL:
        return "true" if e.value else "false"
    if e.dtype is INDEX:
        return str(int(e.value))
    if e.dtype is DType.F32:
        return _float32(float(e.value))
    return f"{e.dtype.value}({e.value!r})"


def _float32(value: float) -> str:
    """Shortest text that is this float32; the value itself if it is none."""
    if not math.isfinite(value):
        return repr(value)
    with np.errstate(over="ignore"):
        short = np.float32(value)
    return str(short) if float(short) == value else repr(value)
