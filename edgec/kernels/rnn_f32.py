"""Rows of the recurrent layers of float: plain C, AVX2 and Helium."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.conv_f32_avx2 import TILE, groups
from edgec.kernels.conv_f32_fpu import EIGHTS, FPU, pack_eights
from edgec.kernels.conv_f32_mve import MVE_FP, pack_blocks
from edgec.kernels.conv_f32_mve import TILE as MVE_TILE
from edgec.kernels.conv_s8_avx2 import AVX2
from edgec.kernels.facts import F32, Array, RecurrentFacts
from edgec.kernels.packing import interleave

LENGTHS, FIRST_H, FIRST_C = 4, 5, 6
SHARED = "rnn/recurrent_f32.h"

Pack = Callable[[Array], Array]


@dataclass(frozen=True)
class Form:
    """What differs from core to core: how a matrix [n, k] is packed, the most steps of which the
    input's part is one product, and the floats that may be read after the end of the sums."""

    pack: Pack
    most_rows: int
    slack: int
    memory: float = math.inf  # of the sums, as a part of the layer's tensors
    exact: bool = False  # nothing is read after the end of the last gate's sums

    def chunk(self, f: RecurrentFacts) -> int:
        """Steps of which the input's part is one product."""
        around = f.steps * (f.size + f.directions * f.hidden)
        rows = min(self.most_rows, f.steps)
        return rows if rows * f.gates * f.hidden <= self.memory * around else 1

    def scratch(self, f: RecurrentFacts) -> int:
        """Bytes: the gate sums of the chunk and perhaps, of a GRU, one state."""
        sums = self.chunk(f) * f.gates * f.hidden + self.slack
        apart = is_gru(f) and not self.last_in_y(f)
        return 4 * (sums + (f.hidden + self.slack if apart else 0))

    def last_in_y(self, f: RecurrentFacts) -> bool:
        """Sums of a GRU's last gate are where y of the step will be."""
        return self.exact and is_gru(f) and f.sequence


def is_gru(f: RecurrentFacts) -> bool:
    """The state's part of a GRU's last gate is a product of its own."""
    return f.kind in ("GRU", "GRU_AFTER")


def packed(matrices: Array, pack: Pack) -> Array:
    """[directions, n, k] with every direction packed: [directions, ...]."""
    return np.stack([pack(m).reshape(-1) for m in matrices])


def constants(f: RecurrentFacts, form: Form) -> tuple[Constant, ...]:
    """input, bias, state and, of a GRU, last and last_bias; all [directions, ...]."""
    rows = f.gates * f.hidden
    cut = rows - f.hidden if is_gru(f) else rows
    both = np.zeros((f.directions, 2 * rows), np.float32) if f.bias is None else f.bias
    bias = both[:, :rows].astype(np.float32)
    bias[:, :cut] += both[:, rows : rows + cut].astype(np.float32)
    room = ((0, 0), (0, form.slack))
    found = (
        Constant("input", packed(f.w, form.pack)),
        Constant("bias", np.pad(bias, room)),
        Constant("state", packed(f.r[:, :cut], form.pack)),
    )
    if not is_gru(f):
        return found
    last_bias = np.pad(both[:, rows + cut :].astype(np.float32), room)
    return (
        *found,
        Constant("last", packed(f.r[:, cut:], form.pack)),
        Constant("last_bias", last_bias),
    )


def params(f: RecurrentFacts, form: Form) -> Struct:
    """Fields of EdgecRecurrentF32; distances in floats."""
    d, h = f.directions, f.hidden
    sizes = {c.name: c.data.size // d for c in constants(f, form)}
    if f.batch_first:
        x, y, state = (f.size, f.steps * f.size), (d * h, f.steps * d * h, h), (d * h, h)
    else:
        x, y, state = (
            (f.batch * f.size, f.size),
            (d * f.batch * h, h, f.batch * h),
            (h, f.batch * h),
        )
    head = (
        ("kind", f"EDGEC_CELL_{f.kind}"),
        ("reverse", "true" if f.reverse else "false"),
        ("last_in_y", "true" if form.last_in_y(f) else "false"),
    )
    return Struct(
        (
            *head,
            *ints(
                gates=f.gates, steps=f.steps, batch=f.batch, size=f.size, hidden=h, directions=d,
                x_time=x[0], x_batch=x[1], y_time=y[0], y_batch=y[1], y_direction=y[2],
                state_batch=state[0], state_direction=state[1], chunk=form.chunk(f),
                w_step=sizes["input"], r_step=sizes["state"], bias_step=sizes["bias"],
                last_step=sizes.get("last", 0), last_bias_step=sizes.get("last_bias", 0),
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
    w, bias, r, *last = names.constants
    rows = f.gates * f.hidden
    matrices = [
        f".input = {{{w}, {f.size}, {rows}}}",
        f".bias = {bias}",
        f".state = {{{r}, {f.hidden}, {rows - f.hidden if last else rows}}}",
    ]
    if last:
        matrices.append(f".last = {{{last[0]}, {f.hidden}, {f.hidden}}}, .last_bias = {last[1]}")
    return (
        f"&p, &(const EdgecSequencesF32){{{listed}}}, "
        f"&(const EdgecRecurrentWeightsF32){{{', '.join(matrices)}}}, {names.scratch}"
    )


def row(isa: str, headers: tuple[str, ...], form: Form) -> Kernel[RecurrentFacts]:
    """The row of one kind of core."""
    return Kernel[RecurrentFacts](
        name=f"recurrent_f32__{isa}",
        headers=(f"rnn/recurrent_f32__{isa}.h", SHARED, *headers),
        op="recurrent",
        types=F32,
        struct="EdgecRecurrentF32",
        when=lambda f: True,
        pack=lambda f: constants(f, form),
        params=lambda f, _: params(f, form),
        args=args,
        batches=lambda _: (1, 0, 0),
        scratch=form.scratch,
        cost=lambda f: 3.2 * f.macs + 45 * f.outputs * (f.gates + 1),
    )


C = row(
    "c",
    ("gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    Form(interleave, most_rows=2, slack=0, memory=1 / 12, exact=True),
)
ARM = replace(
    row(
        "fpu",
        ("rnn/recurrent_f32__c.h", *C.headers[2:], EIGHTS),
        Form(pack_eights, most_rows=2, slack=0, memory=1 / 12, exact=True),
    ),
    needs=FPU,
    cost=lambda f: 2.5 * f.macs + 45 * f.outputs * (f.gates + 1),
)
AVX = replace(
    row(
        "avx2",
        ("elementwise/exp_f32__avx2.h", "gemm/gemm_f32__avx2.h", TILE),
        Form(lambda m: groups(m).data, most_rows=8, slack=8),
    ),
    needs=AVX2,
    cost=lambda f: 0.3 * f.macs + 6 * f.outputs * (f.gates + 1),
)
HELIUM = replace(
    row(
        "mve",
        ("elementwise/exp_f32__mve.h", "gemm/gemm_f32__mve.h", MVE_TILE),
        Form(pack_blocks, most_rows=3, slack=8, memory=1 / 12, exact=True),
    ),
    needs=MVE_FP,
    cost=lambda f: 0.7 * f.macs + 12 * f.outputs * (f.gates + 1),
)

RECURRENT_ROWS = (C, ARM, AVX, HELIUM)
