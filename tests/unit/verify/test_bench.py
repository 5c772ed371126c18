"""The figures of one measurement agree with each other and with the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.boards import load_board
from edgec.build.manifest import read_manifest
from edgec.verify.bench import measure, sample_input
from tests.unit.verify.generated import Tensor, write_folder
from tests.unit.verify.pair_model import write_pair


@pytest.mark.qemu
@pytest.mark.parametrize("board_name", ["host", "microbit", "mps2-an386", "sifive_e", "virt-rv64"])
def test_figures_of_the_pair_model(board_name: str, tmp_path: Path) -> None:
    board = load_board(board_name)
    folder = write_pair(tmp_path / "m", board.targets[0])
    result = measure(folder, board, tmp_path / "out")
    assert [(layer.name, layer.macs) for layer in result.layers] == [("dense", 128), ("relu", 0)]
    counted = sum(layer.instructions for layer in result.layers)
    assert result.total_instructions == counted + result.entry_instructions
    assert result.layers[0].instructions > 128
    assert result.sizes.flash.weights == 128
    assert 0 < result.sizes.flash.code < 1000
    assert result.sizes.arena == result.arena_bytes == 64
    assert result.sizes.model_static == 0
    assert result.stack_bound.is_sound
    # The model's deepest path runs every time, so on boards the bound is met exactly.
    slack = 64 if board.is_host else 0
    assert result.stack_painted <= result.stack_bound.bytes <= result.stack_painted + slack


def test_sampled_inputs_are_valid_values_of_their_types(tmp_path: Path) -> None:
    tensors = [
        Tensor("f", "float32", 100, 0),
        Tensor("i", "int64", 10, 400),
        Tensor("b", "int8", 50, 480),
    ]
    folder = write_folder(tmp_path, "x86_64", "none", {}, tensors, [])
    data = sample_input(read_manifest(folder))
    assert len(data) == 400 + 80 + 50
    floats = np.frombuffer(data[:400], np.float32)
    assert np.isfinite(floats).all() and floats.std() > 0.5
    assert set(np.frombuffer(data[400:480], np.int64)) <= {0, 1}
    assert data == sample_input(read_manifest(folder))
