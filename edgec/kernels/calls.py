"""Parameter structs and argument lists that the rows share; `runtime_c/include/edgec/types.h`."""

from __future__ import annotations

from dataclasses import replace

from edgec.kernels.base import CallNames, Struct, float_literal, ints
from edgec.kernels.facts import ConvFacts, GemmFacts, PoolFacts, Quant, WindowFacts


def required_quant(quant: Quant | None) -> Quant:
    """The quantization of an int8 layer, which `types` has already made sure of."""
    if quant is None:
        raise ValueError("an int8 kernel was chosen for a layer without quantization")
    return quant


def quant_struct(quant: Quant | None) -> Struct:
    q = required_quant(quant)
    return Struct(ints(shift=q.shift, zp=q.y_zp, lo=q.lo, hi=q.hi))


def clamp_struct(lo: float | None, hi: float | None) -> Struct:
    return Struct(
        (
            ("has_lo", "true" if lo is not None else "false"),
            ("has_hi", "true" if hi is not None else "false"),
            ("lo", float_literal(lo or 0.0)),
            ("hi", float_literal(hi or 0.0)),
        )
    )


def shape_struct(f: WindowFacts, names: CallNames) -> Struct:
    """Fields of EdgecConvShape. A range of columns begins at column 0 of y, and so left of x."""
    fields = ints(
        in_h=f.in_h,
        in_w=f.in_w,
        in_c=f.in_c,
        out_h=f.out_h,
        out_w=f.out_w,
        out_c=f.out_c,
        k_h=f.k_h,
        k_w=f.k_w,
        stride_h=f.stride[0],
        stride_w=f.stride[1],
        dilation_h=f.dilation[0],
        dilation_w=f.dilation[1],
        pad_top=f.pads[0],
        pad_left=f.pads[1],
    )
    if names.columns is None:
        return Struct(fields)
    begin, end = names.columns
    some = {"out_w": f"{end} - {begin}"}
    if not shifts(f):
        some["pad_left"] = f"{f.pads[1]} - {begin} * {f.stride[1]}"
    return Struct(tuple((name, some.get(name, value)) for name, value in fields))


def shifts(f: WindowFacts) -> bool:
    """Whether a call for some columns gets the address of the first one that it reads.

    Else it gets that of column 0, and a negative padding.
    """
    return not any(f.pads) and (f.k_w == 1 or isinstance(f, PoolFacts))


def column_names(f: WindowFacts, names: CallNames, columns: tuple[str, str]) -> CallNames:
    """`names` for a call that computes some columns of an image of one row."""
    begin, _ = columns
    x = f"{names.x} + {begin} * {f.stride[1] * f.in_c}" if shifts(f) else names.x
    return replace(names, x=x, y=f"{names.y} + {begin} * {f.out_c}", columns=columns)


def conv_s8_params(f: ConvFacts, names: CallNames) -> Struct:
    x_zp = ints(x_zp=required_quant(f.quant).x_zp)
    return Struct((("shape", shape_struct(f, names)), *x_zp, ("quant", quant_struct(f.quant))))


def conv_f32_params(f: ConvFacts, names: CallNames) -> Struct:
    return Struct((("shape", shape_struct(f, names)), ("clamp", clamp_struct(f.lo, f.hi))))


def gemm_s8_params(f: GemmFacts, _: CallNames) -> Struct:
    return Struct((*ints(rows=f.rows, k=f.k, n=f.n), ("quant", quant_struct(f.quant))))


def gemm_f32_params(f: GemmFacts, _: CallNames) -> Struct:
    return Struct((*ints(rows=f.rows, k=f.k, n=f.n), ("clamp", clamp_struct(f.lo, f.hi))))


def arguments(names: CallNames, rows: int) -> str:
    """`&p, x, constants, y, scratch, row_begin, row_end`."""
    scratch = (names.scratch,) if names.scratch else ()
    begin, end = names.rows or ("0", str(rows))
    return ", ".join(("&p", names.x, *names.constants, names.y, *scratch, begin, end))


def conv_args(f: ConvFacts, names: CallNames) -> str:
    return arguments(names, f.out_h)


def gemm_args(f: GemmFacts, names: CallNames) -> str:
    return arguments(names, f.rows)


def conv_batches(f: ConvFacts) -> tuple[int, int, int]:
    """Images and the elements from one to the next, of x and of y."""
    return f.n, f.in_h * f.in_w * f.in_c, f.out_h * f.out_w * f.out_c


def gemm_batches(_: GemmFacts) -> tuple[int, int, int]:
    return 1, 0, 0
