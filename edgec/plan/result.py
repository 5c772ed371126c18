"""What planning produces: the arena layout, buffer lifetimes and the account of the peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifetime:
    """When a root buffer must keep its bytes, in positions of the execution order.

    `first` and `last` are inclusive; -1 is "before the first step" and the number of steps
    is "after the last step". `bytes` is the buffer's size, `align` in bytes.
    """

    name: str
    first: int
    last: int
    bytes: int
    align: int


@dataclass(frozen=True)
class ArenaPart:
    """`bytes` bytes of the arena that are in `memory`. `start`: the first one's address.

    Addresses count through all parts, so that one number says where a buffer is.
    """

    memory: str
    start: int
    bytes: int

    @property
    def stop(self) -> int:
        """The address behind the last byte."""
        return self.start + self.bytes


@dataclass(frozen=True)
class MemoryPlan:
    """Where every arena buffer lives and in which order the steps run.

    arena_bytes: exact size of the arena in bytes; of all its parts, if it has several.
    align: alignment in bytes that the arena itself must have.
    offsets: byte offset in the arena of every buffer that is not constant, by name;
        buffers inside a parent are listed too.
    order: indices into `Program.steps`, in execution order.
    lower_bound: bytes that no placement and no choice of in-place pairs can go below, for
        this order.
    proven_optimal: no smaller arena exists for this order.
    order_proven: no other order has a smaller peak of live bytes.
    solver: what found the layout, for the report.
    peak_step: index into `Program.steps` of the step with the most live bytes; -1 without steps.
    lifetimes: one entry per planned root buffer.
    shared: in-place pairs that were used: (written buffer, read buffer).
    parts: of an arena in several memories, by address; inputs and outputs are in the first one.
    reserved: bytes at the begin of the arena for the addresses of the other parts.
    state_bytes: the front of the arena, which holds what is kept from run to run.
    """

    arena_bytes: int
    align: int
    offsets: Mapping[str, int]
    order: tuple[int, ...]
    lower_bound: int
    proven_optimal: bool
    order_proven: bool
    solver: str
    peak_step: int
    lifetimes: tuple[Lifetime, ...]
    shared: tuple[tuple[str, str], ...]
    parts: tuple[ArenaPart, ...] = ()
    reserved: int = 0
    state_bytes: int = 0

    @property
    def first_bytes(self) -> int:
        """Size of the part that `NAME_run` takes."""
        return self.parts[0].bytes if self.parts else self.arena_bytes


@dataclass(frozen=True)
class LiveBuffer:
    """A buffer that occupies arena bytes at the peak."""

    name: str
    role: str  # "input", "output", "temp", "state" or "scratch"
    offset: int
    bytes: int
    made_by: str  # name of the step that first writes it, "" if it is live from the start
    last_used_by: str  # name of the step that uses it last, "" if it is live until the end
    shares_with: str  # buffer of this list whose bytes it reuses in place, or ""


@dataclass(frozen=True)
class PeakReport:
    """Why the arena is as large as it is."""

    step: int  # index into Program.steps, -1 without steps
    step_name: str
    op: str
    position: int  # place of the step in the execution order
    live_bytes: int  # bytes occupied at the peak, shared bytes counted once
    arena_bytes: int
    lower_bound: int
    live: tuple[LiveBuffer, ...]  # largest first
