"""The exact integer Winograd convolution F(4x4, 3x3): its matrices, packing, proof and model.

A tile of 6x6 inputs gives 4x4 outputs with 36 products per pair of channels instead of 144:

    576 Y = A (U * V) A'      U = G w G',  V = B x B'      (`*`: element by element, then summed
                                                            over the input channels)

All matrices here are integer. G holds the rational matrix of Lavin and Gray times 24, less the
part of that factor (a 2 for the last point) that A has, so that U and V fit int16:

    |V| <= 10 * 10 * 128 = 12,800        |U| <= 12 * 12 * 128 = 18,432

Sums and the output transform are computed modulo 2^32, where 576 = 64 * 9 is undone in two steps:
9 has an inverse modulo 2^32, and 64 Y modulo 2^32 is 64 Y itself as int32 if |Y| < 2^25, which
`exact` proves from the weights. V is made of x and not of x - zp, with the value zp where x is
padded: as in every kernel the bias holds -zp * sum(w).
Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.kernels.facts import ConvFacts

I8 = npt.NDArray[np.int8]
I16 = npt.NDArray[np.int16]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

TILE = 4  # outputs of a tile, each way
REACH = 6  # its inputs, each way
POSITIONS = REACH * REACH
INVERSE_9 = 0x38E38E39  # 9 * INVERSE_9 = 1 modulo 2^32
SHIFT = 6  # 576 = 9 << SHIFT
LARGEST_SUM = 2**25 - 1

B = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.int64,
)
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 12]], np.int64)
A = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 2]], np.int64
)


def transform(weights: npt.NDArray[np.generic]) -> I16:
    """U of int8 weights [O, 3, 3, I], position first: int16 [36, O, I], exact."""
    wide = weights.astype(np.int64)
    u = np.asarray(np.einsum("ya,xb,oabi->yxoi", G, G, wide), np.int64)
    return u.reshape(POSITIONS, weights.shape[0], weights.shape[3]).astype(np.int16)


def pack_words(u: I16, block: int, lanes: int = 1, split: bool = False) -> I16:
    """U [36, O, I] -> [O / block][36][I / lanes][block channels][lanes inputs], int16.

    Both quotients are rounded up; missing channels and inputs are zeros. lanes 1 is for cores
    that multiply one int16 at a time, 2 for two in a word. With `split` (lanes 2) inputs are
    filled up to a multiple of four, and of four neighbours 0 and 2 form a word, and 1 and 3, as
    SXTB16 gives them.
    """
    positions, channels, inputs = u.shape
    step = 4 if split else lanes
    filled = np.pad(u, ((0, 0), (0, -channels % block), (0, -inputs % step)))
    if split:
        quads = filled.reshape(positions, filled.shape[1], -1, 2, 2)
        filled = quads.transpose(0, 1, 2, 4, 3).reshape(filled.shape)
    blocks = filled.reshape(positions, -1, block, filled.shape[2] // lanes, lanes)
    return np.ascontiguousarray(blocks.transpose(1, 0, 3, 2, 4))


def exact(f: ConvFacts) -> bool:
    """True if no sum of products of any output can reach 2^25, whatever the input."""
    sums = np.abs(f.weights.astype(np.int64)).reshape(f.out_c, -1).sum(axis=1)
    return bool(128 * int(sums.max()) <= LARGEST_SUM)


def applies(f: ConvFacts) -> bool:
    """Stride 1, one group, `exact`, and no line. Any size, padding and number of channels."""
    return (
        min(f.k_h, f.k_w) > 1
        and f.stride == (1, 1)
        and f.dilation == (1, 1)
        and f.group == 1
        and exact(f)
    )


def applies_line(f: ConvFacts) -> bool:
    """As `applies`, but for a line of at least three taps along a row or a column."""
    return (
        min(f.k_h, f.k_w) == 1
        and max(f.k_h, f.k_w) >= 3
        and f.stride == (1, 1)
        and f.dilation == (1, 1)
        and f.group == 1
        and exact(f)
    )


def transform_line(weights: npt.NDArray[np.generic]) -> I16:
    """U of lines of int8 weights [O, 3, I], position first: int16 [6, O, I], exact.

    24 Y = A (U * V) for these; the products of 6 inputs give 4 outputs.
    """
    return np.asarray(np.einsum("ya,oai->yoi", G, weights.astype(np.int64)), np.int16)


def split_line(weights: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Weights [O, k_h, k_w, I] of a line as lines of three, as `split`: [O, 3, n]."""
    channels, inputs = weights.shape[0], weights.shape[3]
    line = weights.reshape(channels, -1, inputs)
    filled = np.pad(line, ((0, 0), (0, -line.shape[1] % 3), (0, 0)))
    parts = filled.reshape(channels, -1, 3, inputs)
    return parts.transpose(0, 2, 1, 3).reshape(channels, 3, -1)


