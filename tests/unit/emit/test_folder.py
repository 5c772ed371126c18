"""A generated folder builds with nothing but what its manifest and build files say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.emit.folder import Emission, write_folder
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.activation import Relu
from edgec.ops.elementwise import Add
from tests.support.emitted import (
    compile_folder,
    contents,
    emitted,
    run_tool,
    small_graph,
    text_of,
)
from tests.support.golden import check_golden

TARGETS = ("x86_64", "cortex-m4", "cortex-m0", "riscv32imac", "riscv64gc")
HOSTILE = (
    "*/ #error out \\",
    "/* // */ ??/",
    "\"; int main = '0",
    "line\nbreak\r\n#define int",
    "tab\t\0nul\x7f",
    "int",
    "restrict",
    "x" * 300,
    "größe 温度 \u202e",
    "../../etc/passwd",
    "%s %n $(rm) `id` ${X}",
    "",
)


@pytest.mark.parametrize("incbin", [False, True], ids=["c", "incbin"])
@pytest.mark.parametrize("target", TARGETS)
def test_sources_compile_from_any_folder(target: str, incbin: bool, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    emission = emitted(target=target, incbin=incbin)
    compile_folder(emission, tmp_path / "gen" / "small", elsewhere)


MAIN = """\
#include "small.h"
#include "edgec/edgec.h"
#include <stdio.h>
#include <string.h>

static uint64_t memory[SMALL_ARENA_BYTES / 8u + 4u];

