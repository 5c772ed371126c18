"""Boards: memories, start-up code and an emulator. One folder each in `boards/`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgec.paths import boards_dir
from edgec.targets import unknown_name
from edgec.toml_reader import TomlTable, read_toml


@dataclass(frozen=True)
class Memory:
    """`bytes` bytes at address `base`; `kind` is "flash" or "ram".

    wait: cycles that an access of up to 32 bits waits, on average when data is read one after
    the other.
    """

    name: str
    kind: str
    base: int
    bytes: int
    wait: float = 0.0

    def holds(self, address: int) -> bool:
        """Whether `address` lies in this memory."""
        return self.base <= address < self.base + self.bytes


@dataclass(frozen=True)
class Placement:
    """The name of the memory that holds each part of an image.

    weights_load: where start-up code finds the weights, which it copies to `weights` unless they
    are the same. parts: of the arena, behind the first one in `arena`.
    """

    vectors: str
    code: str
    weights: str
    weights_load: str
    data: str
    arena: str
    parts: tuple[str, ...] = ()

    @property
    def copies_weights(self) -> bool:
        """Whether weights are copied before the first run."""
        return self.weights != self.weights_load


@dataclass(frozen=True)
class Board:
    """A place where generated code runs. `start` is "cortex_m", "riscv" or "host".

    `targets` are the targets whose code it executes, the board's own first. The host has no
    memories and no placement.
    """

    name: str
    description: str
    targets: tuple[str, ...]
    start: str
    emulator: str
    emulator_args: tuple[str, ...]
    memories: tuple[Memory, ...]
    placement: Placement | None

    @property
    def is_host(self) -> bool:
        """True where programs run natively under Linux."""
        return self.start == "host"

    @property
    def linker_script(self) -> Path:
        """The board's memory.ld."""
        return boards_dir() / self.name / "memory.ld"

    @property
    def flash_bytes(self) -> int:
        """Room for code and constants; 0 where it is not limited."""
        if self.placement is None:
            return 0
        p = self.placement
        return self._room(p.vectors, p.code, p.weights_load)

    @property
    def ram_bytes(self) -> int:
        """Room for arena, static data, stack and copied weights; 0 where it is not limited."""
        if self.placement is None:
            return 0
        p = self.placement
        return self._room(p.data, p.arena, *p.parts, p.weights if p.copies_weights else p.data)

    def memory(self, name: str) -> Memory:
        """The memory `name`, which the board has."""
        return next(memory for memory in self.memories if memory.name == name)

    def placed(self, arena: tuple[str, ...], weights: str) -> Board:
        """This board with the parts of the arena and the weights in other memories.

        Weights in RAM are copied there from where they usually are.
        """
        assert self.placement is not None
        first, *parts = arena
        stay = self.memory(weights).kind == "flash"
        placement = replace(
            self.placement,
            arena=first,
            parts=tuple(parts),
            weights=weights,
            weights_load=weights if stay else self.placement.weights_load,
        )
        return replace(self, placement=placement)

    def _room(self, *names: str) -> int:
        return sum(memory.bytes for memory in self.memories if memory.name in names)


def board_names() -> tuple[str, ...]:
    """All boards, sorted."""
    return tuple(sorted(path.parent.name for path in boards_dir().glob("*/board.toml")))


def load_board(name: str) -> Board:
    """The board `name`. Raises E0011 with the nearest name when there is none."""
    names = board_names()
    if name not in names:
        raise unknown_name("E0011", "board", name, names)
    table = read_toml(boards_dir() / name / "board.toml")
    memories = tuple(_memory(row) for row in table.tables("memory"))
    return Board(
        name=name,
        description=table.text("description"),
        targets=table.texts("targets"),
        start=table.text("start"),
        emulator=table.text("emulator"),
        emulator_args=table.texts("emulator_args"),
        memories=memories,
        placement=_placement(table.table("placement")) if memories else None,
    )


def boards_of(target: str) -> tuple[str, ...]:
    """The boards that execute code of `target`."""
    return tuple(name for name in board_names() if target in load_board(name).targets)


def _memory(row: TomlTable) -> Memory:
    wait = row.number("wait", 0.0)
    base, size = row.integer("base"), row.integer("bytes")
    return Memory(row.text("name"), row.text("kind"), base, size, wait)


def _placement(table: TomlTable) -> Placement:
    return Placement(
        vectors=table.text("vectors"),
        code=table.text("code"),
        weights=table.text("weights"),
        weights_load=table.text("weights"),
        data=table.text("data"),
        arena=table.text("arena"),
    )
