"""Models in one arena compute the same bits as alone, and keep their states."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgec.boards import load_board
from edgec.build.firmware import build_firmware
from edgec.build.manifest import read_manifest
from edgec.config import GenOptions, Optimize
from edgec.diagnostics import EdgecError
from edgec.driver import check, generate
from edgec.driver_shared import check_set, generate_shared
from edgec.verify.qemu import RunOptions, run_elf
from tests.support.stateful import HIDDEN, SCORES, SIZE, write_gru

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits_int8.onnx"
STATE = (("h0", "hn"),)
RUNS = 5
# What a firmware would do: both models by turns, the one with a state twice.
BOTH = """
#include "set/set.h"
#include <string.h>
int both_run(void *arena);
void both_reset(void *arena);
static int gru(uint8_t *arena, const uint8_t *x, uint8_t *y)
{
    memcpy(gru_input_0(arena), x, GRU_INPUT_0_BYTES);
    const int status = gru_run(arena);
    memcpy(y, gru_output_0(arena), GRU_OUTPUT_0_BYTES);
    return status;
}
int both_run(void *arena)
{
    uint8_t *const own = (uint8_t *)arena + SET_ARENA_BYTES;
    int status = gru(arena, own, own + 160);
    memcpy(digits_int8_input_0(arena), own + 64, DIGITS_INT8_INPUT_0_BYTES);
    status |= digits_int8_run(arena);
    memcpy(own + 192, digits_int8_output_0(arena), DIGITS_INT8_OUTPUT_0_BYTES);
    status |= gru(arena, own + 32, own + 176);
    return status;
}
void both_reset(void *arena) { set_reset(arena); }
"""


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def port(name: str, offset: int, size: int) -> dict[str, object]:
    return {"name": name, "dtype": "uint8", "shape": [size], "offset": offset, "bytes": size}


def both(place: Path, target: str) -> Path:
    """A folder whose entry function runs both models of `place`/set by turns."""
    manifest = json.loads((place / "set" / "manifest.json").read_text())
    arena = manifest["arena"]["bytes"]
    (place / "both.c").write_text(BOTH)
    sources = ["both.c", *(f"set/{s}" for s in manifest["sources"])]
    manifest |= {
        "name": "both",
        "entry": "both_run",
        "reset": "both_reset",
        "arena": {"bytes": arena + 208, "align": manifest["arena"]["align"]},
        "inputs": [port("x", arena, 64), port("image", arena + 64, 64)],
        "outputs": [port("scores", arena + 160, 32), port("digit", arena + 192, 10)],
        "sources": sources,
        "include_dirs": [".", *(f"set/{d}" for d in manifest["include_dirs"])],
        "macs": 0,
        "layers": [],
    }
    (place / "manifest.json").write_text(json.dumps(manifest))
    return place


def outputs(folder: Path, board_name: str, inputs: list[bytes]) -> list[bytes]:
    """Of consecutive runs, without a reset between them."""
    board = load_board(board_name)
    firmware = build_firmware(folder, board, folder / "build")
    result = run_elf(board, firmware.elf, inputs, RunOptions(reset_each=False))
    assert result.status == 0
    return list(result.outputs)


@pytest.mark.parametrize(
    ("target", "board", "optimize"),
    [
        ("x86_64", "host", Optimize.BALANCED),
        ("cortex-m4", "mps2-an386", Optimize.SIZE),
    ],
)
def test_models_by_turns_compute_the_same_as_alone(
    target: str, board: str, optimize: Optimize, tmp_path: Path
) -> None:
    gru = write_gru(tmp_path / "gru.onnx")
    options = GenOptions(target, optimize=optimize, stack=False)
    place = tmp_path / "both"
    place.mkdir()
    shared = replace(options, output=place / "set", states=STATE)
    generate_shared([DIGITS, gru], shared, quiet)
    generate(gru, replace(options, output=tmp_path / "gru", states=STATE), quiet)
    generate(DIGITS, replace(options, output=tmp_path / "digits"), quiet)
    rng = np.random.default_rng(3)
    xs = [rng.standard_normal(SIZE).astype(np.float32).tobytes() for _ in range(2 * RUNS)]
    images = [rng.bytes(64) for _ in range(RUNS)]
    turns = [xs[2 * k] + xs[2 * k + 1] + images[k] for k in range(RUNS)]
    found = outputs(both(place, target), board, turns)
    scores = outputs(tmp_path / "gru", board, xs)
    digits = outputs(tmp_path / "digits", board, images)
    assert [f[32:] for f in found] == digits
    assert [f[k : k + 16] for f in found for k in (0, 16)] == scores
    assert len(scores[0]) == 4 * SCORES
    again = outputs(tmp_path / "gru", board, [xs[3]])
    assert again != [scores[3]], "the state makes a difference"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of the two models in `set`."""
    place = tmp_path_factory.mktemp("shared")
    gru = write_gru(place / "gru.onnx")
    options = GenOptions("x86_64", output=place / "set", states=STATE)
    generate_shared([DIGITS, gru], options, quiet)
    return place


def test_the_manifests_agree_about_the_arena(place: Path) -> None:
    whole = json.loads((place / "set" / "manifest.json").read_text())
    members = [read_manifest(place / "set" / m["folder"]) for m in whole["models"]]
    assert {m.arena_bytes for m in members} == {whole["arena"]["bytes"]}
    assert [m.reset for m in members] == [None, "gru_reset"]
    digits, gru = whole["models"]
    assert (gru["state_offset"], gru["state_bytes"]) == (0, 4 * HIDDEN)
    assert digits["state_bytes"] == 0
    assert whole["arena"]["bytes"] == 4 * HIDDEN + digits["needs"]
    assert all(t.offset >= 4 * HIDDEN for m in members for t in (*m.inputs, *m.outputs))
    assert all((place / "set" / s).is_file() for s in (*whole["sources"], *whole["headers"]))


