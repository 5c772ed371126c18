"""A planned program on a board: which memory holds the arena, or its parts, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgec.boards import Board, Memory
from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.lower.program import Program
from edgec.place import STACK_ROOM, Places, Room, automatic
from edgec.plan.access import accesses
from edgec.plan.rects import round_up
from edgec.plan.regions import Region, split_arena
from edgec.plan.result import MemoryPlan

WEIGHTS_ALIGN = 16


@dataclass(frozen=True)
class RegionUse:
    """What one memory of a board holds of a model. Sizes in bytes.

    weights: with those that are only loaded from here. accesses: loads and stores of up to 32 bits
    in one inference, of the arena and of weights, estimated unless they are `counted`; waiting: the
    cycles that they wait.
    """

    memory: str
    kind: str
    bytes: int
    arena: int
    weights: int
    accesses: int
    waiting: float
    counted: bool = False

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self.arena + self.weights


def place_program(program: Program, plan: MemoryPlan, places: Places) -> MemoryPlan:
    """`plan` in the memories that were asked for. Raises E0521 if they are too small."""
    size = weights_bytes(program)
    regions = tuple(
        Region(room.memory.name, room.memory.wait, _free(room, places.weights, size))
        for room in places.arena
    )
    found = split_arena(program, plan, regions)
    if found is None:
        room = ", ".join(f"{r.memory}: {r.limit:,} bytes" for r in regions)
        raise _too_small(f"an arena of {plan.arena_bytes:,} bytes does not fit into {room}")
    weights = places.weights
    if size > weights.bytes:
        raise _too_small(f"weights of {size:,} bytes do not fit into {weights.name}")
    return found


def can_be_placed(program: Program, plan: MemoryPlan, places: Places) -> bool:
    """Whether the memories are large enough."""
    try:
        place_program(program, plan, places)
    except EdgecError:
        return False
    return True


def placed_board(
    program: Program, plan: MemoryPlan, places: Places, board: Board, budget: int | None = None
) -> Board:
    """`board` with arena and weights where they were asked for.

    Where edgec may choose, the weights go to the fastest RAM that has room for them, if the
    `budget` allows: bytes of RAM for arena, stack and copied weights.
    """
    weights, size = places.weights, weights_bytes(program)
    if places.auto and (budget is None or plan.arena_bytes + STACK_ROOM + size <= budget):
        faster = [m for m in board.memories if m.kind == "ram" and m.wait < weights.wait]
        for memory in sorted(faster, key=lambda m: m.wait):
            if _left(memory, places, plan) >= size:
                weights = memory
                break
    return board.placed(tuple(part.memory for part in plan.parts), weights.name)


def region_uses(program: Program, plan: MemoryPlan, board: Board) -> tuple[RegionUse, ...]:
    """What each memory of `board` holds, for a plan in the board's own placement or another."""
    placement = board.placement
    if placement is None:
        return ()
    counts = accesses(program)
    parts = [(p.memory, p.start, p.stop) for p in plan.parts]
    parts = parts or [(placement.arena, 0, plan.arena_bytes)]
    uses = []
    for memory in board.memories:
        mine = [(start, stop) for name, start, stop in parts if name == memory.name]
        total = sum(
            counts.buffers.get(t.name, 0)
            for t in plan.lifetimes
            if any(start <= plan.offsets[t.name] < stop for start, stop in mine)
        )
        total += counts.constants if memory.name == placement.weights else 0
        held = memory.name in (placement.weights, placement.weights_load)
        arena = sum(stop - start for start, stop in mine)
        weights = weights_bytes(program) if held else 0
        use = RegionUse(
            memory.name, memory.kind, memory.bytes, arena, weights, total, total * memory.wait
        )
        uses.append(use)
    return tuple(uses)


def counted_regions(
    uses: tuple[RegionUse, ...], board: Board, counts: Mapping[str, int]
) -> tuple[RegionUse, ...]:
    """`uses` with the accesses that a run made. `counts`: by what was accessed.

    That is "weights", and "arena", "arena_1", ... for the parts of the arena.
    """
    placement = board.placement
    if placement is None or not counts:
        return uses
    homes = {"arena": placement.arena, "weights": placement.weights}
    homes |= {f"arena_{k}": memory for k, memory in enumerate(placement.parts, 1)}
    found = []
    for use in uses:
        wait = board.memory(use.memory).wait
        total = sum(count for what, count in counts.items() if homes[what] == use.memory)
        found.append(replace(use, accesses=total, waiting=total * wait, counted=True))
    return tuple(found)


def automatic_saving(program: Program, plan: MemoryPlan, board: Board) -> tuple[float, float]:
    """Cycles that accesses wait on `board` as it is, and with `--place auto`."""
    now = sum(use.waiting for use in region_uses(program, plan, board))
    if board.placement is None or not now:
        return now, now
    places = automatic(board)
    if not can_be_placed(program, plan, places):
        return now, now
    better = place_program(program, plan, places)
    chosen = placed_board(program, better, places, board)
    return now, sum(use.waiting for use in region_uses(program, better, chosen))


def weights_bytes(program: Program) -> int:
    """Bytes of all constants."""
    return sum(b.bytes for b in program.constants)


def _free(room: Room, weights: Memory, size: int) -> int:
    """Bytes for a part of the arena beside the weights, if they are copied to the same memory."""
    if weights.name != room.memory.name:
        return room.bytes
    return max(0, min(room.bytes, room.memory.bytes - round_up(size, WEIGHTS_ALIGN)))


def _left(memory: Memory, places: Places, plan: MemoryPlan) -> int:
    """Bytes of a memory beside the arena, and the stack if that is there."""
    usable = next((r.bytes for r in places.arena if r.memory.name == memory.name), 0)
    used = sum(part.bytes for part in plan.parts if part.memory == memory.name)
    return usable - round_up(used, WEIGHTS_ALIGN)


def _too_small(what: str) -> EdgecError:
    return fail(
        "E0521",
        what,
        Where(note="--place"),
        rule="inputs and outputs share one memory; other buffers are where there is room",
        help="name more memories, or larger ones: --place arena=FAST:BYTES,LARGE",
        exit_code=ExitCode.FAILED,
    )
