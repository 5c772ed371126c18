"""A manifest is read whole, or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgec.build.manifest import read_manifest
from edgec.diagnostics import EdgecError
from tests.unit.verify.pair_model import write_pair


def test_a_manifest_is_read_whole(tmp_path: Path) -> None:
    manifest = read_manifest(write_pair(tmp_path, "cortex-m4"))
    assert (manifest.name, manifest.entry, manifest.reset) == ("pair", "pair_run", None)
    assert (manifest.input_bytes, manifest.output_bytes) == (16, 12)
    assert manifest.outputs[1].offset == 40
    assert [layer.function for layer in manifest.layers] == ["pair_0_dense", "pair_1_relu_sum"]
    assert manifest.folder == tmp_path.resolve()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("entry", None, "'entry' is not a string"),
        ("sources", ["a.c", 3], "'sources' holds something else"),
        ("arena", 64, "'arena' is not an object"),
        ("inputs", [1], "'inputs' holds something else"),
        ("inputs", [{"name": "x", "dtype": "int8", "shape": ["n"]}], "'shape' holds something"),
        ("macs", True, "'macs' is not an integer"),
        ("layers", {}, "'layers' is not a list"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object, said: str, tmp_path: Path) -> None:
    path = write_pair(tmp_path, "x86_64") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(EdgecError, match=said) as caught:
        read_manifest(tmp_path)
    assert caught.value.diagnostics[0].code == "E0604"


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_without_a_usable_manifest_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(EdgecError) as caught:
        read_manifest(tmp_path)
    assert caught.value.diagnostics[0].code == "E0604"
