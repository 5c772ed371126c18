"""Rows of the recurrent layers of float in plain C and for AVX2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.conv_f32_avx2 import TILE, groups
from edgec.kernels.conv_s8_avx2 import AVX2
from edgec.kernels.facts import F32, Array, RecurrentFacts
from edgec.kernels.packing import interleave

SLACK = 8  # EDGEC_CELL_SLACK
LENGTHS, FIRST_H, FIRST_C = 4, 5, 6
SHARED = "rnn/recurrent_f32.h"

Pack = Callable[[Array], Array]


def state_rows(f: RecurrentFacts) -> int:
    """Rows of R in the first product of the state: the last gate of a GRU takes r * h."""
    return (f.gates - (f.kind == "GRU")) * f.hidden


def packed(matrices: Array, pack: Pack) -> Array:
    """[directions, n, k] with every direction packed: [directions, ...]."""
    return np.stack([pack(m).reshape(-1) for m in matrices])


def constants(f: RecurrentFacts, pack: Pack) -> tuple[Constant, ...]:
    """input, state, input_bias, state_bias and, of a GRU, last; all [directions, ...]."""
    rows, cut = f.gates * f.hidden, state_rows(f)
    bias = np.zeros((f.directions, 2 * rows)) if f.bias is None else f.bias
    halves = bias.astype(np.float32).reshape(f.directions, 2, rows)
    padded = np.pad(halves, ((0, 0), (0, 0), (0, SLACK)))
    found = (
        Constant("input", packed(f.w, pack)),
        Constant("state", packed(f.r[:, :cut], pack)),
        Constant("input_bias", np.ascontiguousarray(padded[:, 0])),
        Constant("state_bias", np.ascontiguousarray(padded[:, 1])),
    )
    last = (Constant("last", packed(f.r[:, cut:], pack)),) if cut < rows else ()
    return (*found, *last)


def params(f: RecurrentFacts, pack: Pack, chunk: int) -> Struct:
    """Fields of EdgecRecurrentF32; distances in floats."""
    d, h = f.directions, f.hidden
    sizes = {c.name: c.data.size // d for c in constants(f, pack)}
    if f.batch_first:
        x, y, state = (f.size, f.steps * f.size), (d * h, f.steps * d * h, h), (d * h, h)
    else:
        x, y, state = (
            (f.batch * f.size, f.size),
            (d * f.batch * h, h, f.batch * h),
            (h, f.batch * h),
        )
    head = (("kind", f"EDGEC_CELL_{f.kind}"), ("reverse", "true" if f.reverse else "false"))
    return Struct(
        (
            *head,
            *ints(
                gates=f.gates, steps=f.steps, batch=f.batch, size=f.size, hidden=h, directions=d,
                x_time=x[0], x_batch=x[1], y_time=y[0], y_batch=y[1], y_direction=y[2],
                state_batch=state[0], state_direction=state[1], chunk=min(chunk, f.steps),
                w_step=sizes["input"], r_step=sizes["state"], bias_step=sizes["input_bias"],
                last_step=sizes.get("last", 0),
            ),
        )
    )  # fmt: skip


def args(f: RecurrentFacts, names: CallNames) -> str:
    """`&p`, the tensors, the matrices, scratch."""
    others = dict(zip(f.given, names.others, strict=True))
    results = names.results if f.sequence else ("NULL", *names.results)
    tensors = {
        "x": names.x, "lengths": others.get(LENGTHS), "h0": others.get(FIRST_H),
        "c0": others.get(FIRST_C), "y": results[0], "h": results[1],
        "c": results[2] if f.kind == "LSTM" else None,
    }  # fmt: skip
    listed = ", ".join(f".{key} = {value}" for key, value in tensors.items() if value)
    w, r, w_bias, r_bias, *last = names.constants
    cut, rows = state_rows(f), f.gates * f.hidden
    matrices = [
        f".input = {{{w}, {w_bias}, {f.size}, {rows}}}",
        f".state = {{{r}, {r_bias}, {f.hidden}, {cut}}}",
        *(f".last = {{{m}, {r_bias} + {cut}, {f.hidden}, {f.hidden}}}" for m in last),
    ]
    return (
        f"&p, &(const EdgecSequencesF32){{{listed}}}, "
        f"&(const EdgecRecurrentWeightsF32){{{', '.join(matrices)}}}, {names.scratch}"
    )


def scratch(f: RecurrentFacts, chunk: int) -> int:
    """Bytes: the gate sums of the input's chunk and of the state, and of a GRU r * h."""
    sums = (min(chunk, f.steps) + 1) * f.gates * f.hidden + 2 * SLACK
    return 4 * (sums + (f.hidden + SLACK if f.kind == "GRU" else 0))


def row(isa: str, headers: tuple[str, ...], pack: Pack, chunk: int) -> Kernel[RecurrentFacts]:
    """The row of one kind of core, whose matrix product likes `chunk` rows at a time."""
    return Kernel[RecurrentFacts](
        name=f"recurrent_f32__{isa}",
        headers=(f"rnn/recurrent_f32__{isa}.h", SHARED, *headers),
        op="recurrent",
        types=F32,
        struct="EdgecRecurrentF32",
        when=lambda f: True,
        pack=lambda f: constants(f, pack),
        params=lambda f, _: params(f, pack, chunk),
        args=args,
        batches=lambda _: (1, 0, 0),
        scratch=lambda f: scratch(f, chunk),
        cost=lambda f: 3.1 * f.macs + 45 * f.outputs * (f.gates + 1),
    )


C = row(
    "c",
    ("elementwise/exp_f32__c.h", "gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    lambda m: interleave(m),
    2,
)
AVX = replace(
    row(
        "avx2",
        ("elementwise/exp_f32__avx2.h", "gemm/gemm_f32__avx2.h", TILE),
        lambda m: groups(m).data,
        8,
    ),
    needs=AVX2,
    cost=lambda f: 0.3 * f.macs + 6 * f.outputs * (f.gates + 1),
)

RECURRENT_ROWS = (C, AVX)
