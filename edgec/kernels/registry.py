"""All rows, and the choice between them. A new kernel is a row in one of the modules below."""

from __future__ import annotations

from edgec.kernels import (
    conv_f32,
    conv_f32_avx2,
    conv_f32_fpu,
    conv_f32_mve,
    conv_s8,
    conv_s8_avx2,
    conv_s8_dsp,
    conv_s8_mve,
    conv_s8_packed,
    conv_s8_rv64,
    conv_s8_rvv,
    conv_s8_vnni,
    dwconv_s8_dsp,
    dwconv_s8_mve,
    dwconv_s8_rvv,
    dwconv_s8_scalar,
    element_s8_armv7m,
    element_s8_avx2,
    element_s8_mve,
    element_s8_rvv,
    gemm_s8_dsp,
    gemm_s8_packed,
    layernorm_s8,
    matmul_s8,
    pool_s8_avx2,
    pool_s8_dsp,
    pool_s8_mve,
    pool_s8_packed,
    pool_s8_rvv,
    rnn_f32,
    softmax_s8,
    sums_s32,
    winograd,
    winograd4_line,
    winograd4_scalar,
    winograd_avx2,
    winograd_dsp,
)
from edgec.kernels.base import Kernel, cheapest
from edgec.kernels.facts import (
    ConvFacts,
    ElementFacts,
    GemmFacts,
    LayerNormFacts,
    MatMulFacts,
    PoolFacts,
    RecurrentFacts,
    SoftmaxFacts,
    SumsFacts,
)

CONV_ROWS: tuple[Kernel[ConvFacts], ...] = (
    *conv_s8.CONV_ROWS,
    *conv_s8_dsp.CONV_ROWS,
    *dwconv_s8_dsp.CONV_ROWS,
    *winograd.CONV_ROWS,
    *winograd_dsp.CONV_ROWS,
    *winograd4_scalar.CONV_ROWS,
    *winograd4_line.CONV_ROWS,
    *conv_s8_mve.CONV_ROWS,
    *conv_s8_packed.CONV_ROWS,
    *conv_s8_rv64.CONV_ROWS,
    *dwconv_s8_mve.CONV_ROWS,
    *dwconv_s8_scalar.CONV_ROWS,
    *conv_s8_avx2.CONV_ROWS,
    *winograd_avx2.CONV_ROWS,
    *conv_s8_vnni.CONV_ROWS,
    *conv_f32_avx2.CONV_ROWS,
    *conv_s8_rvv.CONV_ROWS,
    *dwconv_s8_rvv.CONV_ROWS,
    *conv_f32_mve.CONV_ROWS,
    *conv_f32_fpu.CONV_ROWS,
    *conv_f32.CONV_ROWS,
)
GEMM_ROWS: tuple[Kernel[GemmFacts], ...] = (
    *conv_s8.GEMM_ROWS,
    *gemm_s8_dsp.GEMM_ROWS,
    *gemm_s8_packed.GEMM_ROWS,
    *conv_s8_rv64.GEMM_ROWS,
    *conv_s8_mve.GEMM_ROWS,
    *conv_s8_avx2.GEMM_ROWS,
    *conv_s8_vnni.GEMM_ROWS,
    *conv_f32_avx2.GEMM_ROWS,
    *conv_s8_rvv.GEMM_ROWS,
    *conv_f32_mve.GEMM_ROWS,
    *conv_f32_fpu.GEMM_ROWS,
    *conv_f32.GEMM_ROWS,
)
# those that also do what follows the layer
CONV_THEN_ROWS: tuple[Kernel[ConvFacts], ...] = (
    *conv_s8.THEN_ROWS,
    *conv_s8_dsp.THEN_ROWS,
    *conv_s8_packed.THEN_ROWS,
    *dwconv_s8_dsp.THEN_ROWS,
)
GEMM_THEN_ROWS: tuple[Kernel[GemmFacts], ...] = (
    *conv_s8.GEMM_THEN_ROWS,
    *gemm_s8_dsp.THEN_ROWS,
)
POOL_ROWS: tuple[Kernel[PoolFacts], ...] = (
    *pool_s8_dsp.POOL_ROWS,
    *pool_s8_mve.POOL_ROWS,
    *pool_s8_rvv.POOL_ROWS,
    *pool_s8_avx2.POOL_ROWS,
    *pool_s8_packed.POOL_ROWS,
)
ELEMENT_ROWS: tuple[Kernel[ElementFacts], ...] = (
    *element_s8_mve.ELEMENT_ROWS,
    *element_s8_rvv.ELEMENT_ROWS,
    *element_s8_avx2.ELEMENT_ROWS,
    *element_s8_armv7m.ELEMENT_ROWS,
)
RECURRENT_ROWS: tuple[Kernel[RecurrentFacts], ...] = rnn_f32.RECURRENT_ROWS
NORM_ROWS: tuple[Kernel[LayerNormFacts], ...] = layernorm_s8.NORM_ROWS
SOFTMAX_ROWS: tuple[Kernel[SoftmaxFacts], ...] = softmax_s8.SOFTMAX_ROWS
SUMS_ROWS: tuple[Kernel[SumsFacts], ...] = sums_s32.SUMS_ROWS
MATMUL_ROWS: tuple[Kernel[MatMulFacts], ...] = matmul_s8.MATMUL_ROWS


