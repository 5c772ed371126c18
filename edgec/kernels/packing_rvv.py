"""Weights and multipliers as the RISC-V vector kernels read them."""

from __future__ import annotations

import numpy as np

from edgec.kernels.base import Constant
from edgec.kernels.facts import Array, Quant
from edgec.kernels.packing import folded_bias, interleave

GROUP = 32
NARROW = 16


def half_constants(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, Constant]:
    """The bias with the zero point folded in and halves of the multipliers, int32 [channels]."""
    return (
        Constant("bias", folded_bias(weights, bias, quant)),
        Constant("half", np.ascontiguousarray(quant.mult // 2, np.int32)),
    )


def tile_constants(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, ...]:
    """Weights [channels, ...] in groups of 32 channels and one of the rest; bias, half."""
    rest = weights.shape[0] % GROUP
    sizes = (GROUP, rest) if rest else (GROUP,)
    return (
        Constant("weights", interleave(weights, sizes)),
        *half_constants(weights, bias, quant),
    )
