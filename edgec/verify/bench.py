"""What a model costs on a board: instructions per layer, flash, RAM and stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgec.boards import Board
from edgec.build.disassembly import machine_code
from edgec.build.elf import ImageSizes, image_sizes, section_ranges
from edgec.build.firmware import BuildOptions, Firmware, build_firmware
from edgec.build.manifest import Manifest, TensorEntry
from edgec.build.stack import StackBound, stack_bound
from edgec.targets import load_target
from edgec.verify.count import CountedRun, DataRange, InstructionCount, count_instructions
from edgec.verify.cycles import block_cycles

TIMING = "m4_timing"  # feature of targets whose cycles `edgec.verify.cycles` estimates


@dataclass(frozen=True)
class LayerCost:
    """One function: the layers that it computes, joined by " + ", and its instructions.

    `cycles` are estimated (`edgec.verify.cycles`), None where there is no model of the core.
    """

    name: str
    op: str
    function: str
    macs: int
    instructions: int
    cycles: int | None = None


@dataclass(frozen=True)
class BenchResult:
    """The cost of one inference. Sizes are bytes.

    `total_instructions` is the sum over `layers` and `entry_instructions`, those of the entry
    function itself. `stack_painted` is what a run used; `stack_bound` what any run can use.
    `accesses` are the loads and stores of up to 32 bits of "weights" and "arena", or the parts
    "arena_1" and so on of that, on boards whose memories are known.
    """

    name: str
    target: str
    board: str
    layers: tuple[LayerCost, ...]
    entry_instructions: int
    total_instructions: int
    sizes: ImageSizes
    arena_bytes: int
    stack_painted: int
    stack_bound: StackBound
    total_cycles: int | None = None
    accesses: Mapping[str, int] = field(default_factory=dict)


def measure(
    folder: Path,
    board: Board,
    out_dir: Path,
    inputs: bytes | None = None,
    *,
    accesses: bool = False,
    timeout_s: float = 300.0,
) -> BenchResult:
    """Build the generated `folder` for `board` in `out_dir`, run one inference, and measure it.

    Where inputs overlap, instructions are those of an input behind the first, without cycles.

    `inputs` are all inputs of the inference, joined in the manifest's order; by default random
    ones, always the same. `accesses`: count loads and stores, too. Raises as `build_firmware` and
    `count_instructions` do.
    """
    firmware = build_firmware(folder, board, out_dir, BuildOptions())
    manifest = firmware.manifest
    data = sample_input(manifest) if inputs is None else inputs
    timed = load_target(manifest.target).has(TIMING)
    places = _data_ranges(firmware) if accesses else ()
    run = _counted(firmware, data, places, timed, timeout_s)
    cycles: dict[str, int] = {}
    if timed and run.count.blocks:
        cycles = block_cycles(machine_code(firmware.elf, manifest.cc), run.count.blocks)
    return BenchResult(
        name=manifest.name,
        target=manifest.target,
        board=board.name,
        layers=_layer_costs(manifest, run.count, cycles),
        entry_instructions=run.count.entry,
        total_instructions=run.count.total,
        sizes=image_sizes(firmware),
        arena_bytes=manifest.arena_bytes,
        stack_painted=run.result.stack_bytes or 0,
        stack_bound=stack_bound(firmware),
        total_cycles=sum(cycles.values()) if cycles else None,
        accesses={d.name: d.accesses // _inferences(manifest, run.count) for d in run.count.data},
    )


def _data_ranges(firmware: Firmware) -> tuple[DataRange, ...]:
    """Where weights and parts of the arena are, on boards whose memories are known."""
    if firmware.board.placement is None:
        return ()
    sections = section_ranges(firmware.elf)
    names = {".edgec_weights": "weights", ".arena": "arena"}
    names |= {f".arena_{k}": f"arena_{k}" for k in range(1, len(firmware.manifest.parts))}
    return tuple(
        DataRange(what, *sections[section])
        for section, what in names.items()
        if section in sections
    )


def _inferences(manifest: Manifest, count: InstructionCount) -> int:
    """An inference takes one call of the model, or one for each row of its input."""
    push = manifest.push
    calls = 1 if push is None else push.hop or push.rows
    return max(count.runs // calls, 1)


def _counted(
    firmware: Firmware, data: bytes, places: Sequence[DataRange], timed: bool, timeout_s: float
) -> CountedRun:
    """One inference; where inputs overlap, one behind the first."""
    push = firmware.manifest.push
    if push is None or not push.hop:
        return count_instructions(firmware, [data], blocks=timed, data=places, timeout_s=timeout_s)
    more = data[len(data) - push.hop * push.row_bytes :]
    one, two = (
        count_instructions(firmware, inputs, data=places, timeout_s=timeout_s, reset_each=False)
        for inputs in ([data], [data, more])
    )
    return CountedRun(two.result, two.count.less(one.count))


def sample_input(manifest: Manifest, seed: int = 0) -> bytes:
    """One inference's inputs: normal floats, bytes over their whole range, other integers 0 or 1.

    Wide integers are usually indices, of which 0 and 1 are nearly always valid.
    """
    rng = np.random.default_rng(seed)
    return b"".join(_sample_tensor(tensor, rng) for tensor in manifest.inputs)


def _sample_tensor(tensor: TensorEntry, rng: np.random.Generator) -> bytes:
    if tensor.dtype in ("float32", "float64", "f32", "f64"):
        size = 8 if tensor.dtype.endswith("64") else 4
        values = rng.standard_normal(tensor.bytes // size)
        return values.astype(np.float64 if size == 8 else np.float32).tobytes()
    if tensor.dtype in ("int8", "uint8", "s8", "u8"):
        return rng.bytes(tensor.bytes)
    if tensor.dtype == "bool":
        return rng.integers(0, 2, tensor.bytes, dtype=np.uint8).tobytes()
    width = max(1, int("".join(filter(str.isdigit, tensor.dtype)) or 8) // 8)
    ones = rng.integers(0, 2, tensor.bytes // width, dtype=np.uint64)
    return b"".join(int(value).to_bytes(width, "little") for value in ones)


def _layer_costs(
    manifest: Manifest, count: InstructionCount, cycles: Mapping[str, int]
) -> tuple[LayerCost, ...]:
    rows = []
    inferences = _inferences(manifest, count)
    for measured in count.functions:
        layers = [layer for layer in manifest.layers if layer.function == measured.function]
        rows.append(
            LayerCost(
                name=" + ".join(layer.name for layer in layers),
                op=" + ".join(dict.fromkeys(layer.op for layer in layers)),
                function=measured.function,
                macs=sum(layer.macs for layer in layers),
                instructions=measured.instructions // inferences,
                cycles=cycles.get(measured.function),
            )
        )
    return tuple(rows)