def pool_candidates(facts: PoolFacts, features: frozenset[str]) -> tuple[Kernel[PoolFacts], ...]:
    """All kernels that compute a pool on a target with `features`."""
    return tuple(r for r in POOL_ROWS if r.applies(facts, features))


def element_candidates(
    facts: ElementFacts, features: frozenset[str]
) -> tuple[Kernel[ElementFacts], ...]:
    """All kernels that compute an operation on elements on a target with `features`."""
    return tuple(r for r in ELEMENT_ROWS if r.applies(facts, features))


def recurrent_candidates(
    facts: RecurrentFacts, features: frozenset[str]
) -> tuple[Kernel[RecurrentFacts], ...]:
    """All kernels that compute a recurrent layer on a target with `features`."""
    return tuple(r for r in RECURRENT_ROWS if r.applies(facts, features))


def layer_norm_candidates(
    facts: LayerNormFacts, features: frozenset[str]
) -> tuple[Kernel[LayerNormFacts], ...]:
    """All kernels that compute a layer normalization on a target with `features`."""
    return tuple(r for r in NORM_ROWS if r.applies(facts, features))


def softmax_candidates(
    facts: SoftmaxFacts, features: frozenset[str]
) -> tuple[Kernel[SoftmaxFacts], ...]:
    """All kernels that compute a softmax on a target with `features`."""
    return tuple(r for r in SOFTMAX_ROWS if r.applies(facts, features))


def sums_candidates(facts: SumsFacts, features: frozenset[str]) -> tuple[Kernel[SumsFacts], ...]:
    """All kernels that compute a product with int32 sums on a target with `features`."""
    return tuple(r for r in SUMS_ROWS if r.applies(facts, features))


def matmul_candidates(
    facts: MatMulFacts, features: frozenset[str]
) -> tuple[Kernel[MatMulFacts], ...]:
    """All kernels that compute a product of activations on a target with `features`."""
    return tuple(r for r in MATMUL_ROWS if r.applies(facts, features))


def conv_candidates(facts: ConvFacts, features: frozenset[str]) -> tuple[Kernel[ConvFacts], ...]:
    """All kernels that compute a convolution on a target with `features`."""
    rows = CONV_ROWS if facts.epilogue is None else CONV_THEN_ROWS
    return tuple(r for r in rows if r.op == "conv" and r.applies(facts, features))


def gemm_candidates(facts: GemmFacts, features: frozenset[str]) -> tuple[Kernel[GemmFacts], ...]:
    """All kernels that compute a matrix product on a target with `features`."""
    rows = GEMM_ROWS if facts.epilogue is None else GEMM_THEN_ROWS
    return tuple(r for r in rows if r.op == "gemm" and r.applies(facts, features))


def select_conv(facts: ConvFacts, features: frozenset[str]) -> Kernel[ConvFacts] | None:
    """The cheapest kernel for a convolution on a target with `features`, or None."""
    return cheapest(CONV_ROWS, "conv", facts, features)


def select_gemm(facts: GemmFacts, features: frozenset[str]) -> Kernel[GemmFacts] | None:
    """The cheapest kernel for a matrix product by constant weights, or None."""
    return cheapest(GEMM_ROWS, "gemm", facts, features)


AnyRow = (
    Kernel[ConvFacts]
    | Kernel[GemmFacts]
    | Kernel[PoolFacts]
    | Kernel[ElementFacts]
    | Kernel[RecurrentFacts]
    | Kernel[LayerNormFacts]
    | Kernel[SoftmaxFacts]
    | Kernel[MatMulFacts]
    | Kernel[SumsFacts]
)


def all_rows() -> tuple[AnyRow, ...]:
    """Every row, for reports and tests."""
    layers: tuple[AnyRow, ...] = (*CONV_ROWS, *CONV_THEN_ROWS, *GEMM_ROWS, *GEMM_THEN_ROWS)
    rowwise: tuple[AnyRow, ...] = (*RECURRENT_ROWS, *NORM_ROWS, *SOFTMAX_ROWS)
    products: tuple[AnyRow, ...] = (*MATMUL_ROWS, *SUMS_ROWS)
    return (*layers, *POOL_ROWS, *ELEMENT_ROWS, *rowwise, *products)
