"""The memory plan as a picture: steps to the right, addresses upwards, a rectangle per tensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgec.lower.program import Buffer, Program, Storage
from edgec.plan.result import Lifetime, MemoryPlan
from edgec.report import svg

HEIGHT = 420
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 60, 46
COLUMN = (10.0, 60.0)  # least and largest width of a step
ROOMY = 800  # width from which on columns get narrower
LETTER = 7.0  # width of a letter
SMALLEST = 1.5  # height of a rectangle that can still be seen
COLOURS = (
    ("input", "#54aeff"),
    ("output", "#4ac26b"),
    ("state", "#d4a72c"),
    ("scratch", "#afb8c1"),
    ("rows", "#ff8182"),
    ("tensor", "#c297ff"),
)


@dataclass(frozen=True)
class _Scale:
    """Positions of steps and addresses in the picture, in pixels."""

    steps: int
    arena: int
    column: float

    @property
    def width(self) -> int:
        return round(LEFT + RIGHT + self.column * (self.steps + 2))

    def x(self, position: float) -> float:
        """Left edge of a step; position -1 is before the first."""
        return LEFT + self.column * (position + 1)

    def y(self, address: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * address / self.arena


def plan_svg(program: Program, plan: MemoryPlan) -> str:
    """The picture of `plan`, which was made for `program`. Names are shown on hover."""
    count = len(plan.order)
    column = min(COLUMN[1], max(COLUMN[0], (ROOMY - LEFT - RIGHT) / (count + 2)))
    scale = _Scale(count, max(1, plan.arena_bytes), column)
    name = f"Memory plan of {program.name}: {plan.arena_bytes:,} bytes"
    found = roles(program)
    parts = [svg.text(LEFT, 18, name), *_legend(), *_axes(scale), *_streams(program, plan, scale)]
    parts += _borders(plan, scale)
    labels: list[str] = []
    for lifetime in sorted(plan.lifetimes, key=lambda t: (-t.bytes, t.name)):
        if lifetime.bytes:
            role = found.get(lifetime.name, "tensor")
            parts.append(_rectangle(lifetime, role, program, plan, scale))
            labels += _label(lifetime, plan, scale)
    return svg.document(scale.width, HEIGHT, name, [*parts, *labels])


def roles(program: Program) -> dict[str, str]:
    """What each buffer is for, a key of COLOURS; what is not named is an ordinary tensor."""
    found: dict[str, str] = {}
    if program.progress is not None:
        found[program.progress.name] = "state"
    for step in program.steps:
        states = [b for b in (*step.reads, *step.writes) if b.storage is Storage.STATE]
        found |= {root(b).name: "state" for b in states}
        found |= {b.name: "scratch" for b in step.scratch}
    for stream in program.streams:
        for window in stream.windows:
            found[window.buffer.name] = "rows"
            if window.hold is not None:
                found[window.hold.name] = "rows"
    for role, ports in (("output", program.outputs), ("input", program.inputs)):
        for port in ports:
            found[root(port.buffer).name] = role
    return found


def root(buffer: Buffer) -> Buffer:
    """The buffer that is planned, which holds `buffer`."""
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer


def _legend() -> Iterator[str]:
    for k, (role, colour) in enumerate(COLOURS):
        x = LEFT + 75 * k
        yield f'<rect x="{x}" y="28" width="10" height="10" fill="{colour}"/>'
        yield svg.text(x + 15, 37, role)


def _axes(scale: _Scale) -> Iterator[str]:
    for tick in svg.ticks(0, scale.arena):
        y = scale.y(tick)
        yield svg.line(LEFT, y, scale.width - RIGHT, y)
        yield svg.text(LEFT - 8, y + 4, f"{tick:,.0f}", anchor="end")
    for tick in svg.ticks(0, scale.steps - 1) if scale.steps > 1 else [0]:
        if tick == int(tick):
            x = scale.x(tick + 0.5)
            yield svg.text(x, HEIGHT - BOTTOM + 16, f"{tick:.0f}", anchor="middle")
    yield svg.text(scale.width - RIGHT, HEIGHT - 8, "step", anchor="end")
    yield svg.text(8, TOP - 6, "address")


def _borders(plan: MemoryPlan, scale: _Scale) -> Iterator[str]:
    """The names of the memories of an arena in several, and a line where each begins."""
    for part in plan.parts:
        y = scale.y(part.start)
        yield svg.line(LEFT, y, scale.width - RIGHT, y, svg.INK)
        yield svg.text(scale.width - RIGHT, y - 4, part.memory, anchor="end")


def _streams(program: Program, plan: MemoryPlan, scale: _Scale) -> Iterator[str]:
    """A bar below the steps of each stream."""
    for number, stream in enumerate(program.streams):
        places = [plan.order.index(k) for k in range(stream.first, stream.stop)]
        x, end = scale.x(min(places)), scale.x(max(places) + 1)
        words = f"stream {number}: {len(places)} steps in {stream.turns} turns"
        yield (
            f'<rect x="{x:.1f}" y="{HEIGHT - BOTTOM + 22}" width="{end - x - 2:.1f}" height="6" '
            f'fill="{svg.INK}">{svg.title(words)}</rect>'
        )


def _rectangle(
    lifetime: Lifetime, role: str, program: Program, plan: MemoryPlan, scale: _Scale
) -> str:
    """One tensor."""
    offset = plan.offsets[lifetime.name]
    x, top, height = _place(lifetime, offset, scale)
    width = scale.x(lifetime.last + 1) - x
    words = f"{lifetime.name}: {lifetime.bytes:,} bytes at {offset:,}, {role}, "
    words += lifetime_words(lifetime, program, plan)
    colour = dict(COLOURS)[role]
    return (
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}" fill-opacity="0.75" stroke="{svg.INK}" stroke-width="0.5">'
        f"{svg.title(words)}</rect>"
    )


def _place(lifetime: Lifetime, offset: int, scale: _Scale) -> tuple[float, float, float]:
    """Left and upper edge, and height."""
    top = scale.y(offset + lifetime.bytes)
    return scale.x(lifetime.first), top, max(SMALLEST, scale.y(offset) - top)


def _label(lifetime: Lifetime, plan: MemoryPlan, scale: _Scale) -> Iterator[str]:
    """The name of a tensor if there is room for it."""
    x, top, height = _place(lifetime, plan.offsets[lifetime.name], scale)
    letters = int((scale.column * _free(lifetime, plan) - 6) / LETTER)
    if letters >= 4 and height >= 14:
        yield svg.text(x + 3, top + 12, lifetime.name, limit=letters, kind="on")


def _free(lifetime: Lifetime, plan: MemoryPlan) -> int:
    """Steps from the first on until another tensor begins over it, in place."""
    start = plan.offsets[lifetime.name]
    later = [
        t.first
        for t in plan.lifetimes
        if lifetime.first < t.first <= lifetime.last
        and plan.offsets[t.name] < start + lifetime.bytes
        and start < plan.offsets[t.name] + t.bytes
    ]
    return min([lifetime.last + 1, *later]) - lifetime.first


def lifetime_words(lifetime: Lifetime, program: Program, plan: MemoryPlan) -> str:
    """From which step to which it is needed, in words."""

    def step(position: int) -> str:
        return f"{position} ({program.steps[plan.order[position]].name})"

    first, last = lifetime.first, lifetime.last
    begin = "from the start" if first < 0 else f"from step {step(first)}"
    end = "to the end" if last >= len(plan.order) else f"to step {step(last)}"
    return f"{begin} {end}"
