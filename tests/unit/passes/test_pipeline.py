"""Facts about the whole list of passes."""

from __future__ import annotations

from hypothesis import given, settings

from edgec.ir.graph import Graph
from edgec.ir.text import print_graph
from edgec.ir.verify import verify
from edgec.passes.base import Verifier, run_pipeline
from edgec.passes.pipeline import BEFORE, FLOAT, pipeline
from tests.unit.passes.checking import assert_same_meaning, graph, ops
from tests.unit.passes.networks import networks

SMALL_NET = """
    input %x: f32[1,1,6,6]
    const %w: f32[4,1,3,3] = random(1)
    const %s: f32[4,1,1] = random(2)
    const %t: f32[4,1,1] = random(3)
    const %v: f32[36,5] = random(4)
    const %b: f32[5] = random(5)
    %p: f32[1,1,8,8] = Pad(%x) {before=[0, 0, 1, 1], after=[0, 0, 1, 1]}
    %c: f32[1,4,6,6] = Conv(%p, %w) {strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1]}
    %m: f32[1,4,6,6] = Mul(%c, %s)
    %a: f32[1,4,6,6] = Add(%m, %t)
    %r: f32[1,4,6,6] = Relu(%a)
    %q: f32[1,4,3,3] = MaxPool(%r) {kernel=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0], dilations=[1, 1]}
    %f: f32[1,36] = Reshape(%q) {shape=[1, 36]}
    %n: f32[1,5] = MatMul(%f, %v)
    %y: f32[1,5] = Add(%n, %b)
    output %y
"""  # noqa: E501


def optimised(text: str) -> Graph:
    g = graph(text)
    run_pipeline(g, FLOAT, [Verifier(verify)])
    return g


def test_a_small_network_becomes_its_layers() -> None:
    after = optimised(SMALL_NET)
    assert ops(after) == ["Reshape", "Conv", "MaxPool", "Reshape", "Gemm"]
    assert_same_meaning(graph(SMALL_NET), after)


def test_a_second_run_changes_nothing() -> None:
    after = optimised(SMALL_NET)
    before = print_graph(after)
    assert not run_pipeline(after, FLOAT)
    assert print_graph(after) == before


def test_every_requirement_is_established_earlier() -> None:
    for native_io in (True, False):
        run_pipeline(Graph("empty"), pipeline(native_io=native_io))


def test_passes_have_names_and_are_plain_data() -> None:
    for step in pipeline():
        assert step.name
        assert step == type(step)(**vars(step))
        hash(step)


QUANTIZED = """
    input %x: f32[1,2,3,3]
    const %sx: f32[] = [0.05]
    const %zx: s8[] = [3]
    const %qw: s8[2,2,1,1] = [1, -2, 3, 4]
    const %sw: f32[2,1,1,1] = [0.37013, 0.2133717]
    const %zw: s8[2,1,1,1] = [0, 0]
    %q: s8[1,2,3,3] = Quantize(%x, %sx, %zx) {dtype=s8}
    %d: f32[1,2,3,3] = Dequantize(%q, %sx, %zx)
    %w: f32[2,2,1,1] = Dequantize(%qw, %sw, %zw)
    %c: f32[1,2,3,3] = Conv(%d, %w) {strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1]}
    %y: s8[1,2,3,3] = Quantize(%c, %sx, %zx) {dtype=s8}
    output %y
"""


def test_quantized_weights_stay_until_islands_are_built() -> None:
    g = graph(QUANTIZED)
    run_pipeline(g, BEFORE, [Verifier(verify)])
    assert ops(g).count("Dequantize") == 2
    run_pipeline(g, pipeline(native_io=False), [Verifier(verify)])
    assert "Dequantize" not in ops(g)
    assert_same_meaning(graph(QUANTIZED), g)


@given(networks())
@settings(max_examples=120)
def test_random_networks_keep_their_meaning(text: str) -> None:
    assert_same_meaning(graph(text), optimised(text))
