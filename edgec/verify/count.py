"""Exact instruction counts of one inference, per layer, by a QEMU plugin.

The plugin's source (plugin/count.c) says how instructions are attributed. On the host a repeated
string instruction counts once per repetition, as the emulator executes it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.build.compiler import compiler_key, digest, run_compiler
from edgec.build.elf import Symbol, function_symbols
from edgec.build.firmware import Firmware
from edgec.build.manifest import Manifest
from edgec.diagnostics import ExitCode, fail
from edgec.paths import cache_dir, plugin_source
from edgec.verify.qemu import RunOptions, RunResult, run_elf

_OUTSIDE = "board_call"
_HOST_CC = "gcc"
_PLUGIN_FLAGS = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden")


@dataclass(frozen=True)
class PcCount:
    """The instruction at `address` executed `count` times."""

    address: int
    count: int


@dataclass(frozen=True)
class BlockCount:
    """A straight piece of code that ran `count` times for `function`.

    `taken` times what ran next was not the code behind it. Of Thumb code only.
    """

    function: str
    count: int
    taken: int
    addresses: tuple[int, ...]


@dataclass(frozen=True)
class FunctionCount:
    """Instructions of a layer's function and of everything that it calls."""

    function: str
    instructions: int


@dataclass(frozen=True)
class DataRange:
    """Addresses `start` to `end` (exclusive) that are `name`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class DataCount:
    """Loads and stores of up to 32 bits of the range `name`."""

    name: str
    accesses: int


@dataclass(frozen=True)
class InstructionCount:
    """Instructions of `runs` inferences together. `entry` are those of the entry function itself.

    `histogram` has one row per executed instruction, by address, when it was asked for; `data` one
    for each data range that was asked for.
    """

    runs: int
    entry: int
    functions: tuple[FunctionCount, ...]
    histogram: tuple[PcCount, ...] = ()
    blocks: tuple[BlockCount, ...] = ()
    data: tuple[DataCount, ...] = ()

    @property
    def total(self) -> int:
        """All instructions between entry and return of the runs."""
        return self.entry + sum(function.instructions for function in self.functions)

    def less(self, other: InstructionCount) -> InstructionCount:
        """What was counted here and not in `other`, a shorter run; without places in the code."""
        functions = tuple(
            FunctionCount(mine.function, mine.instructions - theirs.instructions)
            for mine, theirs in zip(self.functions, other.functions, strict=True)
        )
        data = tuple(
            DataCount(mine.name, mine.accesses - theirs.accesses)
            for mine, theirs in zip(self.data, other.data, strict=True)
        )
        runs, entry = self.runs - other.runs, self.entry - other.entry
        return InstructionCount(runs, entry, functions, data=data)


@dataclass(frozen=True)
class CountedRun:
    """A run's results together with its instruction count."""

    result: RunResult
    count: InstructionCount


def count_instructions(
    firmware: Firmware,
    inputs: Sequence[bytes],
    *,
    histogram: bool = False,
    blocks: bool = False,
    data: Sequence[DataRange] = (),
    stack: bool = True,
    reset_each: bool = True,
    timeout_s: float = 120.0,
) -> CountedRun:
    """Run `firmware` over `inputs` under QEMU, host programs included, and count.

    Raises as `run_elf` does, E0601 when there is no host compiler for the plugin, and E0707 when
    the program has no code for a layer of its manifest.
    """
    functions = layer_functions(firmware.manifest)
    plugin = build_plugin()
    with tempfile.TemporaryDirectory(prefix="edgec-count-") as name:
        ranges = Path(name) / "ranges.txt"
        counts = Path(name) / "counts.txt"
        ranges.write_text(code_ranges(firmware, functions), encoding="ascii")
        wanted = (",hist=on" if histogram else "") + (",blocks=on" if blocks else "")
        if data:
            places = Path(name) / "data.txt"
            rows = (f"{d.start:x} {d.end:x} {k}\n" for k, d in enumerate(data))
            places.write_text("".join(rows), encoding="ascii")
            wanted += f",data={places}"
        argument = f"{plugin},map={ranges},out={counts}{wanted}"
        options = RunOptions(
            stack=stack, reset_each=reset_each, timeout_s=timeout_s, plugin=argument
        )
        result = run_elf(firmware.board, firmware.elf, inputs, options)
        count = parse_counts(counts.read_text(encoding="ascii"), functions, data)
        return CountedRun(result, count)


def layer_functions(manifest: Manifest) -> tuple[str, ...]:
    """The distinct functions of the manifest's layers, in order. Layers may share a function."""
    return tuple(dict.fromkeys(layer.function for layer in manifest.layers if layer.function))


def build_plugin() -> Path:
    """The compiled plugin, built once per version of its source and of the host's compiler."""
    source = plugin_source()
    key = digest((compiler_key(_HOST_CC), *_PLUGIN_FLAGS), (source,))
    kept = cache_dir() / "plugin" / key / "count.so"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            fresh = Path(scratch) / kept.name
            command = [_HOST_CC, *_PLUGIN_FLAGS, str(source), "-o", str(fresh)]
            run_compiler(command, source.parent, "the QEMU plugin")
            fresh.replace(kept)
    return kept


def code_ranges(firmware: Firmware, functions: Sequence[str]) -> str:
    """The plugin's map: the caller is -1, the entry function 0, layers count from 1.

    gcc may split or clone a function and then names the parts `function.cold`, `function.isra.0`
    and so on; all of them are the function's.
    """
    ids = {name: index + 1 for index, name in enumerate(functions)}
    ids[firmware.manifest.entry] = 0
    ids[_OUTSIDE] = -1
    symbols = [s for s in function_symbols(firmware.elf) if _base(s) in ids]
    missing = set(ids) - {_base(symbol) for symbol in symbols}
    if missing:
        raise fail(
            "E0707",
            f"the program has no code for: {', '.join(sorted(missing))}",
            rule="every layer of the manifest is a function of the program",
            help="the compiler inlined it: keep EDGEC_LAYER as edgec_hal.h defines it",
            exit_code=ExitCode.FAILED,
        )
    return "".join(f"{s.address:x} {s.address + s.size:x} {ids[_base(s)]}\n" for s in symbols)


def parse_counts(
    text: str, functions: Sequence[str], data: Sequence[DataRange] = ()
) -> InstructionCount:
    """What the plugin wrote. A block translated twice has two rows of addresses: they add up."""
    runs = 0
    by_id: dict[int, int] = {}
    by_address: dict[int, int] = {}
    blocks: list[BlockCount] = []
    accesses: list[DataCount] = []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "runs":
            runs = int(words[1])
        elif words[0] == "count":
            by_id[int(words[1])] = int(words[2])
        elif words[0] == "data":
            accesses.append(DataCount(data[int(words[1])].name, int(words[2])))
        elif words[0] == "block":
            name = functions[int(words[1]) - 1] if int(words[1]) else ""
            places = tuple(int(word, 16) for word in words[4:])
            blocks.append(BlockCount(name, int(words[2]), int(words[3]), places))
        else:
            address = int(words[1], 16)
            by_address[address] = by_address.get(address, 0) + int(words[2])
    return InstructionCount(
        runs=runs,
        entry=by_id.get(0, 0),
        functions=tuple(
            FunctionCount(name, by_id.get(index + 1, 0)) for index, name in enumerate(functions)
        ),
        histogram=tuple(PcCount(address, by_address[address]) for address in sorted(by_address)),
        blocks=tuple(blocks),
        data=tuple(accesses),
    )


def _base(symbol: Symbol) -> str:
    return symbol.name.partition(".")[0]
