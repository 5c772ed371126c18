"""A budget of RAM: for the arena and the stack that its code needs; what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from edgec.report.records import Trade

ROUNDS = 3  # times that another stack is taken into account


class Fitted(Protocol):
    """A program, or several that share an arena, with what it takes."""

    @property
    def arena(self) -> int:
        """Bytes of the arena."""

    @property
    def stack(self) -> int | None:
        """Bytes of stack at most; None if the compiler was not asked, or cannot tell."""

    @property
    def cost(self) -> float:
        """Estimated instructions."""

    @property
    def weights(self) -> int:
        """Bytes of the weights."""

    @property
    def code_bytes(self) -> int | None:
        """Bytes of code; None if nothing was compiled."""


AnyFitted = TypeVar("AnyFitted", bound=Fitted)


def within(
    ram: int, planned: Callable[[int], AnyFitted], guess: int | None, unknown: int
) -> AnyFitted:
    """The cheapest program that fits `ram` bytes together with the stack that its code needs.

    If none does, the smallest that is found. planned: the program that is best with so many bytes
    for the stack. guess: what the stack may be; without it nobody can tell, and `unknown` is kept.
    """
    room = unknown if guess is None else guess
    best = latest = planned(room)
    for _ in range(ROUNDS):
        if latest.stack is None:
            break
        fits = latest.arena + latest.stack <= ram
        # what was best with less room for the stack, and fits, is the best of all that fit
        if latest.stack == room or (fits and latest.stack > room):
            break
        room = latest.stack
        latest = planned(room)
        best = min(best, latest, key=lambda made: _order(made, ram))
    return best


def _order(made: Fitted, ram: int) -> tuple[bool, float]:
    """What fits comes first, then what is cheaper, or smaller if it does not fit."""
    total = made.arena + (made.stack or 0)
    unsure = made.stack is None or total > ram
    return unsure, total if unsure else made.cost


def trade(made: Fitted, free: Fitted) -> Trade:
    """What `made` costs against `free`, the program without a budget of RAM."""
    after, before = made.code_bytes, free.code_bytes
    code = after - before if after is not None and before is not None else 0
    return Trade(
        arena=free.arena,
        stack=free.stack,
        instructions=made.cost / max(free.cost, 1.0) - 1,
        flash=made.weights - free.weights + code,
        compiled=None not in (after, before),
    )
