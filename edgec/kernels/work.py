"""Parts of work that the rows of several cores share, and how much of a layer is inside."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import ConvFacts, GemmFacts, WindowFacts


@dataclass(frozen=True)
class Axis:
    """Outputs along one axis, and the taps of all of them together that are inside the input.

    `inside` outputs have no tap outside.
    """

    outputs: int
    taps: int
    inside: int


def axis(f: WindowFacts, k: int) -> Axis:
    """The rows (0) or columns (1) of a layer."""
    size, out, taps = ((f.in_h, f.out_h, f.k_h), (f.in_w, f.out_w, f.k_w))[k]
    stride, dilation, pad = f.stride[k], f.dilation[k], f.pads[k]
    starts = [o * stride - pad for o in range(out)]
    counts = [sum(0 <= s + t * dilation < size for t in range(taps)) for s in starts]
    return Axis(out, sum(counts), sum(count == taps for count in counts))


def border_pixels(f: WindowFacts) -> int:
    """Output pixels of one image that depend on padding."""
    return f.out_h * f.out_w - axis(f, 0).inside * axis(f, 1).inside


def copy_parts(rows: float, size: int) -> Parts:
    """Copies of `rows` rows of `size` bytes; short ones are unrolled."""
    short = size <= 64
    return (
        Part("rows copied", rows * short, 3),
        Part("words of rows copied", rows * (size // 4) * short, 2),
        Part("bytes of rows copied", rows * (size % 4 + 1) // 2 * short, 2),
        Part("long rows copied", rows * (not short), 40),
        Part("bytes of long rows copied", rows * size * (not short), 0.6),
    )


def limited(f: ConvFacts | GemmFacts) -> Part:
    """Outputs that are limited to less than int8."""
    quant = f.quant
    less = quant is not None and (quant.lo, quant.hi) != (-128, 127)
    return Part("outputs limited", f.outputs if less else 0, 3)


def times(count: float, parts: Parts) -> Parts:
    """All of it `count` times."""
    return tuple(Part(part.name, count * part.times, part.each) for part in parts)


def product_parts(pixels: int, k: int, channels: int) -> Parts:
    """The products of plain C: pairs of pixels by blocks of 4, 2 and 1 channels, then a pixel."""
    pairs, single = divmod(pixels, 2)
    fours, rest = divmod(channels, 4)
    twos, ones = divmod(rest, 2)
    blocks = fours + twos + ones
    return (
        Part("pairs", pairs, 12),
        Part("blocks of pairs", pairs * blocks, 8),
        Part("taps of 2x4, four at a time", pairs * fours * (k // 4), 64),
        Part("taps of 2x4", pairs * fours * (k % 4), 15),
        Part("taps of 2x2", pairs * twos * k, 9),
        Part("taps of 2x1", pairs * ones * k, 6),
        Part("outputs of pairs", 2 * pairs * channels, 7),
        Part("blocks of single pixels", single * blocks, 8),
        Part("taps of 1x4", single * fours * k, 10),
        Part("taps of 1x2", single * twos * k, 7),
        Part("taps of 1x1", single * ones * k, 5.5),
        Part("outputs of single pixels", single * channels, 7),
    )


def joined_rows(f: ConvFacts) -> tuple[int, int]:
    """Rows of a 1x1 convolution and pixels of each; all are one if the stride is 1."""
    return (1, f.out_h * f.out_w) if f.stride == (1, 1) else (f.out_h, f.out_w)


def groups_of(f: ConvFacts, size: int) -> int:
    """Groups of `size` pixels of a 1x1 convolution: rows are joined if the stride is 1."""
    if f.stride == (1, 1):
        return ceil(f.out_h * f.out_w / size)
    return f.out_h * ceil(f.out_w / size)


def vector_tiles(pixels: int, steps: int, channels: int, tile: int, lanes: int) -> Parts:
    """Tiles of up to `tile` pixels by `lanes` channels, of `steps` products each."""
    groups, tiles = ceil(channels / lanes), ceil(pixels / tile)
    return (
        Part("tiles", tiles * groups, 30),
        Part("steps of tiles", tiles * groups * steps, 4),
        Part("pixels", pixels * groups, 8),
        Part("steps of pixels", pixels * groups * steps, 2),
    )


def vector_products(rows: int, steps: int, channels: int, tile: int, lanes: int) -> Parts:
    """The same for a matrix product; a single row is multiplied by four groups at a time."""
    many, single = (rows, 0) if rows >= 4 else (0, rows)
    return (
        *vector_tiles(many, steps, channels, tile, lanes),
        Part("rows alone", single, 40),
        Part("outputs of rows alone", single * channels, 1),
        Part("steps of rows alone", single * steps * (channels // (4 * lanes)), 10),
        Part("steps of groups left", single * steps * ceil(channels % (4 * lanes) / lanes), 4),
    )
