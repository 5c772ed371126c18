"""The numeric law: integer arithmetic of quantized layers, the same bits in numpy and in C.

One rounding rule for integer results: round half up, floor(x + 1/2). Values that are computed
once from real numbers (tables, float -> int8) round half to even, as ONNX QuantizeLinear does.
Results saturate, never wrap. The C twin of every function here is
`runtime_c/include/edgec/fixedpoint.h`; `docs/numeric-law.md` explains the formulas.

Requantization of an int32 accumulator by the real factor M = sx * sw / sy:

    requantize(acc) = clamp(zp + ((sat32(acc << shift) * mult + 2^31) >> 32), lo, hi)

with mult = 2 * round(M * 2^(31 - shift)), even and below 2^31. `mult` is even so that a doubling
high multiply by mult / 2 (MVE VQRDMULH) gives the same bits as a plain one (SMMULR, MULH).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import Where, fail

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
AnyInt = npt.NDArray[np.integer]

INT32_MAX = 2**31 - 1
MAX_SHIFT = 30
SPAN_S8 = 256
"""Number of values of an int8 output; a real result of this size saturates for any zero point."""


def round_half_up(x: F64) -> I64:
    """floor(x + 1/2) of finite float64 values, exact (adding 0.5 in float64 is not)."""
    down = np.floor(x)
    up: I64 = (down + (x - down >= 0.5)).astype(np.int64)
    return up


# --- requantization -----------------------------------------------------------------------


@dataclass(frozen=True)
class Multipliers:
    """`mult` int32 [channels] (even, 0 <= mult < 2^31) and the shift that all channels share.

    `error` is the largest distance, in LSB before rounding, between the fixed-point product and
    the exact real one over all accumulators that do not saturate the output. It is always below
    1/2, so results are within 1 LSB; the share of elements that differ is about its average.
    """

    mult: I32
    shift: int
    error: float


def shift_left_saturating(acc: AnyInt, shift: int) -> I64:
    """acc << shift with acc first clamped to the range that fits int32 (int64 result)."""
    top = 1 << (31 - shift)
    shifted: I64 = np.clip(acc.astype(np.int64), -top, top - 1) << shift
    return shifted


def multiply_high_round(a: AnyInt, b: AnyInt) -> I64:
    """(a * b + 2^31) >> 32 for int32 operands, in int64."""
    product = a.astype(np.int64) * b.astype(np.int64)
    high: I64 = (product + (1 << 31)) >> 32
    return high


def requantize(
    acc: AnyInt, mult: AnyInt | int, shift: int, zp: int, lo: int = -128, hi: int = 127
) -> I32:
    """Scale int32 accumulators to the output type; `mult` broadcasts along the last axis."""
    scaled = multiply_high_round(shift_left_saturating(acc, shift), np.asarray(mult))
    result: I32 = np.clip(scaled + zp, lo, hi).astype(np.int32)
    return result


def accumulator_bound(weights: AnyInt, bias: AnyInt | None, x_zp: int, x_min: int = -128) -> I64:
    """Bound of |any partial sum|, in any order, for each output channel: int64 [channels].

    weights: [channels, ...]; bias: [channels] or None; `x_min` is the lowest value of the input
    type. Covers both sum(w * (x - zp)) + bias and sum(w * x) + (bias - zp * sum(w)), because
    |x - zp| <= |x_min| + |zp| and |zp * sum(w)| <= |zp| * sum|w|.
    """
    reach = abs(x_min) + abs(x_zp)
    flat = np.abs(weights.astype(np.int64)).reshape(weights.shape[0], -1)
    bound: I64 = flat.sum(axis=1) * reach
    if bias is not None:
        bound = bound + np.abs(bias.astype(np.int64))
    return bound


def check_accumulators(bound: I64, where: Where | None = None) -> None:
    """Raise E0301, naming the first channel, unless every accumulator provably fits int32."""
    over = np.flatnonzero(bound > INT32_MAX)
    if over.size:
        channel = int(over[0])
        raise fail(
            "E0301",
            f"the accumulator of output channel {channel} can reach {int(bound[channel])}, "
            f"more than int32 holds ({over.size} of {bound.size} channels)",
            where,
            rule="|bias| + sum|w| * max|x - zero point| must be below 2^31",
            help="use a larger weight scale for this channel, or split the reduction",
        )


def choose_multipliers(
    real: F64 | float, bound: I64 | int, span: int = SPAN_S8, where: Where | None = None
) -> Multipliers:
    """The multipliers for the real factors `real` [channels] and accumulators up to `bound`.

    The smallest shift is the most precise one, so it is the smallest for which every mult stays
    below 2^31: 0 when all factors are below 1/2. A factor above `span` behaves as `span`: any
    accumulator but 0 saturates. An accumulator too big for the shift is saturated first; that
    is the same result when the largest one that fits already saturates the output, and E0310
    otherwise.
    """
    factors = np.atleast_1d(np.asarray(real, np.float64))
    bounds = np.broadcast_to(np.atleast_1d(np.asarray(bound, np.int64)), factors.shape)
    _check_factors(factors, where)
    factors = np.where(bounds == 0, 0.0, np.minimum(factors, float(span)))
    shift = 0
    while 2 * int(round_half_up(np.ldexp(factors, 31 - shift)).max(initial=0)) > INT32_MAX:
        shift += 1
    mult = 2 * round_half_up(np.ldexp(factors, 31 - shift))
    _check_saturation(mult, shift, bounds, span, where)
    exact = np.abs(np.ldexp(factors, 32 - shift) - mult)
    with np.errstate(divide="ignore", over="ignore"):
        live = np.minimum(bounds, np.where(factors > 0, span / factors, np.inf))
    error = float((np.ldexp(exact, shift - 32) * live).max(initial=0.0))
    return Multipliers(mult.astype(np.int32), shift, error)


def _check_factors(factors: F64, where: Where | None) -> None:
    bad = np.flatnonzero(~(np.isfinite(factors) & (factors >= 0)))
    if bad.size:
        channel = int(bad[0])
        raise fail(
            "E0302",
            f"the requantization factor of channel {channel} is {factors[channel]}",
            where,
            rule="input scale * weight scale / output scale must be finite and not negative",
            help="check the scales of the QuantizeLinear nodes around this node",
        )


def _check_saturation(mult: I64, shift: int, bounds: I64, span: int, where: Where | None) -> None:
    """Raise E0310 if saturating an accumulator before the shift could change a result."""
    largest = (1 << (31 - shift)) - 1
    at_largest = multiply_high_round(np.asarray(largest << shift), mult)
    bad = np.flatnonzero((bounds > largest) & (at_largest < span))
    if bad.size:
        channel = int(bad[0])
        raise fail(
            "E0310",
            f"no shift serves all channels: channel {channel} has accumulators up to "
            f"{int(bounds[channel])}, too many for the shift of {shift} another channel needs",
            where,
            rule="an accumulator times 2^shift fits int32, or saturates the output anyway",
            help="bring the weight scales of the channels closer together",
        )


# --- elementwise ----------------------------------------------------------------------------


@dataclass(frozen=True)
class AddParams:
    """y = clamp((a * ma + b * mb + c) >> shift, lo, hi); every partial sum fits int32."""

    ma: int
    mb: int
    c: int
    shift: int


def choose_add(
    a_scale: float,
    a_zp: int,
    b_scale: float,
    b_zp: int,
    y_scale: float,
    y_zp: int,
    *,
    subtract: bool = False,
    where: Where | None = None,
) -> AddParams:
    """Parameters of the sum (or difference) of two int8 tensors, with the largest shift."""
    ra = float(a_scale) / float(y_scale)
    rb = float(b_scale) / float(y_scale) * (-1.0 if subtract else 1.0)
    for shift in range(MAX_SHIFT, 8, -1):
        ma = int(round_half_up(np.asarray(np.ldexp(ra, shift))))
        mb = int(round_half_up(np.asarray(np.ldexp(rb, shift))))
        c = -a_zp * ma - b_zp * mb + (y_zp << shift) + (1 << (shift - 1))
        if 128 * abs(ma) + 128 * abs(mb) + abs(c) <= INT32_MAX:
            return AddParams(ma, mb, c, shift)
    raise fail(
        "E0311",
        f"the input scales {a_scale} and {b_scale} are too large for the output scale {y_scale}",
        where,
        rule="input scale / output scale of a quantized Add or Sub must be below about 2^13",
        help="calibrate the output of this node again",
    )


def add_s8(a: I8, b: I8, p: AddParams, lo: int = -128, hi: int = 127) -> I8:
    """Quantized sum of broadcastable int8 arrays."""
    total = a.astype(np.int64) * p.ma + b.astype(np.int64) * p.mb + p.c
    result: I8 = np.clip(total >> p.shift, lo, hi).astype(np.int8)
    return result


def mul_bound(a_zp: int, b_zp: int) -> int:
    """Bound of |(a - a_zp) * (b - b_zp)| for int8 operands."""
    return (128 + abs(a_zp)) * (128 + abs(b_zp))


def mul_s8(
    a: I8, a_zp: int, b: I8, b_zp: int, m: Multipliers, y_zp: int, lo: int = -128, hi: int = 127
) -> I8:
    """Quantized product of broadcastable int8 arrays."""
    acc = (a.astype(np.int64) - a_zp) * (b.astype(np.int64) - b_zp)
    return requantize(acc, m.mult, m.shift, y_zp, lo, hi).astype(np.int8)


def choose_mean(
    x_scale: float, x_zp: int, y_scale: float, count: int, where: Where | None = None
) -> Multipliers:
    """Multiplier that turns acc = sum(x) - count * x_zp into the quantized mean of `count`."""
    bound = np.asarray([count * (128 + abs(x_zp))], np.int64)
    check_accumulators(bound, where)
    real = np.asarray([float(x_scale) / (float(y_scale) * count)])
    return choose_multipliers(real, bound, where=where)


def mean_even(acc: I64, count: AnyInt | int) -> I64:
    """acc / count to the nearest integer, ties to even: the mean of values of one scale.

    Input and output of a pool usually share their scale. The mean then has exact ties often,
    and float implementations break them to even: so does the law, and only here.
    """
    n = np.asarray(count, np.int64)
    down = acc // n
    twice = 2 * (acc - down * n)
    up = (twice > n) | ((twice == n) & (down % 2 != 0))
    result: I64 = down + up
    return result


# --- tables -----------------------------------------------------------------------------------


def to_quantized(real: F64, scale: float, zp: int, lo: int = -128, hi: int = 127) -> I64:
    """Real values to integers as QuantizeLinear does: half to even, saturating; NaN gives lo."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = real / float(scale)
    inside = np.where(scaled > lo - zp, np.minimum(scaled, hi - zp), lo - zp)
    result: I64 = np.rint(inside).astype(np.int64) + zp
    return result


