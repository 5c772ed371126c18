"""Rows with an epilogue: their names, calls, constants and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.kernels.base import CallNames
from edgec.kernels.conv_s8 import CONV_1X1
from edgec.kernels.costs import Costs
from edgec.kernels.epilogues import TABLE, with_epilogue
from edgec.kernels.facts import ConvFacts, Epilogue, Quant

ROW = with_epilogue(CONV_1X1, table=1.5, scratch=16)
TABLE_OF = Epilogue("lut", np.arange(-128, 128, dtype=np.int8))
SUM = Epilogue("add", None, (3, 4, 5, 20))


def facts(epilogue: Epilogue | None) -> ConvFacts:
    weights = np.ones((6, 1, 1, 4), np.int8)
    quant = Quant(0, np.full(6, 2, np.int32), 0, 0)
    sizes = (1, 2, 3, 4, 2, 3, 6, 1, 1)
    layer = ConvFacts(
        *sizes, (1, 1), (1, 1), (0, 0, 0, 0), 1,
        weights=weights, bias=np.zeros(6, np.int32), quant=quant,
    )  # fmt: skip
    return replace(layer, epilogue=epilogue)


def test_the_row_has_a_function_and_a_struct_of_its_own() -> None:
    assert (ROW.name, ROW.struct) == ("conv_s8_1x1_then__c", "EdgecConvThenS8")


def test_it_computes_just_what_it_can_follow_up_with() -> None:
    none: frozenset[str] = frozenset()
    assert [ROW.applies(facts(e), none) for e in (TABLE_OF, SUM, None)] == [True, False, False]
    assert not CONV_1X1.applies(facts(TABLE_OF), none)


def test_the_table_is_a_constant_of_which_the_call_gets_the_middle() -> None:
    constants = ROW.pack(facts(TABLE_OF))
    assert constants[0].name == TABLE
    text = ROW.emit(facts(TABLE_OF), CallNames("x", "y", "s", ("t", "w", "b", "m")))
    assert "EDGEC_CONV_S8_1X1_THEN__C(&p, t + 128, x, w, b, m, y, s, 0, 2);" in text
    assert ".kind = EDGEC_THEN_TABLE," in text


def test_the_other_tensor_of_a_sum_is_an_operand() -> None:
    row = with_epilogue(CONV_1X1, total=4)
    names = CallNames("x", "y", constants=("w", "b", "m"), others=("other",))
    text = row.emit(facts(SUM), names)
    assert "(&p, other, x, w, b, m, y, 0, 2);" in text
    assert ".ma = 3,\n            .mb = 4,\n            .c = 5,\n            .shift = 20," in text


def test_the_layer_costs_what_was_measured_without() -> None:
    fitted = {part.name: 2.0 for part in CONV_1X1.parts(facts(None))}
    costs = Costs(rows={CONV_1X1.name: fitted})
    layer = CONV_1X1.instructions(facts(None), costs)
    assert ROW.instructions(facts(TABLE_OF), costs) == layer + 1.5 * 2 * 3 * 6
