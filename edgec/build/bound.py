"""Size and stack of a generated folder's code, without a board: only that is compiled and linked.

A header cannot know what a compiler will make of the code, so `gen` asks the target's own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgec.boards import load_board
from edgec.build.compiler import run_compiler
from edgec.build.elf import code_size
from edgec.build.firmware import JOBS
from edgec.build.manifest import Manifest, read_manifest
from edgec.build.probe import compiler_version
from edgec.build.stack import bound_of_objects
from edgec.diagnostics import EdgecError
from edgec.targets import load_target

# Code from address 0 on, without regard to any board's memory.
_SCRIPT = """
SECTIONS {
  . = 0;
  .text : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.* .srodata*) }
  .data : { *(.data .data.* .sdata*) }
  .bss : { *(.bss .bss.* .sbss* COMMON) }
  /DISCARD/ : { *(.comment .note* .eh_frame* .ARM.* .riscv.attributes) }
}
"""


@dataclass(frozen=True)
class ModelCode:
    """A model's code as `compiler` compiles it, in bytes.

    size: of functions and tables, without weights; of those that are linked, but for a host.
    stack: covers every path of the entry function; None where the bound has gaps: a call through a
    pointer, or of a function whose frame nothing reports.
    """

    compiler: str
    size: int
    stack: int | None


def model_code(folder: Path, out_dir: Path) -> ModelCode | None:
    """What the compiler makes of the generated `folder`, in `out_dir` (made when missing).

    None where the compiler is missing or cannot say.
    """
    manifest = read_manifest(folder)
    version = compiler_version(manifest.cc)
    if version is None:
        return None
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        objects = _compiled(manifest, out_dir)
        host = load_board(load_target(manifest.target).default_board).is_host
        elf = None if host else _linked(manifest, objects, out_dir)
        bound = bound_of_objects(objects, elf, manifest.cc, manifest.entry)
    except EdgecError:
        return None
    size = sum(map(code_size, objects if elf is None else [elf]))
    return ModelCode(f"{manifest.cc} {version}", size, bound.proven)


def _compiled(manifest: Manifest, out_dir: Path) -> list[Path]:
    """The objects of all sources that hold code."""
    includes = [f"-I{manifest.folder / name}" for name in manifest.include_dirs]
    flags = [*manifest.cflags, "-fcallgraph-info=su", *includes]

    def compiled(source: str) -> Path:
        made = out_dir / (source.rsplit(".", 1)[0].replace("/", "__") + ".o")
        run_compiler([manifest.cc, *flags, "-c", source, "-o", str(made)], manifest.folder, source)
        return made

    weights = f"{manifest.name}_weights"
    sources = [s for s in manifest.sources if s.rsplit(".", 1)[0] != weights]
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(compiled, sources))


def _linked(manifest: Manifest, objects: list[Path], out_dir: Path) -> Path:
    """The objects with the library functions that they call; constants are left out."""
    script, elf = out_dir / "bound.ld", out_dir / "bound.elf"
    script.write_text(_SCRIPT, encoding="utf-8")
    options = ["-nostartfiles", "-T", str(script), f"-Wl,-e,{manifest.entry}"]
    options += ["-Wl,--unresolved-symbols=ignore-all", "-Wl,--no-warn-rwx-segments"]
    command = [manifest.cc, *map(str, objects), *options, *manifest.ldflags, "-o", str(elf)]
    run_compiler(command, out_dir, "the code of the model")
    return elf