def line_tiles(f: ConvFacts) -> int:
    """Tiles of 4 outputs along a row or a column, of one image."""
    down = f.k_w == 1
    return f.out_w * -(-f.out_h // TILE) if down else f.out_h * -(-f.out_w // TILE)


def split(weights: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Weights [O, k_h, k_w, I] as those of 3x3 kernels, filled up with zeros: [O, 3, 3, n].

    n = ceil(k_h / 3) * ceil(k_w / 3) * I in the order row of kernels, kernel, input channel. The
    inputs of neighbouring kernels are 3 pixels apart.
    """
    channels, k_h, k_w, inputs = weights.shape
    filled = np.pad(weights, ((0, 0), (0, -k_h % 3), (0, -k_w % 3), (0, 0)))
    parts = filled.reshape(channels, -1, 3, filled.shape[2] // 3, 3, inputs)
    return parts.transpose(0, 2, 4, 1, 3, 5).reshape(channels, 3, 3, -1)


def depth(f: ConvFacts) -> int:
    """Inputs of the 3x3 kernels of `split`."""
    return -(-f.k_h // 3) * -(-f.k_w // 3) * f.in_c


def tiles(f: ConvFacts, group: int = 1) -> int:
    """Tiles of 4x4 outputs of all images, in whole groups per image."""
    image = -(-f.out_h // TILE) * -(-f.out_w // TILE)
    return f.n * _up(image, group)


def model(x: I8, weights: I8, pads: tuple[int, int, int, int], x_zp: int) -> I64:
    """sum(w * x) [n, out_h, out_w, out_c] as the kernels compute it: all sums modulo 2^32.

    x [n, h, w, i] is padded with x_zp by pads (top, left, bottom, right); tiles that reach beyond
    have zeros there, which only outputs see that are cut off.
    """
    top, left, bottom, right = pads
    n, out_h, out_w = x.shape[0], x.shape[1] + top + bottom - 2, x.shape[2] + left + right - 2
    border = ((0, 0), (top, bottom), (left, right), (0, 0))
    filled = ((0, 0), (0, -out_h % TILE), (0, -out_w % TILE), (0, 0))
    padded = np.pad(np.pad(x, border, constant_values=x_zp), filled).astype(np.int64)
    u = transform(weights)
    y = np.zeros((n, _up(out_h, TILE), _up(out_w, TILE), weights.shape[0]), np.int64)
    for oy in range(0, out_h, TILE):
        for ox in range(0, out_w, TILE):
            v = np.einsum("ya,xb,nabi->nyxi", B, B, padded[:, oy : oy + REACH, ox : ox + REACH])
            y[:, oy : oy + TILE, ox : ox + TILE] = _tile(v.astype(np.int16), u)
    return y[:, :out_h, :out_w]


def _tile(v: I16, u: I16) -> I64:
    """Y [n, 4, 4, o] of V [n, 6, 6, i] and U [36, o, i]."""
    ring = v.reshape(v.shape[0], POSITIONS, -1).astype(np.uint32)  # two's complement
    m = np.einsum("npi,poi->npo", ring, u.astype(np.uint32)).reshape(v.shape[0], REACH, REACH, -1)
    a = A.astype(np.uint32)
    scaled = np.einsum("ya,xb,nabo->nyxo", a, a, m).astype(np.uint32) * np.uint32(INVERSE_9)
    return np.asarray(scaled.view(np.int32) >> SHIFT, np.int64)


def _up(size: int, step: int) -> int:
    """`size` rounded up to a multiple of `step`."""
    return -(-size // step) * step
