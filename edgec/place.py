"""`--place`: which memory of a board holds the arena and the weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgec.boards import Board, Memory
from edgec.config import parse_bytes
from edgec.diagnostics import EdgecError, Where, fail

STACK_ROOM = 512  # bytes of the memory of data that are left for the stack
PART_LIMIT = 4  # parts of an arena
_EXAMPLE = "for example --place arena=DTCM:16K,RAM"
_RULE = "--place arena=MEMORY[:BYTES][,MEMORY...], --place weights=MEMORY or --place auto"


@dataclass(frozen=True)
class Room:
    """Up to `bytes` bytes of a memory, for a part of the arena."""

    memory: Memory
    bytes: int


@dataclass(frozen=True)
class Places:
    """What was asked for. `arena`: memories in which the arena may be; `weights`: where they are.

    auto: edgec chooses, by what the memories cost.
    """

    arena: tuple[Room, ...]
    weights: Memory
    auto: bool = False

    @property
    def arena_bytes(self) -> int:
        """Room for the arena, all parts together."""
        return sum(room.bytes for room in self.arena)


@dataclass
class _Found:
    """The rules read so far."""

    arena: tuple[Room, ...] = ()
    weights: Memory | None = None
    auto: bool = False
    seen: set[str] = field(default_factory=set)


def read_places(rules: Iterable[str], board: Board | None) -> Places | None:
    """What `rules` ask of `board`; None without rules. Raises E0520."""
    texts = tuple(rules)
    if not texts:
        return None
    if board is None or board.placement is None:
        raise _unusable(
            texts[0],
            "without a board there are no memories to choose from"
            if board is None
            else f"board '{board.name}' has one memory for everything",
            "say --board NAME as well; `edgec boards` lists them",
        )
    found = _Found()
    for text in texts:
        _read(text, board, found)
    if found.auto and len(texts) > 1:
        raise _unusable("auto", "edgec cannot choose what other rules decide", "leave one out")
    rooms = _fastest(board) if found.auto else found.arena
    default = board.memory(board.placement.arena)
    weights = found.weights or board.memory(board.placement.weights)
    arena = rooms or (Room(default, _usable(board, default)),)
    return Places(arena, weights, found.auto)


def faster_first(rooms: Iterable[Room]) -> tuple[Room, ...]:
    """The rooms by what an access to them costs; of equal ones the first named is first."""
    return tuple(sorted(rooms, key=lambda room: room.memory.wait))


def automatic(board: Board) -> Places:
    """What `--place auto` starts from on a board with memories."""
    assert board.placement is not None
    return Places(_fastest(board), board.memory(board.placement.weights), auto=True)


def _fastest(board: Board) -> tuple[Room, ...]:
    """The memory of the arena, and all RAM that is faster."""
    assert board.placement is not None
    default = board.memory(board.placement.arena)
    ram = [m for m in board.memories if m.kind == "ram" and m.wait < default.wait]
    return faster_first(Room(m, _usable(board, m)) for m in (*ram, default))[-PART_LIMIT:]


def _read(text: str, board: Board, found: _Found) -> None:
    """One rule."""
    if text == "auto":
        found.auto = True
        return
    what, equals, where = text.partition("=")
    if what not in ("arena", "weights") or not equals or what in found.seen:
        problem = "is given twice" if what in found.seen else "is not such a rule"
        raise _unusable(text, f"'{what}' {problem}", _EXAMPLE)
    found.seen.add(what)
    if what == "weights":
        found.weights = _memory(text, where, board)
        return
    found.arena = tuple(_room(text, part, board) for part in where.split(","))
    names = [room.memory.name for room in found.arena]
    if len(set(names)) < len(names) or len(names) > PART_LIMIT:
        raise _unusable(text, "it names a memory twice, or too many", f"at most {PART_LIMIT}")


def _room(text: str, part: str, board: Board) -> Room:
    """`MEMORY` or `MEMORY:BYTES` of a rule for the arena."""
    name, colon, limit = part.partition(":")
    memory = _memory(text, name, board)
    if memory.kind != "ram":
        known = ", ".join(m.name for m in board.memories if m.kind == "ram")
        raise _unusable(text, f"{memory.name} is no RAM", f"RAM of '{board.name}': {known}")
    usable = _usable(board, memory)
    asked = parse_bytes(limit, "--place", _EXAMPLE) if colon else usable
    if asked > usable:
        what = f"{memory.name} has room for {usable:,} bytes, not for {asked:,}"
        raise _unusable(text, what, f"--place arena={memory.name}:{usable} is the most")
    return Room(memory, asked)


def _usable(board: Board, memory: Memory) -> int:
    """Bytes of a memory that an arena may take."""
    assert board.placement is not None
    return memory.bytes - (STACK_ROOM if memory.name == board.placement.data else 0)


def _memory(text: str, name: str, board: Board) -> Memory:
    if re.fullmatch(r"\w+", name):
        for memory in board.memories:
            if memory.name.lower() == name.lower():
                return memory
    known = ", ".join(f"{m.name} ({m.kind}, {m.bytes:,} bytes)" for m in board.memories)
    raise _unusable(text, f"'{board.name}' has no memory '{name}'", f"it has {known}")


def _unusable(text: str, what: str, help: str) -> EdgecError:
    return fail(
        "E0520",
        f"the rule '{text}' cannot be followed: {what}",
        Where(note="--place"),
        rule=_RULE,
        help=help,
    )