int main(void)
{
    void *arena = (void *)(((uintptr_t)memory + SMALL_ARENA_ALIGN - 1u)
                           / SMALL_ARENA_ALIGN * SMALL_ARENA_ALIGN);
    const float x[SMALL_INPUT_0_COUNT] = {0.5f, -1.0f, 2.0f, 0.25f, 3.0f, -0.125f};

    if (small_run(NULL) != EDGEC_ERROR_ARENA) {
        return 1;
    }
    if (small_run((char *)arena + 1) != EDGEC_ERROR_ARENA) {
        return 2;
    }
    memcpy(small_input_0(arena), x, SMALL_INPUT_0_BYTES);
    if (small_run(arena) != EDGEC_OK) {
        return 3;
    }
    for (unsigned k = 0; k < SMALL_OUTPUT_0_COUNT; k++) {
        printf("%d ", small_output_0(arena)[k]);
    }
    return 0;
}
"""


def expected() -> str:
    """What MAIN prints, by the references."""
    x = np.asarray([0.5, -1.0, 2.0, 0.25, 3.0, -0.125], np.float32).reshape(2, 3)
    y = run(small_graph(), [x])["y"]
    return "".join(f"{v} " for v in np.asarray(y).reshape(-1))


@pytest.mark.parametrize("incbin", [False, True], ids=["c", "incbin"])
def test_a_program_runs_through_the_header(incbin: bool, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    objects = compile_folder(emitted(incbin=incbin), folder, tmp_path)
    (tmp_path / "main.c").write_text(MAIN)
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{folder}", "main.c"]
    run_tool([*command, *objects, "-lm", "-o", "main"], tmp_path)
    assert run_tool([tmp_path / "main"], tmp_path) == expected()


@pytest.mark.parametrize("incbin", [False, True], ids=["c", "incbin"])
def test_make_builds_with_the_makefile_fragment(incbin: bool, tmp_path: Path) -> None:
    write_folder(emitted(incbin=incbin), tmp_path / "nets" / "small")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "Makefile").write_text(
        "include nets/small/small.mk\n"
        "main: main.c $(SMALL_SRCS)\n"
        "\tgcc $(SMALL_CFLAGS) -Werror $(SMALL_INCLUDES) $^ $(SMALL_LDLIBS) -o $@\n"
    )
    run_tool(["make"], tmp_path)
    assert run_tool([tmp_path / "main"], tmp_path) == expected()


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
@pytest.mark.parametrize("incbin", [False, True], ids=["c", "incbin"])
def test_cmake_builds_with_the_generated_list(incbin: bool, tmp_path: Path) -> None:
    write_folder(emitted(incbin=incbin), tmp_path / "nets" / "small")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\n"
        "add_subdirectory(nets/small)\nadd_executable(main main.c)\n"
        "target_link_libraries(main small)\n"
    )
    run_tool(["cmake", "-S", ".", "-B", "build"], tmp_path)
    run_tool(["cmake", "--build", "build"], tmp_path)
    assert run_tool([tmp_path / "build" / "main"], tmp_path) == expected()


def test_two_models_link_into_one_image(tmp_path: Path) -> None:
    objects = []
    for name in ("first", "second"):
        emission = emitted(name=name, incbin=name == "second")
        objects += compile_folder(emission, tmp_path / name, tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "first/first.h"\n#include "second/second.h"\n'
        "int main(void) { return first_run(0) - second_run(0); }\n"
    )
    run_tool(["gcc", "-Wall", "-Werror", "main.c", *objects, "-lm", "-o", "main"], tmp_path)
    run_tool([tmp_path / "main"], tmp_path)


@pytest.mark.parametrize("incbin", [False, True], ids=["c", "incbin"])
def test_weights_go_to_the_section_that_is_defined(incbin: bool, tmp_path: Path) -> None:
    section = "-DEDGEC_WEIGHTS_SECTION=.fast_weights.net"
    objects = compile_folder(emitted(incbin=incbin), tmp_path / "small", tmp_path, section)
    sections = run_tool(["objdump", "-h", *objects], tmp_path)
    assert ".fast_weights.net" in sections and "edgec_weights" not in sections


def hostile_graph(name: str) -> Graph:
    """Every name in it is `name`."""
    g = Graph(name)
    x = g.value(name, TensorType(DType.F32, (1, 4)))
    g.inputs.append(x)
    y = g.add(Add(), x, g.constant(np.ones(4, np.float32), name), name=name, origin=(name, name))
    g.outputs += [y, g.add(Relu(), y, name=name, origin=HOSTILE)]
    return g


@pytest.mark.parametrize("name", HOSTILE, ids=lambda n: repr(n)[:12])
def test_any_text_may_be_a_name(name: str, tmp_path: Path) -> None:
    emission = emitted(hostile_graph(name), "net")
    compile_folder(emission, tmp_path / "net", tmp_path, "-trigraphs")
    for file in ("net.h", "net.c", "net_weights.c"):
        text = text_of(emission, file)
        assert text.isascii() and "??/" not in text and "\\\n" not in text


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    for copy in ("one", "two"):
        write_folder(emitted(incbin=True), tmp_path / copy)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_folder_holds_what_the_manifest_lists(tmp_path: Path) -> None:
    emission = emitted(incbin=True)
    write_folder(emission, tmp_path / "small")
    m = emission.manifest
    extra = {"small.mk", "CMakeLists.txt", "manifest.json", "small_weights.bin"}
    assert set(contents(tmp_path / "small")) == {*m.sources, *m.headers, *extra}


@pytest.mark.parametrize("target", TARGETS)
def test_only_the_allowed_headers_are_included(target: str) -> None:
    emission = emitted(target=target)
    names = [f for f in emission.files if f.endswith((".c", ".h"))]
    includes = {n for f in names for n in re.findall(r"#\s*include <(.+)>", text_of(emission, f))}
    intrinsics = {"arm_acle.h", "arm_mve.h"}
    assert includes - intrinsics <= {"stdint.h", "stddef.h", "stdbool.h", "string.h", "math.h"}


def test_there_is_no_mutable_static_data(tmp_path: Path) -> None:
    objects = compile_folder(emitted(), tmp_path / "small", tmp_path)
    symbols = [line.split() for line in run_tool(["nm", *objects], tmp_path).splitlines()]
    kinds = {parts[-2] for parts in symbols if len(parts) >= 2}
    assert kinds & set("dDbBcC") == set()


def test_math_is_linked_only_where_it_is_used() -> None:
    g = Graph("plain")
    x = g.value("x", TensorType(DType.I8, (4,)))
    g.inputs.append(x)
    g.outputs.append(g.add(Relu(), x))
    plain, with_math = emitted(g, "plain"), emitted()
    assert "math.h" not in "".join(text_of(plain, f) for f in plain.files)
    for file in ("CMakeLists.txt", "{}.mk"):
        assert "-lm" not in text_of(plain, file.format("plain"))
        text = text_of(with_math, file.format("small"))
        assert "-lm" in text or "PUBLIC m)" in text


# other compilers ---------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
def test_clang_has_nothing_to_say(tmp_path: Path) -> None:
    write_folder(emitted(incbin=True), tmp_path / "c")
    for source in ("small.c", "small_weights.S"):
        flags = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic", "-O2"]
        run_tool(["clang", *flags, "-Ic", "-c", f"c/{source}", "-o", "o.o"], tmp_path)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_the_header_is_cpp_too(tmp_path: Path) -> None:
    objects = compile_folder(emitted(), tmp_path / "small", tmp_path)
    (tmp_path / "main.cpp").write_text(
        '#include "small/small.h"\n'
        "alignas(SMALL_ARENA_ALIGN) static uint8_t arena[SMALL_ARENA_BYTES];\n"
        "int main() { *small_input_0(arena) = 1.0f;\n"
        "    return small_run(arena) + (*small_output_0(arena) == SMALL_OUTPUT_0_ZERO_POINT); }\n"
    )
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    run_tool(["g++", *flags, "main.cpp", *objects, "-lm", "-o", "main"], tmp_path)
    run_tool([tmp_path / "main"], tmp_path)


# snapshots ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    ["small.h", "small.c", "small_weights.h", "small_weights.c", "small.mk", "CMakeLists.txt",
     "manifest.json"],
)  # fmt: skip
def test_a_small_model_looks_like_this(file: str) -> None:
    check_golden(f"small/{file}", text_of(emitted(target="cortex-m4"), file))


def test_the_weights_of_a_small_model_in_assembler_look_like_this() -> None:
    text = text_of(emitted(target="cortex-m4", incbin=True), "small_weights.S")
    check_golden("small/small_weights.S", text)


# writing -----------------------------------------------------------------------------


def refused(emission: Emission, folder: Path) -> str:
    with pytest.raises(EdgecError) as error:
        write_folder(emission, folder)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E0410"
    return diagnostic.what


def test_an_earlier_output_is_replaced(tmp_path: Path) -> None:
    write_folder(emitted(), tmp_path / "out")
    write_folder(emitted(incbin=True), tmp_path / "out")
    names = set(contents(tmp_path / "out"))
    assert "small_weights.S" in names and "small_weights.c" not in names


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "did not write" in refused(emitted(), tmp_path)
    assert set(contents(tmp_path)) == {"notes.txt"}


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    refused(emitted(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    good = emitted()
    broken = Emission(good.manifest, {**good.files, "small.h/below": "a file cannot be a folder"})
    assert "cannot be written" in refused(broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(emitted(), tmp_path / "file" / "out")
