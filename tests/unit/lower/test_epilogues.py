"""Which nodes become epilogues, and that the program with them computes the same."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import ConvFacts, Quant
from edgec.lower.cuts import lives
from edgec.lower.epilogues import pairs
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.program import Program
from edgec.lower.segments import Rates, segment
from edgec.lower.select import RowKernels
from edgec.lower.stream import Draft, Timing
from edgec.ops.move import Concat
from edgec.ops.quantized import Lut, QAdd, QGemm
from edgec.ops.quantized_window import QConv
from edgec.ops.shape import Reshape
from edgec.plan import plan_program
from edgec.plan.check import check_plan
from edgec.targets import load_target
from tests.support.batch import Case, run_cases
from tests.support.nets import built, image_net, lowered, random_input

PORTABLE = frozenset({"armv7m"})  # whose kernels are plain C on a host
CORE = load_target("cortex-m4").features
RNG = np.random.default_rng(3)
TABLE = RNG.integers(-128, 128, 256).astype(np.int8)
NUMBERS = (1 << 20, 3 << 19, 5 << 18, 21)


def conv(g: Graph, x: Value, out: int = 8, lo: int = -128) -> Value:
    """A 1x1 convolution."""
    w = RNG.integers(-128, 128, (out, 1, 1, x.type.shape[-1])).astype(np.int8)
    others = (w, np.zeros(out, np.int32), np.full(out, 2**20, np.int32))
    op = QConv((1, 1), (0, 0, 0, 0), (1, 1), 1, 3, 0, 5, lo=lo, channels_last=True)
    return g.add(op, x, *(g.constant(data) for data in others))


def graph(*shape: int) -> tuple[Graph, Value]:
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, shape))
    g.inputs.append(x)
    return g, x


def program(g: Graph) -> Program:
    rows = RowKernels(g, CORE, epilogues=True)
    return lower_graph(g, Kernels(rows.applies, rows.select, rows.joined))


def kernels(g: Graph) -> list[str]:
    return [step.kernel for step in program(g).steps]


def table_net(*, read_again: bool) -> Graph:
    g, x = graph(1, 8, 8, 8)
    made = conv(g, x)
    g.outputs.append(g.add(Lut(), made, g.constant(TABLE)))
    if read_again:
        g.outputs.append(made)
    return g


def residual_net(lo: int = -128) -> Graph:
    """first + conv(conv(first)), where only these read `first`."""
    g, x = graph(1, 16, 16, 8)
    first = conv(g, x)
    y = conv(g, conv(g, first), lo=lo)
    g.outputs.append(g.add(QAdd(*NUMBERS), first, y))
    return g


def test_a_table_behind_a_layer_is_part_of_its_step() -> None:
    (step,) = program(table_net(read_again=False)).steps
    assert (step.kernel, step.op) == ("conv_s8_1x1_then__dsp", "QConv")
    assert step.macs == 8**4 and step.value == "lut"


def test_what_others_read_too_is_stored_as_it_is() -> None:
    assert kernels(table_net(read_again=True)) == ["conv_s8_1x1__dsp", "lut_s8__dsp"]


def test_limits_of_the_layer_are_part_of_the_table() -> None:
    g, x = graph(1, 4, 4, 8)
    g.outputs.append(g.add(Lut(), conv(g, x, lo=-7), g.constant(TABLE)))
    (pair,) = pairs(g)
    quant = Quant(3, np.ones(8, np.int32), 0, 5, -7, 127)
    sizes = (1, 4, 4, 8, 4, 4, 8, 1, 1)
    weights = np.ones((8, 1, 1, 8), np.int8)
    layer = ConvFacts(
        *sizes, (1, 1), (1, 1), (0, 0, 0, 0), 1, weights=weights, bias=None, quant=quant
    )
    facts = pair.facts(layer, g.constants)
    assert facts is not None and facts.epilogue is not None and facts.epilogue.table is not None
    by_sign = np.concatenate([TABLE[128:], TABLE[:128]])
    assert facts.epilogue.table[121:].tolist() == by_sign[121:].tolist()
    assert set(facts.epilogue.table[:121].tolist()) == {int(by_sign[121])}


def test_a_sum_is_made_by_the_later_of_its_layers_over_the_earlier() -> None:
    steps = program(residual_net()).steps
    assert [s.kernel for s in steps][1:] == ["conv_s8_1x1__dsp", "conv_s8_1x1_then__dsp"]
    last = steps[-1]
    assert [b.name for b in last.reads] == ["qconv_1", "qconv"]
    assert (0, 1) in last.inplace
    assert last.rows is not None and [u.buffer.name for u in last.rows.uses] == ["qconv_1", "qconv"]


def test_the_plan_puts_a_sum_over_its_operand() -> None:
    made, plan = plan_program(program(residual_net()))
    last = made.steps[-1]
    assert last.writes[0].storage.name == "OUTPUT" or plan.arena_bytes < 3 * last.writes[0].bytes


def test_a_sum_of_limited_results_stays_a_step() -> None:
    assert kernels(residual_net(lo=-5))[-1] == "loops"


def product_net(rows: int, columns: int) -> Graph:
    """A matrix product, its view, and a table."""
    g, x = graph(rows, 12)
    w = np.ones((columns, 12), np.int8)
    others = (w, np.zeros(columns, np.int32), np.full(columns, 2**20, np.int32))
    y = g.add(QGemm(0, 0, 0), x, *(g.constant(data) for data in others))
    g.outputs.append(g.add(Lut(), g.add(Reshape((1, rows, columns)), y), g.constant(TABLE)))
    return g


def test_views_of_a_product_may_be_between() -> None:
    g = product_net(1, 300)
    (pair,) = pairs(g)
    assert [node.op.name for node in pair.nodes] == ["QGemm", "Reshape", "Lut"]
    assert kernels(g) == ["gemm_s8_then__dsp"]
    assert kernels(product_net(6, 50)) == ["gemm_s8_rows_then__dsp"]


def test_a_few_results_are_not_worth_more_code() -> None:
    assert kernels(product_net(1, 8)) == ["gemm_s8__dsp", "lut_s8__dsp"]


def test_a_sum_that_is_written_where_a_concat_wants_it_stays_part_of_that() -> None:
    g = residual_net()
    g.outputs = [g.add(Concat(3), g.outputs[0], g.outputs[0])]
    assert "conv_s8_1x1_then__dsp" not in kernels(g)


def residual_nets() -> list[Graph]:
    """Random networks with tables behind every other layer."""
    return [image_net(seed, table=TABLE) for seed in range(24)]


def test_random_networks_compute_the_same_with_epilogues() -> None:
    cases, wanted, found = [], [], 0
    for seed, g in enumerate(residual_nets()):
        x = random_input(g, seed)
        rows = RowKernels(g, PORTABLE, epilogues=True)
        kernels = Kernels(rows.applies, rows.select, rows.joined)
        cases.append(Case(g, (x,), kernels))
        wanted.append(run(g, {g.inputs[0].name: x})[g.outputs[0].name])
        found += sum("_then__" in s.kernel for s in lower_graph(g, kernels).steps)
    assert found > 20
    for (got,), want in zip(run_cases(cases), wanted, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("park", [False, True])
def test_streams_of_them_keep_all_rows_that_are_needed(park: bool) -> None:
    over = 0
    for g in residual_nets()[:8]:
        program = lowered(g, "cortex-m4")
        rates = Rates()
        stops = [n for n in range(1, len(program.steps) + 1) if segment(program.steps, 0, n, rates)]
        found = segment(program.steps, 0, max(stops), rates)
        for granule in (1, 3):
            made = None if found is None else found.turns(granule)
            if found is None or made is None:
                continue
            draft = Draft(Timing(found, granule, made, lives(program)), park)
            streamed, plan = plan_program(built(program, draft), align=16)
            check_plan(streamed, plan)
            reads = {o.write: o.read for o in streamed.streams[0].overlaps}
            over += sum(s.writes[0] in reads for s in streamed.steps if "_then__" in s.kernel)
    assert over > 0


def test_the_layer_for_which_it_saves_more_makes_the_sum() -> None:
    g, x = graph(1, 16, 16, 8)
    first = conv(g, x)
    w = RNG.integers(-128, 128, (8, 3, 3, 8)).astype(np.int8)
    others = (w, np.zeros(8, np.int32), np.full(8, 2**20, np.int32))
    op = QConv((1, 1), (1, 1, 1, 1), (1, 1), 1, 3, 0, 5, lo=-5, channels_last=True)
    second = g.add(op, x, *(g.constant(data) for data in others))
    g.outputs.append(g.add(QAdd(*NUMBERS), first, second))
    assert [step.kernel for step in program(g).steps][-1] == "conv_s8_1x1_then__dsp"
