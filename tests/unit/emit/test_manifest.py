"""manifest.json: the fixed keys, and that they say what the C does."""

from __future__ import annotations

import json

from tests.support.emitted import emitted, planned, small_graph, text_of

FIXED = {
    "schema_version", "edgec_version", "name", "target", "board", "entry", "reset", "arena",
    "inputs", "outputs", "sources", "headers", "include_dirs", "cc", "cflags", "ldflags",
    "weights_bytes", "macs", "layers",
}  # fmt: skip
PORT = {
    "name", "c_name", "dtype", "shape", "layout", "scale", "zero_point", "offset", "bytes"
}  # fmt: skip
LAYER = {"name", "op", "kernel", "function", "macs", "output", "onnx_nodes"}


def test_the_fixed_keys_are_there() -> None:
    manifest = json.loads(text_of(emitted(), "manifest.json"))
    assert set(manifest) >= FIXED
    assert set(manifest["arena"]) == {"bytes", "align", "parts"}
    assert manifest["arena"]["parts"] == [] and manifest["bind"] is None
    assert set(manifest["inputs"][0]) >= PORT and set(manifest["layers"][0]) >= LAYER


def test_ports_are_where_the_header_has_them() -> None:
    emission = emitted()
    text, m = text_of(emission, "small.h"), emission.manifest
    (x,), (y,) = m.inputs, m.outputs
    assert (x.name, x.c_name, x.dtype, x.shape, x.bytes) == (
        "x",
        "small_input_0",
        "float32",
        (2, 3),
        24,
    )
    assert (y.dtype, y.scale, y.zero_point) == ("int8", 1 / 128, -5)
    assert f"(uint8_t *)arena + {x.offset}u" in text
    assert f"(const uint8_t *)arena + {y.offset}u" in text
    assert f"SMALL_ARENA_BYTES {m.arena.bytes}u" in text
    assert max(x.offset + x.bytes, y.offset + y.bytes) <= m.arena.bytes


def test_layers_name_their_functions_and_nodes() -> None:
    emission = emitted()
    (layer,) = emission.manifest.layers
    assert (layer.op, layer.kernel, layer.macs, layer.output) == ("Gemm", "loops", 24, "s8[2,4]")
    assert layer.onnx_nodes == ("fc", "gate", "quantize")
    assert f"void {layer.function}(" in text_of(emission, "small.c")
    assert layer.live_bytes == 32


def test_weights_and_macs_are_summed() -> None:
    program, _ = planned(small_graph())
    m = emitted().manifest
    assert m.weights_bytes == sum(b.bytes for b in program.constants) == 64
    assert m.macs == 24


def test_the_compiler_and_its_flags_are_those_of_the_target() -> None:
    m = emitted(target="cortex-m4").manifest
    assert m.target == "cortex-m4" and m.cc == "arm-none-eabi-gcc" and "-mcpu=cortex-m4" in m.cflags
    assert m.include_dirs == (".",) and m.entry == "small_run" and m.reset is None


def test_json_is_ascii_whatever_the_names() -> None:
    graph = small_graph()
    graph.inputs[0].name = 'größe "\n'
    text = text_of(emitted(graph), "manifest.json")
    assert text.isascii() and json.loads(text)["inputs"][0]["name"] == 'größe "\n'
