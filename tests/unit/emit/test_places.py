"""Addresses as C text, and the function that makes the parts of an arena known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from edgec.emit.folder import Emission, EmitOptions, emit
from edgec.emit.places import Places, bind_text, found_parts, used_names
from edgec.ir.graph import Graph
from edgec.lower.program import Program
from edgec.plan.check import check_plan
from edgec.plan.planner import make_plan
from edgec.plan.regions import Region, split_arena
from edgec.targets import load_target
from tests.support.emitted import compile_folder, run_tool, text_of
from tests.support.nets import image_net, lowered
from tests.unit.plan.programs import buffer

PARTS = Places({"a": 16, "b": 96, "c": 200}, 16, (0, 80, 160))


def test_an_address_is_within_its_part() -> None:
    text = [PARTS.at(buffer(name, 4)) for name in "abc"]
    assert text == ["base + 16u", "part_1 + 16u", "part_2 + 40u"]


def test_an_arena_of_one_part_needs_no_more() -> None:
    whole = Places({"a": 16}, 16)
    assert whole.at(buffer("a", 4)) == "base + 16u"
    assert bind_text("net", whole) == found_parts("net", whole) == []


def test_parts_are_stored_at_the_begin_of_the_arena() -> None:
    text = "\n".join(bind_text("net", PARTS))
    assert "int net_bind(void *arena, void *part_1, void *part_2)" in text
    assert "memcpy(base + 8u, &part_2, sizeof part_2);" in text
    assert "(uintptr_t)part_2 % 16u != 0u" in text


def test_a_run_refuses_parts_that_are_not_bound() -> None:
    text = "\n".join(found_parts("net", PARTS))
    assert "uint8_t *const part_2 = net_part(base, 1u);" in text
    assert "if (part_1 == NULL ||" in text and "return EDGEC_ERROR_ARENA;" in text


def test_only_parts_that_are_used_are_handed_on() -> None:
    assert used_names("f(part_2 + 4u, base + 8u, part_2 + 8u, database)") == ("base", "part_2")


# a model whose arena is in parts ----------------------------------------------------------------

MAIN = """\
#include "net.h"
#include "edgec/edgec.h"
#include <stdio.h>
#include <string.h>

#define ALIGNED __attribute__((aligned(NET_ARENA_ALIGN)))
static uint8_t ALIGNED arena[2][NET_ARENA_BYTES + 16];
static uint8_t ALIGNED one[2][NET_PART_1_BYTES + 16];
static uint8_t ALIGNED two[2][NET_PART_2_BYTES + 16];

static void *at(void *p) { return (void *)(((uintptr_t)p + 15u) & ~(uintptr_t)15u); }

int main(void)
{
    void *const a = at(arena[0]);
    void *const b = at(arena[1]);
    if (net_run(a) != EDGEC_ERROR_ARENA) { return 1; }
    if (net_bind(a, NULL, at(two[0])) != EDGEC_ERROR_ARENA) { return 2; }
    if (net_bind(a, at(one[0]), (char *)at(two[0]) + 4) != EDGEC_ERROR_ARENA) { return 3; }
    if (net_bind(a, at(one[0]), at(two[0])) != EDGEC_OK) { return 4; }
    if (net_bind(b, at(one[1]), at(two[1])) != EDGEC_OK) { return 5; }
    for (unsigned k = 0; k < NET_INPUT_0_COUNT; k++) {
        net_input_0(a)[k] = (int8_t)(37u * k + 11u);
        net_input_0(b)[k] = (int8_t)(91u * k);
    }
    if (net_run(a) != EDGEC_OK || net_run(b) != EDGEC_OK) { return 6; }
    for (unsigned k = 0; k < NET_OUTPUT_0_COUNT; k++) {
        printf("%d %d ", net_output_0(a)[k], net_output_0(b)[k]);
    }
    return 0;
}
"""
WHOLE = """\
#define NET_PART_1_BYTES 16u
#define NET_PART_2_BYTES 16u
#define net_bind(arena, one, two) \\
    ((one) == NULL || (uintptr_t)(two) % 16u != 0u ? EDGEC_ERROR_ARENA : EDGEC_OK)
"""


def emitted(graph: Graph, *limits: int) -> tuple[Program, Emission]:
    """The network in memories of so many bytes, ever slower, or in one if there are no limits."""
    program = replace(lowered(graph), name="net")
    plan = make_plan(program, align=16, keep_order=True)
    if limits:
        regions = [Region(f"M{k}", float(k), limit) for k, limit in enumerate(limits)]
        parted = split_arena(program, plan, regions)
        assert parted is not None and len(parted.parts) == len(limits)
        plan = parted
    check_plan(program, plan)
    return program, emit(program, plan, load_target("x86_64"), EmitOptions())


@pytest.mark.parametrize("seed", [3, 5])
def test_parts_give_the_bits_of_the_whole(seed: int, tmp_path: Path) -> None:
    graph = image_net(seed, height=12)
    printed = []
    for name, limits in (("whole", ()), ("parts", (128, 700, 1 << 20))):
        folder = tmp_path / name
        folder.mkdir()
        _, emission = emitted(graph, *limits)
        main = MAIN if limits else MAIN.replace("#define ALIGNED", WHOLE + "#define ALIGNED")
        main = main if limits else main.replace("if (net_run(a) != EDGEC_ERROR_ARENA)", "if (0)")
        (folder / "main.c").write_text(main)
        objects = compile_folder(emission, folder / "net", folder)
        command = ["gcc", "-std=c99", "-Wall", "-Wextra", f"-I{folder / 'net'}", "main.c"]
        run_tool([*command, *objects, "-lm", "-o", "main"], folder)
        printed.append(run_tool([folder / "main"], folder))
    assert printed[0] == printed[1] and len(set(printed[0].split())) > 3


def test_header_and_manifest_tell_of_the_parts() -> None:
    _, emission = emitted(image_net(3, height=12), 128, 1 << 20)
    header, manifest = text_of(emission, "net.h"), emission.manifest
    first, second = manifest.arena.parts
    assert (manifest.bind, manifest.arena.bytes) == ("net_bind", first.bytes)
    assert (first.section, second.section) == (".bss.edgec_arena", ".bss.edgec_arena_1")
    assert f"#define NET_ARENA_BYTES {first.bytes}u" in header
    assert f"#define NET_PART_1_BYTES {second.bytes}u /* planned for {second.memory} */" in header
    assert re.search(r"int net_bind\(void \*arena, void \*part_1\);", header)
    assert all(p.offset is not None and p.offset + p.bytes <= first.bytes for p in manifest.inputs)
