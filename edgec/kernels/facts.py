"""What a kernel row needs to know about a node, apart from the graph's own classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

# Types of the operands and the result, as rows declare them.
S8 = "s8,s8,s32->s8"
F32 = "f32,f32,f32->f32"
POOL_S8 = "s8->s8"
ELEMENT_S8 = "s8,s8->s8"
NORM_S8 = "s8,f32,f32->s8"
SOFTMAX_S8 = "s8,u32->s8"
MATMUL_S8 = "s8,s8,lut->s8"
SUMS_S32 = "u8,s8->s32"


@dataclass(frozen=True, eq=False)
class Quant:
    """Quantization of an int8 layer: `mult` int32 [out channels], one shift, y in [lo, hi]."""

    x_zp: int
    mult: npt.NDArray[np.int32]
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127


@dataclass(frozen=True, eq=False)
class Epilogue:
    """What a layer does to each of its int8 results, saturated to all of int8, before it stores it.

    kind "lut": a table of 256 int8, in the order of signed values. "add": the sum with the element
    at the same place of another tensor; numbers as in ElementFacts, the layer's result being a.
    """

    kind: str
    table: npt.NDArray[np.int8] | None = None
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerFacts:
    """Weights, and what is done to the sums.

    weights: [out_c, ...], int8 or float32; bias: [out_c] int32 or float32, as the model has it (no
    zero point folded in). `quant` is None for a float layer, whose fused activation is [lo, hi].
    """

    weights: Array
    bias: Array | None
    quant: Quant | None = None
    lo: float | None = None
    hi: float | None = None

    @property
    def types(self) -> str:
        """Types of x, weights, bias -> y, as rows declare them."""
        if self.quant is None:
            return F32 if self.weights.dtype == np.float32 else "?"
        return S8 if self.weights.dtype == np.int8 else "?"


@dataclass(frozen=True, eq=False)
class ImageFacts:
    """Images in NHWC, and a kernel that moves over them by `stride` (h, w)."""

    n: int
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    k_h: int
    k_w: int
    stride: tuple[int, int]

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return self.n * self.out_h * self.out_w * self.out_c


@dataclass(frozen=True, eq=False)
class WindowFacts(ImageFacts):
    """A window that slides over images. dilation: (h, w); pads: (top, left, bottom, right)."""

    dilation: tuple[int, int]
    pads: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class ConvFacts(LayerFacts, WindowFacts):
    """A 2-d convolution.

    weights: [out_c, k_h, k_w, in_c / group]. room: bytes that are free for scratch, for rows that
    take them only where they cost nothing. x_ends: nothing reads x afterwards, so that y may have
    its place. With an epilogue the limits of `quant` are those of what it gives.
    """

    group: int
    room: int = 0
    x_ends: bool = False
    epilogue: Epilogue | None = None

    @property
    def patch(self) -> int:
        """Inputs that one output element depends on."""
        return self.k_h * self.k_w * (self.in_c // self.group)

    @property
    def macs(self) -> int:
        return self.outputs * self.patch

    @property
    def depthwise(self) -> bool:
        """One filter per channel."""
        return self.group == self.in_c == self.out_c


@dataclass(frozen=True, eq=False)
class ProductFacts:
    """Sums over k: y [rows, n] from x [rows, k] and a matrix of n by k."""

    rows: int
    k: int
    n: int

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return self.rows * self.n

    @property
    def macs(self) -> int:
        return self.outputs * self.k


@dataclass(frozen=True, eq=False)
class GemmFacts(LayerFacts, ProductFacts):
    """y [rows, n] = x [rows, k] * weights [n, k] transposed + bias [n]; types as in ConvFacts."""

    epilogue: Epilogue | None = None


@dataclass(frozen=True, eq=False)
class PoolFacts(WindowFacts):
    """A 2-d max or mean pool of int8, as many channels in as out.

    A mean is requantized by `quant.mult`: int32 [taps + 1], the multiplier by the number of taps
    that count; with `include_pad` those in the padding do, as zeros. With `same_scale` it is the
    exact mean, ties to even.
    """

    types: ClassVar[str] = POOL_S8

    mean: Quant | None = None
    same_scale: bool = False
    include_pad: bool = False

    @property
    def taps(self) -> int:
        """Inputs that one output element depends on."""
        return self.k_h * self.k_w


@dataclass(frozen=True, eq=False)
class ElementFacts:
    """An int8 operation on `size` elements; a second operand has `period` elements, repeated.

    kind and numbers: "add" ma, mb, c, shift, lo, hi (`fixedpoint.add_s8`); "mul" a_zp, b_zp, mult,
    shift, zp, lo, hi; "lut" none, with the table of 256 as second operand.
    """

    types: ClassVar[str] = ELEMENT_S8

    kind: str
    size: int
    period: int
    numbers: tuple[int, ...] = ()

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return self.size


@dataclass(frozen=True, eq=False)
class TransposedFacts(LayerFacts, ImageFacts):
    """A 2-d transposed convolution without dilation.

    weights: [out_c, k_h, k_w, in_c / group]; pads: (top, left).
    """

    pads: tuple[int, int]
    group: int


@dataclass(frozen=True, eq=False)
class RecurrentFacts:
    """An RNN, LSTM or GRU with its usual activations; see `edgec.ops.rnn`.

    kind: "RNN", "LSTM", "GRU" or "GRU_AFTER" (which resets after the product). w: float32
    [directions, gates * hidden, size], r: [directions, gates * hidden, hidden], bias:
    [directions, 2 * gates * hidden] or None. given: which of the operands 4 (lengths), 5 and 6
    (first states) the node has. `sequence`: the first result is y, not the last state.
    """

    kind: str
    steps: int
    batch: int
    size: int
    hidden: int
    directions: int
    reverse: bool
    batch_first: bool
    sequence: bool
    w: Array
    r: Array
    bias: Array | None
    given: tuple[int, ...] = ()

    @property
    def types(self) -> str:
        return F32 if self.w.dtype == np.float32 else "?"

    @property
    def gates(self) -> int:
        """Sums of each hidden unit."""
        return int(self.w.shape[1]) // self.hidden

    @property
    def outputs(self) -> int:
        """Hidden units that are computed, over all steps."""
        return self.steps * self.batch * self.directions * self.hidden

    @property
    def macs(self) -> int:
        return self.outputs * self.gates * (self.size + self.hidden)


@dataclass(frozen=True, eq=False)
class RowsFacts:
    """What is done to each row of int8 [rows, length]."""

    rows: int
    length: int

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return self.rows * self.length


@dataclass(frozen=True, eq=False)
class LayerNormFacts(RowsFacts):
    """Layer normalization; see `edgec.ops.quantized_norm.QLayerNorm`.

    gain, offset: float32 [length].
    """

    types: ClassVar[str] = NORM_S8

    spread: float
    gain: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]
    lo: int = -128
    hi: int = 127


@dataclass(frozen=True, eq=False)
class SoftmaxFacts(RowsFacts):
    """Softmax; see `edgec.quantize.fixedpoint.softmax_s8`.

    table: uint32 [256].
    """

    types: ClassVar[str] = SOFTMAX_S8

    table: npt.NDArray[np.uint32]
    numerator: int
    exponent: int
    y_zp: int
    lo: int = -128
    hi: int = 127


@dataclass(frozen=True)
class Places:
    """Where the elements of a matrix are: `first`, and the elements from one to the next."""

    first: int
    batch: tuple[int, int]
    row: int
    column: int


@dataclass(frozen=True, eq=False)
class MatMulFacts(ProductFacts):
    """y = requantize(sum over k of (a - a_zp) * (b - b_zp)), both int8 and known at run time.

    batch: how often, along two axes. a [rows, k], b [k, n] and y [rows, n] are where `Places` say.
    a_table, b_table: whether a and b go through a table of int8 [256] first.
    """

    types: ClassVar[str] = MATMUL_S8

    batch: tuple[int, int]
    a: Places
    b: Places
    y: Places
    a_zp: int
    b_zp: int
    mult: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    a_table: bool = False
    b_table: bool = False

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return self.batch[0] * self.batch[1] * self.rows * self.n


@dataclass(frozen=True, eq=False)
class SumsFacts(ProductFacts):
    """y int32 [rows, n] = sum over k of (x - zero) * w of bytes x [rows, k], `signed` or not.

    weights: int8 [n, k] without their zero point. zero: whether x has a zero point, which is known
    at run time.
    """

    types: ClassVar[str] = SUMS_S32

    weights: Array
    signed: bool
    zero: bool


Facts = (
    ConvFacts
    | GemmFacts
    | PoolFacts
    | ElementFacts
    | TransposedFacts
    | RecurrentFacts
    | LayerNormFacts
    | SoftmaxFacts
    | MatMulFacts
    | SumsFacts
)


def epilogue_of(facts: Facts) -> Epilogue | None:
    """What `facts` say that a layer does to its results, if anything."""
    return facts.epilogue if isinstance(facts, ConvFacts | GemmFacts) else None
