"""The folder of a set: each model as by itself, and what holds them together."""

from __future__ import annotations

import dataclasses
import json

import pytest

from edgec.emit.shared import Member, SharedEmission, emit_shared
from tests.support.emitted import emitted


def made(*names: str, incbin: bool = False) -> SharedEmission:
    emissions = [emitted(name=name, incbin=incbin) for name in names]
    return emit_shared("set", [Member(e, 100 + k, 0, 0) for k, e in enumerate(emissions)], 48)


def text(emission: SharedEmission, path: str) -> str:
    found = emission.files[path]
    assert isinstance(found, str)
    return found


def test_each_model_has_its_folder() -> None:
    alone, files = emitted(name="first"), made("first", "second").files
    inside = {p.removeprefix("first/") for p in files if p.startswith("first/")}
    assert inside == alone.files.keys()
    assert files["first/first.c"] == alone.files["first.c"]


def test_the_header_brings_all_models_and_the_size() -> None:
    emission = made("first", "second")
    header = text(emission, "set.h")
    assert '#include "first/first.h"\n#include "second/second.h"\n' in header
    assert f"#define SET_ARENA_BYTES {emission.manifest.arena.bytes}u\n" in header
    assert "second: 101 bytes if it were alone" in header
    assert "#define SET_STATE_BYTES 48u" in header
    assert "set_reset" not in header


def test_the_headers_of_models_say_that_they_share() -> None:
    assert "/* shared by the models of set.h */" in text(made("first"), "first/first.h")


def test_the_manifest_lists_what_there_is() -> None:
    emission = made("first", "second")
    manifest = json.loads(text(emission, "manifest.json"))
    assert [m["manifest"] for m in manifest["models"]] == [
        "first/manifest.json",
        "second/manifest.json",
    ]
    assert {*manifest["sources"], *manifest["headers"]} <= emission.files.keys()


@pytest.mark.parametrize("incbin", [False, True])
def test_assembler_is_enabled_where_it_is_needed(incbin: bool) -> None:
    build = text(made("first", "second", incbin=incbin), "CMakeLists.txt")
    assert ("C ASM)" in build) is incbin
    assert "add_subdirectory(first)\nadd_subdirectory(second)\n" in build


def test_the_stack_is_that_of_the_hungriest_model() -> None:
    members = [
        Member(
            dataclasses.replace(e, manifest=dataclasses.replace(e.manifest, stack_bound=bound)),
            1,
            0,
            0,
        )
        for e, bound in ((emitted(name="a_net"), 100), (emitted(name="b_net"), 300))
    ]
    assert "#define SET_STACK_BYTES 300u" in text(emit_shared("set", members, 0), "set.h")
    assert "STACK" not in text(
        emit_shared("set", [members[0], Member(emitted(), 1, 0, 0)], 0), "set.h"
    )
