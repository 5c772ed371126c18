"""Weights and biases in the order that the kernels read them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.kernels.base import Constant
from edgec.kernels.facts import Array, Quant
from edgec.quantize.fixedpoint import accumulator_bound, check_accumulators


def interleave(weights: Array, sizes: tuple[int, ...] = (4, 2, 1)) -> Array:
    """[channels, k] -> blocks of the largest size that fits, each [k][channels of the block]."""
    flat = weights.reshape(weights.shape[0], -1)
    parts = []
    start = 0
    for size in sizes:
        while flat.shape[0] - start >= size:
            parts.append(np.ascontiguousarray(flat[start : start + size].T).reshape(-1))
            start += size
    return np.concatenate(parts)


def folded_bias(weights: Array, bias: Array | None, quant: Quant) -> npt.NDArray[np.int32]:
    """int32 [channels]: bias - x_zp * sum(w), for kernels that multiply x and not x - x_zp.

    Raises E0301 if an accumulator could overflow.
    """
    w = weights.reshape(weights.shape[0], -1).astype(np.int64)
    b = np.zeros(w.shape[0], np.int64) if bias is None else bias.astype(np.int64)
    check_accumulators(accumulator_bound(w, b, quant.x_zp))
    result: npt.NDArray[np.int32] = (b - quant.x_zp * w.sum(axis=1)).astype(np.int32)
    return result


def quant_constants(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, Constant]:
    """The bias with the zero point folded in and the multipliers, both int32 [channels]."""
    return (
        Constant("bias", folded_bias(weights, bias, quant)),
        Constant("mult", np.ascontiguousarray(quant.mult, np.int32)),
    )


def float_bias(channels: int, bias: Array | None) -> Constant:
    """float32 [channels], zeros if there is none."""
    data = np.zeros(channels, np.float32) if bias is None else bias.astype(np.float32)
    return Constant("bias", np.ascontiguousarray(data.reshape(-1)))
