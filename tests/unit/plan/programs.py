"""Programs for the tests of the planner: a short way to write them, and random ones."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import strategies as st

from edgec.ir.types import DType
from edgec.lower.program import Buffer, Port, Program, Step, Storage


def buffer(
    name: str,
    size: int,
    storage: Storage = Storage.TEMP,
    *,
    parent: Buffer | None = None,
    at: int = 0,
    dtype: DType = DType.I8,
    align: int = 0,
) -> Buffer:
    """A flat buffer of `size` elements, int8 unless told."""
    return Buffer(name, dtype, (size,), storage, None, align, parent, at)


def step(
    name: str,
    reads: Iterable[Buffer],
    writes: Iterable[Buffer],
    *,
    scratch: Iterable[Buffer] = (),
    inplace: tuple[tuple[int, int], ...] = (),
) -> Step:
    """A step without a body."""
    return Step(name, "Op", "loops", tuple(reads), tuple(writes), (), tuple(scratch), inplace)


def port(b: Buffer) -> Port:
    """The buffer as an input or output of the model."""
    return Port(b.name, b.name, b, b.dtype, b.shape)


def program(
    steps: Iterable[Step], inputs: Iterable[Buffer] = (), outputs: Iterable[Buffer] = ()
) -> Program:
    """A program named "m"."""
    return Program("m", tuple(map(port, inputs)), tuple(map(port, outputs)), tuple(steps))


def chain(sizes: Iterable[int], *, inplace: bool = False) -> Program:
    """Input, one step per further size, output: int8 buffers of the given sizes."""
    all_sizes = list(sizes)
    last = len(all_sizes) - 1
    kinds = {0: Storage.INPUT, last: Storage.OUTPUT}
    buffers = [buffer(f"b{i}", s, kinds.get(i, Storage.TEMP)) for i, s in enumerate(all_sizes)]
    pairs = ((0, 0),) if inplace else ()
    steps = [step(f"s{i}", [buffers[i]], [buffers[i + 1]], inplace=pairs) for i in range(last)]
    return program(steps, buffers[:1], buffers[-1:])


def two_branches() -> Program:
    """Two branches from one input, each with a large middle and a small end, then joined.

    The given order opens both branches before it closes one.
    """
    x, out = buffer("x", 8, Storage.INPUT), buffer("out", 8, Storage.OUTPUT)
    wide = [buffer(f"wide{i}", 100) for i in range(2)]
    thin = [buffer(f"thin{i}", 8) for i in range(2)]
    return program(
        [
            step("open0", [x], [wide[0]]),
            step("open1", [x], [wide[1]]),
            step("close0", [wide[0]], [thin[0]]),
            step("close1", [wide[1]], [thin[1]]),
            step("join", thin, [out]),
        ],
        [x],
        [out],
    )


@st.composite
def random_programs(draw: st.DrawFn, steps: int = 9, parts: bool = True) -> Program:
    """A random DAG with scratch, states, constants, in-place pairs and buffers with parts."""
    inputs = [
        buffer(f"in{i}", draw(st.integers(0, 40)), Storage.INPUT)
        for i in range(draw(st.integers(1, 2)))
    ]
    state = buffer("state", 12, Storage.STATE)
    known = [*inputs, state, buffer("const", 20, Storage.CONST)]
    body: list[Step] = []
    for n in range(draw(st.integers(1, steps))):
        if parts and draw(st.integers(0, 5)) == 0:
            body += _joined(draw, n, known)
        else:
            body.append(_single(draw, n, known))
    if draw(st.booleans()):
        body.append(step("update", [draw(st.sampled_from(known))], [state]))
    outputs = [b for b in known if b.storage is Storage.OUTPUT]
    if draw(st.booleans()):
        outputs.append(inputs[0])
    return program(body, inputs, outputs)


def _pick(draw: st.DrawFn, known: list[Buffer]) -> list[Buffer]:
    recent = known[-5:] + known[:1]
    return draw(st.lists(st.sampled_from(recent), min_size=1, max_size=3))


def _single(draw: st.DrawFn, n: int, known: list[Buffer]) -> Step:
    """A step that writes one or two new buffers."""
    reads = _pick(draw, known)
    writes = []
    for k in range(draw(st.sampled_from([1, 1, 1, 2]))):
        storage = draw(st.sampled_from([Storage.TEMP, Storage.TEMP, Storage.OUTPUT]))
        dtype = draw(st.sampled_from([DType.I8, DType.I8, DType.I16, DType.F32, DType.F64]))
        like = draw(st.sampled_from([reads[0].size, draw(st.integers(1, 40))]))
        writes.append(buffer(f"t{n}_{k}", like, storage, dtype=dtype))
    scratch = [buffer(f"scratch{n}", draw(st.integers(1, 30)))] if draw(st.booleans()) else []
    every = [(w, r) for w in range(len(writes)) for r in range(len(reads))]
    inplace = tuple(draw(st.lists(st.sampled_from(every), unique=True, max_size=3)))
    known += writes
    return step(f"s{n}", reads, writes, scratch=scratch, inplace=inplace)


def _joined(draw: st.DrawFn, n: int, known: list[Buffer]) -> list[Step]:
    """Two steps that write the halves of one buffer."""
    left, right = draw(st.integers(1, 4)) * 8, draw(st.integers(1, 4)) * 8
    whole = buffer(f"whole{n}", left + right)
    halves = [
        buffer(f"left{n}", left, parent=whole),
        buffer(f"right{n}", right, parent=whole, at=left),
    ]
    body = []
    for half in halves:
        reads = _pick(draw, known)
        inplace = ((0, 0),) if draw(st.booleans()) else ()
        body.append(step(f"make_{half.name}", reads, [half], inplace=inplace))
    known += [whole, *halves] if draw(st.booleans()) else [whole]
    return body


@st.composite
def tiny_programs(draw: st.DrawFn) -> Program:
    """At most four steps over int8 buffers of at most six bytes, with in-place pairs."""
    known = [buffer("x", draw(st.integers(1, 6)), Storage.INPUT)]
    body = []
    for n in range(draw(st.integers(1, 4))):
        reads = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))
        storage = draw(st.sampled_from([Storage.TEMP, Storage.TEMP, Storage.OUTPUT]))
        out = buffer(f"t{n}", draw(st.integers(1, 6)), storage)
        every = [(0, r) for r in range(len(reads))]
        inplace = tuple(draw(st.lists(st.sampled_from(every), unique=True)))
        body.append(step(f"s{n}", reads, [out], inplace=inplace))
        known.append(out)
    return program(body, known[:1], [b for b in known if b.storage is Storage.OUTPUT])


def model_program(seed: int) -> Program:
    """A random program like a model: chains, skips, in-place results, scratch, joined halves.

    Every result that nobody reads is an output, so nothing that is damaged stays unseen.
    """
    rng = Random(seed)
    x = buffer("x", rng.randint(4, 40), Storage.INPUT)
    h = buffer("h", 8, Storage.STATE)
    known = [x, h]
    body: list[Step] = []
    for n in range(rng.randint(4, 12)):
        reads = [known[-1]]
        if rng.random() < 0.5:
            reads.append(rng.choice(known))
        reads = [r for i, r in enumerate(reads) if r not in reads[:i]]
        scratch = [buffer(f"tmp{n}", rng.randint(1, 30))] if rng.random() < 0.4 else []
        if rng.random() < 0.2:
            whole = buffer(f"t{n}", 24)
            for i in range(2):
                half = buffer(f"t{n}_{i}", 12, parent=whole, at=12 * i)
                body.append(step(f"s{n}_{i}", reads[: i + 1], [half], inplace=((0, 0),)))
            known.append(whole)
            continue
        size = rng.choice([reads[0].size, rng.randint(1, 40)])
        inplace = tuple((0, r) for r in range(len(reads)) if rng.random() < 0.6)
        made = buffer(f"t{n}", size, align=rng.choice([0, 0, 8]))
        body.append(step(f"s{n}", reads, [made], scratch=scratch, inplace=inplace))
        known.append(made)
    body.append(step("update", [h, known[-1]], [h]))
    read = {id(r) for s in body for r in s.reads}
    ends = [b for b in known if id(b) not in read and b is not x]
    out = buffer("out", 8, Storage.OUTPUT)
    return program([*body, step("end", [known[-1], *ends], [out])], [x], [out])
