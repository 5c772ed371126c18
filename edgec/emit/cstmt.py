"""C text of loop IR statements."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgec.emit.cexpr import ExprPrinter
from edgec.loops.expr import Call, Expr
from edgec.loops.index import interval
from edgec.loops.stmt import (
    Assign,
    Break,
    For,
    If,
    KernelCall,
    Let,
    Local,
    Stmt,
    Store,
    expressions,
    subexpressions,
)

INDENT = "    "
UNROLL_TURNS = 8
UNROLL_STATEMENTS = 4
# the last part of names of functions that are a few instructions
SIMPLE_CALLS = ("_s8", "_u8", "_s16", "_s32", "fabsf", "_min_f32", "_max_f32")


@dataclass
class StmtPrinter:
    """Prints the body of one step."""

    exprs: ExprPrinter
    kernel_headers: set[str] = field(default_factory=set)

    def lines(self, body: tuple[Stmt, ...], depth: int = 1) -> list[str]:
        """The statements as lines of C, indented by `depth` levels."""
        out: list[str] = []
        for stmt in body:
            out.extend(self._stmt(stmt, depth))
        return out

    def _stmt(self, stmt: Stmt, depth: int) -> list[str]:
        pad = INDENT * depth
        match stmt:
            case For():
                return self._for(stmt, depth)
            case If():
                return self._if(stmt, depth)
            case Let(var=var, value=value):
                return [f"{pad}const {var.dtype.c_name} {var.name} = {self._value(value)};"]
            case Local(var=var, value=value):
                return [f"{pad}{var.dtype.c_name} {var.name} = {self._value(value)};"]
            case Assign(var=var, value=value):
                return [f"{pad}{var.name} = {self._value(value)};"]
            case Store():
                place = f"{self.exprs.buffer_name(stmt.buffer)}[{self._flat(stmt)}]"
                return [f"{pad}{place} = {self._value(stmt.value)};"]
            case Break():
                return [f"{pad}break;"]
            case KernelCall():
                return self._call(stmt, pad)
        raise TypeError(f"cannot print {type(stmt).__name__}")

    def _for(self, stmt: For, depth: int) -> list[str]:
        pad, name = INDENT * depth, stmt.var.name
        step = f"++{name}" if stmt.step == 1 else f"{name} += {stmt.step}"
        begin, end = self._value(stmt.begin), self.exprs.text(stmt.end, 10)
        head = f"{pad}for (int32_t {name} = {begin}; {name} < {end}; {step}) {{"
        hint = [f"{pad}EDGEC_UNROLL"] if is_short(stmt) else []
        return [*hint, head, *self.lines(stmt.body, depth + 1), f"{pad}}}"]

    def _if(self, stmt: If, depth: int) -> list[str]:
        pad = INDENT * depth
        out = [f"{pad}if ({self._value(stmt.cond)}) {{", *self.lines(stmt.then, depth + 1)]
        if stmt.otherwise:
            out += [f"{pad}}} else {{", *self.lines(stmt.otherwise, depth + 1)]
        return [*out, f"{pad}}}"]

    def _call(self, stmt: KernelCall, pad: str) -> list[str]:
        self.kernel_headers.update(stmt.includes)
        text = stmt.text
        for k, buffer in enumerate(stmt.buffers):
            text = text.replace(f"@{k}@", self.exprs.buffer_name(buffer))
        return [f"{pad}{line}" if line else "" for line in text.splitlines()]

    def _flat(self, stmt: Store) -> str:
        return self.exprs.flat(stmt.index, stmt.buffer.shape)

    def _value(self, e: Expr) -> str:
        return self.exprs.text(e)


def is_short(loop: For) -> bool:
    """True for a loop of 8 turns or more over a few simple statements, worth unrolling."""
    first, last = interval(loop.begin)[0], interval(loop.end)[1]
    if (last - first) // loop.step < UNROLL_TURNS:
        return False
    if len(loop.body) > UNROLL_STATEMENTS:
        return False
    return all(
        isinstance(stmt, Let | Assign | Store)
        and all(_is_simple(e) for root in expressions(stmt) for e in subexpressions(root))
        for stmt in loop.body
    )


def _is_simple(e: Expr) -> bool:
    """False for functions with a body of their own, such as those of the C library."""
    return not isinstance(e, Call) or e.function.endswith(SIMPLE_CALLS)
