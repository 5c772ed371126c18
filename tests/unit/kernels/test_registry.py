"""Choice of rows, packing of constants and the text of calls."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.kernels.base import CallNames, float_literal
from edgec.kernels.facts import ConvFacts, GemmFacts, Quant
from edgec.kernels.packing import folded_bias, interleave
from edgec.kernels.registry import all_rows, select_conv, select_gemm
from edgec.paths import runtime_dir

NONE: frozenset[str] = frozenset()


def conv(
    k: int = 3, c: int = 8, out_c: int = 6, pad: int = 1, group: int = 1, n: int = 1,
    dilation: int = 1, quantized: bool = True,
) -> ConvFacts:  # fmt: skip
    """A square convolution over 10 x 12 pixels."""
    reach = dilation * (k - 1)
    kind = np.int8 if quantized else np.float32
    weights = np.ones((out_c, k, k, c // group), kind)
    quant = Quant(-5, np.full(out_c, 1 << 20, np.int32), 0, 3) if quantized else None
    out = (10 + 2 * pad - reach, 12 + 2 * pad - reach)
    return ConvFacts(
        *(n, 10, 12, c, *out, out_c, k, k, (1, 1), (dilation, dilation), (pad,) * 4, group),
        weights=weights,
        bias=None,
        quant=quant,
        lo=None if quantized else 0.0,
    )


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (conv(), "conv_s8__c"),
        (conv(k=1, pad=0), "conv_s8_1x1__c"),
        (conv(k=1, pad=1), "conv_s8__c"),
        (conv(c=8, out_c=8, group=8), "dwconv_s8_3x3__c"),
        (conv(c=8, out_c=8, group=8, pad=2), "dwconv_s8__c"),
        (conv(k=5, c=8, out_c=8, group=8), "dwconv_s8__c"),
        (conv(dilation=2, c=8, out_c=8, group=8), "dwconv_s8__c"),
        (conv(quantized=False), "conv_f32__c"),
        (conv(k=1, pad=0, quantized=False), "conv_f32_1x1__c"),
        (conv(c=8, out_c=8, group=8, quantized=False), "dwconv_f32__c"),
    ],
)
def test_a_core_without_features_gets_the_cheapest_plain_c_row(facts: ConvFacts, name: str) -> None:
    row = select_conv(facts, NONE)
    assert row is not None
    assert row.name == name


def test_a_grouped_convolution_has_no_row() -> None:
    assert select_conv(conv(c=8, out_c=6, group=2), NONE) is None


def test_weights_that_are_not_int8_have_no_row() -> None:
    wide = GemmFacts(1, 2, 3, weights=np.ones((3, 2), np.int16), bias=None, quant=conv().quant)
    assert select_gemm(wide, NONE) is None


def test_row_names_are_unique_and_say_their_instruction_set() -> None:
    names = [row.name for row in all_rows()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+__[a-z0-9]+", name) for name in names)


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.name)
def test_a_row_lists_every_header_that_its_own_one_includes(row) -> None:  # type: ignore[no-untyped-def]
    root = runtime_dir() / "src"
    found: list[str] = []
    pending = [row.headers[0]]
    while pending:
        path = pending.pop()
        found.append(path)
        quoted = re.findall(r'#include "([^"]+)"', (root / path).read_text())
        pending += [q for q in quoted if (root / q).exists() and q not in found]
    assert sorted(row.headers) == sorted(set(found))


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.name)
def test_a_row_names_a_function_and_a_macro_of_its_header(row) -> None:  # type: ignore[no-untyped-def]
    text = (runtime_dir() / "src" / row.headers[0]).read_text()
    assert re.search(rf"void\s+edgec_{row.name}\(const {row.struct} \*p,", text)
    assert f"#ifndef {row.macro}\n#define {row.macro} edgec_{row.name}\n#endif" in text


def test_channels_are_interleaved_in_blocks_of_4_2_and_1() -> None:
    packed = interleave(np.arange(14, dtype=np.int8).reshape(7, 2))
    assert packed.tolist() == [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 9, 11, 12, 13]


def test_the_input_zero_point_is_folded_into_the_bias() -> None:
    quant = Quant(-5, np.ones(1, np.int32), 0, 0)
    assert folded_bias(np.array([[2, 3]], np.int8), np.array([10], np.int32), quant)[0] == 35


def test_an_accumulator_that_may_overflow_is_refused_when_packing() -> None:
    quant = Quant(0, np.ones(1, np.int32), 0, 0)
    with pytest.raises(EdgecError, match="E0301"):
        folded_bias(np.array([[127]], np.int8), np.array([2**31 - 1], np.int32), quant)


def test_a_call_shows_every_parameter_on_a_line_of_its_own() -> None:
    facts = conv()
    row = select_conv(facts, NONE)
    assert row is not None
    text = row.emit(facts, CallNames("x", "y", "s", ("w", "b", "m")))
    assert "            .pad_left = 1,\n" in text
    assert "        .x_zp = -5,\n" in text
    assert "    EDGEC_CONV_S8__C(&p, x, w, b, m, y, s, 0, 10);\n}" in text


def test_a_batch_is_a_loop_over_images() -> None:
    facts = conv(n=3)
    row = select_conv(facts, NONE)
    assert row is not None
    text = row.emit(facts, CallNames("x", "y", "s", ("w", "b", "m")))
    assert "for (int32_t image = 0; image < 3; image++) {" in text
    assert "(&p, x + image * 960, w, b, m, y + image * 720, s, 0, 10);" in text


def test_scratch_holds_the_patches_of_two_pixels() -> None:
    facts = conv()
    row = select_conv(facts, NONE)
    assert row is not None
    assert row.scratch(facts) == 2 * 3 * 3 * 8


@pytest.mark.parametrize("value", [0.0, 6.0, -1.5, 0.1, 1e-30, 3e38, -0.0])
def test_float_literals_read_back_as_the_same_float(value: float) -> None:
    text = float_literal(value)
    assert re.fullmatch(r"-?\d+(\.\d*)?(e[+-]\d+)?f", text)
    assert "." in text or "e" in text
    assert np.float32(text[:-1]) == np.float32(value)
