"""Weights in the order in which the AVX2 kernels read them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.kernels.base import Constant
from edgec.kernels.facts import Array, Quant
from edgec.kernels.packing import quant_constants

GROUP = 16
READ_AHEAD = 32


def pair_groups(runs: Array) -> npt.NDArray[np.int8]:
    """int8 [channels, runs, taps] -> groups of 16 channels, each [run][pair of taps][channel][2].

    An odd number of taps gets one more of weight 0. At the end are zeros that may be read.
    """
    channels, count, taps = runs.shape
    even = np.zeros((channels, count, taps + taps % 2), np.int8)
    even[:, :, :taps] = runs
    pairs = even.reshape(channels, count, -1, 2)
    parts = [
        pairs[c : c + GROUP].transpose(1, 2, 0, 3).reshape(-1) for c in range(0, channels, GROUP)
    ]
    return np.concatenate([*parts, np.zeros(READ_AHEAD, np.int8)])


def tile_constants(
    runs: Array, weights: Array, bias: Array | None, quant: Quant
) -> tuple[Constant, ...]:
    """weights, bias, mult."""
    return (Constant("weights", pair_groups(runs)), *quant_constants(weights, bias, quant))
