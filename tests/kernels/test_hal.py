"""Each instruction primitive of the HAL equals its portable definition, on every kind of core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.boards import load_board
from edgec.build.firmware import build_firmware
from edgec.targets import load_target, target_names
from edgec.verify.qemu import run_elf
from tests.kernels.harness import skip_without_machine
from tests.unit.verify.generated import Tensor, write_folder

UNARY = ["sat_s8", "sat_u8", "sat_s16", "asr_sat_s8", "sxtb16", "sxtb16_odd", "uxtb16"]
BINARY = ["mulhr_s32", "mulh_s32", "sadd16", "ssub16", "sxtab16", "sxtab16_odd"]
TERNARY = ["smlad", "smladx", "mulhra_s32"]
NAMES = UNARY + BINARY + TERNARY
COUNT = 256


def source() -> str:
    """A model whose outputs are, per primitive, its results and those of its portable twin."""
    rows = []
    for index, name in enumerate(NAMES):
        kinds = (UNARY, BINARY, TERNARY)
        arity = next(i + 1 for i, kind in enumerate(kinds) if name in kind)
        arguments = ", ".join(f"({_type(name, i)})x[{i} * {COUNT} + i]" for i in range(arity))
        if name == "asr_sat_s8":
            arguments += ", 20u"
        for twin, suffix in enumerate(("", "_portable")):
            place = f"y[{(2 * index + twin) * COUNT} + i]"
            rows.append(f"{place} = (uint32_t)edgec_{name}{suffix}({arguments});")
    body = "\n".join(rows)
    return f"""
    #include "edgec_hal.h"
    int hal_run(void *arena);
    int hal_run(void *arena)
    {{
        const uint32_t *const x = arena;
        uint32_t *const y = (uint32_t *)arena + {3 * COUNT};
        for (int32_t i = 0; i < {COUNT}; i++) {{
            {body}
        }}
        return 0;
    }}
    """


def _type(name: str, argument: int) -> str:
    signed = name.startswith(("sat", "asr", "mulh")) or (name.startswith("smlad") and argument == 2)
    return "int32_t" if signed else "uint32_t"


def operands() -> np.ndarray:
    """int32[3, COUNT]: pairs and triples of extreme values first, then random ones."""
    extremes = [-(2**31), 2**31 - 1, -1, 0, 1, 0x7FFF, -0x8000, 0xFFFF, 0x10000, -0x7FFF0001]
    rng = np.random.default_rng(3)
    words = rng.integers(-(2**31), 2**31, (3, COUNT), dtype=np.int64)
    pairs = [(a, b) for a in extremes for b in extremes]
    words[:2, : len(pairs)] = np.array(pairs).T
    words[0, 200:] >>= 20  # values near the limits of 8 and 16 bits
    return words.astype(np.int32)


def board_of(target: str) -> str:
    """Its own board, unless that one has no room for the test's operands."""
    return "mps2-an385" if target == "cortex-m0" else load_target(target).default_board


@pytest.mark.qemu
@pytest.mark.parametrize("target", target_names())
def test_fast_and_portable_primitives_agree(target: str, tmp_path: Path) -> None:
    skip_without_machine(load_target(target))
    words = operands()
    board = load_board(board_of(target))
    outputs = 2 * len(NAMES) * COUNT
    folder = write_folder(
        tmp_path / "m",
        target,
        "hal",
        {"hal.c": source()},
        [Tensor("x", "int32", 3 * COUNT, 0)],
        [Tensor("y", "int32", outputs, 12 * COUNT)],
        arena=12 * COUNT + 4 * outputs,
    )
    elf = build_firmware(folder, board, tmp_path / "out").elf
    (raw,) = run_elf(board, elf, [words.tobytes()]).outputs
    results = np.frombuffer(raw, np.int32).reshape(len(NAMES), 2, COUNT)
    for name, (fast, portable) in zip(NAMES, results, strict=True):
        np.testing.assert_array_equal(fast, portable, err_msg=name)
    check_meaning(words.astype(np.int64), dict(zip(NAMES, results[:, 0], strict=True)))


def check_meaning(words: np.ndarray, results: dict[str, np.ndarray]) -> None:
    """The primitives against their definition in numpy's 64-bit integers."""
    a, b, acc = words
    np.testing.assert_array_equal(results["mulhr_s32"], (a * b + 2**31) >> 32)
    np.testing.assert_array_equal(results["mulh_s32"], (a * b) >> 32)
    np.testing.assert_array_equal(results["mulhra_s32"], wrapped(acc + ((a * b + 2**31) >> 32)))
    np.testing.assert_array_equal(results["sat_s8"], np.clip(a, -128, 127))
    np.testing.assert_array_equal(results["sat_u8"], np.clip(a, 0, 255))
    np.testing.assert_array_equal(results["sat_s16"], np.clip(a, -32768, 32767))
    a16, b16 = halves(a), halves(b)
    np.testing.assert_array_equal(results["smlad"], wrapped(acc + (a16 * b16).sum(0)))
    np.testing.assert_array_equal(results["smladx"], wrapped(acc + (a16 * b16[::-1]).sum(0)))
    bytes_of = a.astype(np.int32).view(np.int8).reshape(-1, 4).astype(np.int64)
    for name, first in (("sxtb16", 0), ("sxtb16_odd", 1)):
        np.testing.assert_array_equal(halves(results[name]), bytes_of[:, first::2].T)
    np.testing.assert_array_equal(halves(results["uxtb16"]), (bytes_of[:, ::2] & 255).T)
    added = b.astype(np.int32).view(np.int8).reshape(-1, 4).astype(np.int64)
    for name, first in (("sxtab16", 0), ("sxtab16_odd", 1)):
        wanted = (a16 + added[:, first::2].T).astype(np.int16)
        np.testing.assert_array_equal(halves(results[name]), wanted)
    for name, sums in (("sadd16", a16 + b16), ("ssub16", a16 - b16)):
        np.testing.assert_array_equal(halves(results[name]), sums.astype(np.int16))


def halves(words: np.ndarray) -> np.ndarray:
    """int64[2, n]: the low and high int16 of each word."""
    return words.astype(np.int32).view(np.int16).reshape(-1, 2).T.astype(np.int64)


def wrapped(values: np.ndarray) -> np.ndarray:
    """Values modulo 2^32, as int32."""
    return values.astype(np.int32)
