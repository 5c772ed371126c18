"""The harness learns the model's layout from a header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgec.build.harness import harness_config
from edgec.build.manifest import read_manifest
from tests.unit.verify.pair_model import write_pair


def test_the_header_has_the_manifests_layout(tmp_path: Path) -> None:
    text = harness_config(read_manifest(write_pair(tmp_path, "x86_64")))
    assert "#define EDGEC_HARNESS_ENTRY pair_run\n" in text
    assert "#define EDGEC_HARNESS_OUTPUTS {32u, 8u}, {40u, 4u}\n" in text
    assert "EDGEC_HARNESS_RESET" not in text


def test_a_model_with_state_is_reset(tmp_path: Path) -> None:
    manifest = read_manifest(write_pair(tmp_path, "x86_64"))
    text = harness_config(replace(manifest, reset="pair_reset"))
    assert "#define EDGEC_HARNESS_RESET pair_reset\n" in text


def test_tables_are_valid_c_without_inputs(tmp_path: Path) -> None:
    manifest = read_manifest(write_pair(tmp_path, "x86_64"))
    text = harness_config(replace(manifest, inputs=()))
    assert "#define EDGEC_HARNESS_INPUT_COUNT 0u\n" in text
    assert "#define EDGEC_HARNESS_INPUTS {0u, 0u}\n" in text