def test_the_set_builds_with_its_makefile_and_cmake(place: Path) -> None:
    from tests.support.emitted import run_tool

    (place / "main.c").write_text(
        '#include "set.h"\n'
        "static union { uint64_t align[2]; uint8_t bytes[SET_ARENA_BYTES]; } arena;\n"
        "int main(void) { set_reset(&arena);"
        " return digits_int8_run(&arena) + gru_run(&arena); }\n"
    )
    (place / "Makefile").write_text(
        "include set/set.mk\nmain: main.c $(SET_SRCS)\n"
        "\tgcc $(SET_CFLAGS) -Wall -Werror $(SET_INCLUDES) $^ $(SET_LDLIBS) -o $@\n"
    )
    run_tool(["make"], place)
    if shutil.which("cmake") is None:
        return
    (place / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\n"
        "add_subdirectory(set)\nadd_executable(app main.c)\ntarget_link_libraries(app set)\n"
    )
    run_tool(["cmake", "-S", ".", "-B", "build"], place)
    run_tool(["cmake", "--build", "build"], place)


def test_the_same_models_give_the_same_bytes(place: Path, tmp_path: Path) -> None:
    options = GenOptions("x86_64", output=tmp_path / "set", states=STATE)
    generate_shared([DIGITS, place / "gru.onnx"], options, quiet)
    ours, theirs = (
        {p.relative_to(f): p.read_bytes() for p in sorted(f.rglob("*")) if p.is_file()}
        for f in (tmp_path / "set", place / "set")
    )
    assert ours == theirs


def refused(models: list[Path], options: GenOptions) -> str:
    with pytest.raises(EdgecError) as caught:
        generate_shared(models, options, quiet)
    return str(caught.value)


def test_names_must_differ(place: Path, tmp_path: Path) -> None:
    shutil.copy(DIGITS, tmp_path / "Digits-int8.onnx")
    models = [DIGITS, tmp_path / "Digits-int8.onnx"]
    assert "E0018" in refused(models, GenOptions("x86_64", output=tmp_path / "out"))
    named = GenOptions("x86_64", name="gru", output=tmp_path / "out")
    assert "E0018" in refused([DIGITS, place / "gru.onnx"], named)
    keyword = Path(f"int={DIGITS}")
    assert "E0005" in refused([keyword], GenOptions("x86_64", output=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_models_are_checked_together(place: Path) -> None:
    models = [DIGITS, place / "gru.onnx"]
    options = GenOptions("cortex-m4", board="mps2-an386", states=STATE)
    fine = check_set(models, options, quiet)
    assert fine.fits and fine.summary.flash.measured
    alone = [
        check(models[0], replace(options, states=()), quiet).summary,
        check(models[1], options, quiet).summary,
    ]
    # other addresses make slightly other instructions
    assert abs(fine.summary.flash.total - sum(s.flash.total for s in alone)) < 100
    most = max(s.ram.stack_bound or 0 for s in alone)
    assert abs((fine.summary.ram.stack_bound or 0) - most) <= 32
    assert fine.summary.ram.arena < sum(s.ram.arena for s in alone)
    tight = replace(options, flash=fine.summary.flash.total - 1)
    assert not check_set(models, tight, quiet).fits


def test_models_may_be_named(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(DIGITS, tmp_path / folder / "model.onnx")
    options = GenOptions("x86_64", output=tmp_path / "out", stack=False)
    files = [tmp_path / "one" / "model.onnx", tmp_path / "two" / "model.onnx"]
    assert "NAME=" in help_of(files, options)
    named = [files[0], Path(f"second={files[1]}")]
    result = generate_shared(named, options, quiet)
    assert {"model/model.c", "second/second.c"} <= set(result.files)


def help_of(models: list[Path], options: GenOptions) -> str:
    with pytest.raises(EdgecError) as caught:
        generate_shared(models, options, quiet)
    return caught.value.diagnostics[0].help


def test_some_options_are_for_one_model(tmp_path: Path) -> None:
    options = GenOptions("x86_64", output=tmp_path / "out")
    for impossible in (
        replace(options, plan_svg=tmp_path / "p.svg"),
        replace(options, place=("auto",)),
        replace(options, stream_input=True),
    ):
        assert "E0017" in refused([DIGITS], impossible)


def test_a_state_must_belong_to_a_model(place: Path, tmp_path: Path) -> None:
    options = GenOptions("x86_64", output=tmp_path / "out", states=(("h1", "hn"),))
    assert "E0120" in refused([DIGITS, place / "gru.onnx"], options)


def test_a_budget_is_for_all_models(place: Path, tmp_path: Path) -> None:
    options = GenOptions("x86_64", output=tmp_path / "out", ram=600, states=STATE)
    assert "E0501" in refused([DIGITS, place / "gru.onnx"], options)
    assert not (tmp_path / "out").exists()


def test_a_budget_is_for_the_arena_and_the_largest_stack(tmp_path: Path) -> None:
    models = [Path(f"a={DIGITS}"), Path(f"b={DIGITS}")]
    free = check_set(models, GenOptions("cortex-m4"), quiet).summary
    assert free.ram.stack_bound is not None and free.trade is None
    tight = GenOptions("cortex-m4", output=tmp_path / "set", ram=free.ram.total - 1)
    summary = generate_shared(models, tight, quiet).summary
    assert summary.ram.stack_bound is not None
    assert summary.ram.total < free.ram.total and summary.trade is not None
    assert (summary.trade.arena, summary.trade.stack) == (free.ram.arena, free.ram.stack_bound)
    assert summary.trade.instructions > 0 and summary.trade.compiled
