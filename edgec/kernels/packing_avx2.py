"""Weights in the order in which the AVX2 kernels read them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Struct, ints
from edgec.kernels.factors_avx2 import proven_factors
from edgec.kernels.facts import Array, ConvFacts, GemmFacts, Quant
from edgec.kernels.packing import folded_bias

GROUP = 16
ALIGN = 32  # of constants, so that few vectors cross a line of the cache
LEAST = 17  # elements of bias and mult: a group and one that is read but not used


def groups(channels: int) -> list[npt.NDArray[np.int64]]:
    """The channels of each group of 16; what is left is a group of the last 8 or 16.

    Fewer than 8 or 16 channels are one group, in which -1 is a channel of zeros.
    """
    whole = channels // GROUP * GROUP
    found = [np.arange(c, c + GROUP) for c in range(0, whole, GROUP)]
    rest = channels - whole
    if rest:
        size = GROUP if rest > 8 else 8
        last = np.arange(channels - size, channels)
        found.append(last if last[0] >= 0 else np.r_[0:channels, [-1] * (size - channels)])
    return found


def pair_groups(runs: Array, dtype: type[np.int8] | type[np.int16]) -> Array:
    """[channels, runs, taps] -> `groups`, each [run][pair of taps][channel][2].

    An odd number of taps gets one more of weight 0.
    """
    channels, count, taps = runs.shape
    even = np.zeros((channels + 1, count, taps + taps % 2), dtype)
    even[:-1, :, :taps] = runs
    pairs = even.reshape(channels + 1, count, -1, 2)
    return np.concatenate(
        [pairs[members].transpose(1, 2, 0, 3).reshape(-1) for members in groups(channels)]
    )


def distance(channels: int) -> int:
    """Elements from the float32 factors in `mult` to what is added: 32 or more, and whole groups.

    Minus this is the shift that says that these are factors.
    """
    return max(32, (channels + 23) // 8 * 8)


def has_spare_bit(quant: Quant) -> bool:
    """Whether all multipliers can be doubled, which gives results a bit of fraction."""
    return quant.shift == 0 and int(quant.mult.max(initial=0)) < 2**30


def scale_constants(
    weights: Array, bias: Array | None, quant: Quant, repeats: int = 1, offset: int = 0
) -> tuple[Constant, Constant]:
    """bias with the zero point folded in, and mult, doubled if it `has_spare_bit`.

    The kernel adds `offset` to its inputs, which the bias takes off again modulo 2^32.
    """
    sums = weights.reshape(weights.shape[0], -1).astype(np.int64).sum(axis=1)
    whole = folded_bias(weights, bias, quant) - offset * sums
    mult = quant.mult.astype(np.int64) * (2 if has_spare_bit(quant) else 1)
    arrays = (whole.astype(np.int32), mult.astype(np.int32))
    first, second = (padded(np.tile(a, repeats)) for a in arrays)
    return Constant("bias", first, ALIGN), Constant("mult", second, ALIGN)


def factor_constants(
    weights: Array, bias: Array | None, quant: Quant, repeats: int = 1
) -> tuple[Constant, Constant]:
    """The same with the bits of float32 factors as `mult`, where they are proven to agree."""
    factors = proven_factors(weights, bias, quant)
    first, second = scale_constants(weights, bias, quant, repeats)
    if factors is None:
        return first, second
    sums = folded_bias(weights, bias, quant) + factors.start.astype(np.float32).view(np.int32)
    apart = distance(weights.shape[0] * repeats)
    bits = [np.tile(a.view(np.int32), repeats) for a in (factors.factor, factors.addend)]
    mult = np.concatenate([np.pad(a, (0, apart - a.size)) for a in bits])
    start = padded(np.tile(sums.astype(np.int32), repeats))
    return replace(first, data=start), replace(second, data=mult)


def padded(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """With zeros at the end that may be read."""
    return np.pad(values, (0, max(LEAST - values.size, 1)))


def quant_field(quant: Quant | None) -> tuple[str, Struct]:
    """The field `quant`; a shift of -1 says that `mult` is doubled."""
    q = calls.required_quant(quant)
    shift = -1 if has_spare_bit(q) else q.shift
    return ("quant", Struct(ints(shift=shift, zp=q.y_zp, lo=q.lo, hi=q.hi)))


def factor_field(
    weights: Array, bias: Array | None, quant: Quant | None, repeats: int = 1
) -> tuple[str, Struct]:
    """The field `quant` of `factor_constants`."""
    q = calls.required_quant(quant)
    if proven_factors(weights, bias, q) is None:
        return quant_field(q)
    shift = -distance(weights.shape[0] * repeats)
    return ("quant", Struct(ints(shift=shift, zp=q.y_zp, lo=q.lo, hi=q.hi)))


def conv_params(f: ConvFacts, names: CallNames) -> Struct:
    """Fields of EdgecConvS8."""
    return replaced(calls.conv_s8_params(f, names), quant_field(f.quant))


def gemm_params(f: GemmFacts, names: CallNames) -> Struct:
    """Fields of EdgecGemmS8."""
    return replaced(calls.gemm_s8_params(f, names), quant_field(f.quant))


def conv_factor_params(f: ConvFacts, names: CallNames, repeats: int = 1) -> Struct:
    """Fields of EdgecConvS8 for `factor_constants`."""
    field = factor_field(f.weights, f.bias, f.quant, repeats)
    return replaced(calls.conv_s8_params(f, names), field)


def gemm_factor_params(f: GemmFacts, names: CallNames) -> Struct:
    """Fields of EdgecGemmS8 for `factor_constants`."""
    return replaced(calls.gemm_s8_params(f, names), factor_field(f.weights, f.bias, f.quant))


def replaced(params: Struct, quant: tuple[str, Struct]) -> Struct:
    """`params` with the quantization as these kernels take it."""
    return replace(params, fields=tuple(quant if f[0] == "quant" else f for f in params.fields))