def lut_s8(
    function: Callable[[F64], F64],
    x_scale: float,
    x_zp: int,
    y_scale: float,
    y_zp: int,
    lo: int = -128,
    hi: int = 127,
) -> I8:
    """int8 [256]: the output of a unary function for each input, indexed by the byte (uint8)x."""
    x = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64)
    with np.errstate(all="ignore"):
        y = np.asarray(function((x - x_zp) * float(x_scale)), np.float64)
    return to_quantized(y, y_scale, y_zp, lo, hi).astype(np.int8)


def apply_lut(x: I8, table: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """table[(uint8)x] for every element."""
    return table[x.view(np.uint8) if x.flags.c_contiguous else x.astype(np.uint8)]


# --- softmax ----------------------------------------------------------------------------------

SOFTMAX_BITS = 26
"""exp(0) in the softmax table is 2^26."""
SOFTMAX_MAX_LENGTH = 65535


@dataclass(frozen=True)
class SoftmaxParams:
    """table uint32 [256]: round(exp(-d * sx) * 2^26); numerator = 2^exponent / sy in 32 bits."""

    table: npt.NDArray[np.uint32]
    numerator: int
    exponent: int


def choose_softmax(
    x_scale: float, y_scale: float, length: int, where: Where | None = None
) -> SoftmaxParams:
    """Constants of an int8 softmax over `length` elements."""
    if not (1 <= length <= SOFTMAX_MAX_LENGTH and 2.0**-20 <= float(y_scale) <= 2.0**20):
        raise fail(
            "E0312",
            f"a quantized Softmax of {length} elements with output scale {y_scale}",
            where,
            rule=f"at most {SOFTMAX_MAX_LENGTH} elements, output scale from 2^-20 to 2^20",
            help="the usual output scale is 1/256 with zero point -128",
        )
    d = np.arange(256, dtype=np.float64)
    table = round_half_up(np.ldexp(np.exp(-d * float(x_scale)), SOFTMAX_BITS))
    mantissa, power = np.frexp(1.0 / float(y_scale))
    numerator = min(int(round_half_up(np.asarray(np.ldexp(mantissa, 32)))), 2**32 - 1)
    return SoftmaxParams(table.astype(np.uint32), numerator, 32 - int(power))


def softmax_factor(total: I64, p: SoftmaxParams) -> I64:
    """About 2^32 / (total * y_scale) for sums of table entries, by one 32-bit division each.

    The sum is cut to 16 bits (s * 2^j), so the factor is exact to a relative 2^-14 or 1/2 unit.
    """
    s = total >> 10
    j = np.full(total.shape, 10, np.int64)
    while np.any(s >= 65536):
        big = s >= 65536
        s = np.where(big, s >> 1, s)
        j = np.where(big, j + 1, j)
    quotient = p.numerator // s
    right = np.clip(p.exponent + j - 32, -32, 32)
    half = np.where(right > 0, 1 << np.maximum(right - 1, 0), 0)
    factor: I64 = np.where(
        right > 0, (quotient + half) >> np.maximum(right, 0), quotient << np.maximum(-right, 0)
    )
    return factor


def softmax_s8(x: I8, p: SoftmaxParams, y_zp: int, lo: int = -128, hi: int = 127) -> I8:
    """Softmax over the last axis, within 1 LSB of the exact result."""
    wide = x.astype(np.int64)
    d = wide.max(axis=-1, keepdims=True) - wide
    t = p.table.astype(np.int64)[d]
    factor = softmax_factor(t.sum(axis=-1, keepdims=True), p)
    return np.clip(multiply_high_round(t, factor) + y_zp, lo, hi).astype(np.int8)


# --- float boundary -----------------------------------------------------------------------------


def quantize_f32(x: F32, scale: float, zp: int, lo: int = -128, hi: int = 127) -> I32:
    """QuantizeLinear: round half even of the float32 quotient x / scale, saturating; NaN: lo."""
    with np.errstate(all="ignore"):
        q = x.astype(np.float32) / np.float32(scale)
    inside = np.where(q > lo - zp, np.minimum(q, np.float32(hi - zp)), np.float32(lo - zp))
    result: I32 = np.rint(inside).astype(np.int32) + np.int32(zp)
    return result


def dequantize_f32(x: AnyInt, scale: float, zp: int) -> F32:
    """DequantizeLinear: (x - zp) * scale in float32."""
    result: F32 = (x.astype(np.int32) - np.int32(zp)).astype(np.float32) * np.float32(scale)
    return result
