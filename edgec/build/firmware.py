"""From a generated folder to a program for a board: model, harness and start-up code linked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgec.boards import Board
from edgec.build.compiler import compiler_key, digest, run_compiler
from edgec.build.harness import harness_config
from edgec.build.manifest import Manifest, read_manifest
from edgec.build.memory_map import linker_script
from edgec.diagnostics import fail
from edgec.paths import boards_dir, cache_dir

JOBS = 2

# Per kind of start-up: sources in boards/common, and flags when linking.
_SUPPORT = {
    "cortex_m": ("start_cortex_m.c", "board_semihost.c", "board_call_arm.S"),
    "riscv": ("start_riscv.c", "board_semihost.c", "board_call_riscv.S"),
    "host": ("board_host.c", "board_call_x86_64.S"),
}
_SUPPORT_FLAGS = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True)
class BuildOptions:
    """`trace` makes the model report every step; `extra_cflags` follow the manifest's."""

    trace: bool = False
    extra_cflags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Firmware:
    """A linked program. `model_objects` are the objects of the manifest's sources, in order."""

    manifest: Manifest
    board: Board
    elf: Path
    map_file: Path
    model_objects: tuple[Path, ...]


@dataclass(frozen=True)
class _Job:
    source: Path
    result: Path
    flags: tuple[str, ...]
    cwd: Path


def build_firmware(
    folder: Path, board: Board, out_dir: Path, options: BuildOptions | None = None
) -> Firmware:
    """Compile the generated `folder` for `board` into `out_dir` (made when missing).

    Raises E0601 to E0603 as `run_compiler` does, E0604 for an unusable manifest and E0605 when
    the board does not execute code of the folder's target.
    """
    options = options or BuildOptions()
    manifest = read_manifest(folder)
    _check_board(manifest, board)
    out_dir = out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "harness_config.h").write_text(harness_config(manifest), encoding="utf-8")
    flags = (*manifest.cflags, *options.extra_cflags)
    if options.trace:
        flags = (*flags, "-DEDGEC_ENABLE_TRACE")
    model = _model_jobs(manifest, out_dir, flags)
    common = boards_dir() / "common"
    harness = _Job(
        common / "main.c",
        out_dir / "harness_main.o",
        (*manifest.cflags, *_SUPPORT_FLAGS, f"-I{out_dir}", f"-I{common}"),
        out_dir,
    )
    tasks: list[Callable[[], Path]] = [_compile_task(manifest.cc, job) for job in (*model, harness)]
    tasks += [_support_task(manifest, name) for name in _SUPPORT[board.start]]
    with ThreadPoolExecutor(JOBS) as pool:
        objects = tuple(future.result() for future in [pool.submit(task) for task in tasks])
    elf = out_dir / f"{manifest.name}.elf"
    map_file = out_dir / f"{manifest.name}.map"
    _link(manifest, board, objects, elf, map_file)
    return Firmware(manifest, board, elf, map_file, objects[: len(model)])


def _check_board(manifest: Manifest, board: Board) -> None:
    if manifest.target not in board.targets:
        raise fail(
            "E0605",
            f"board '{board.name}' does not execute code for '{manifest.target}'",
            rule=f"'{board.name}' executes: {', '.join(board.targets)}",
            help="choose another board with --board, or generate for one of these targets",
        )


def _model_jobs(manifest: Manifest, out_dir: Path, flags: tuple[str, ...]) -> list[_Job]:
    includes = tuple(f"-I{manifest.folder / name}" for name in manifest.include_dirs)
    return [
        _Job(
            Path(source),
            out_dir / (source.replace("/", "__").rsplit(".", 1)[0] + ".o"),
            (*flags, "-fcallgraph-info=su", *includes),
            manifest.folder,
        )
        for source in manifest.sources
    ]


def _compile_task(cc: str, job: _Job) -> Callable[[], Path]:
    def task() -> Path:
        command = [cc, *job.flags, "-c", str(job.source), "-o", str(job.result)]
        run_compiler(command, job.cwd, job.source.name)
        return job.result

    return task


def _support_task(manifest: Manifest, name: str) -> Callable[[], Path]:
    """Compile one file of boards/common, or take it from the cache: it is the same every time."""

    def task() -> Path:
        common = boards_dir() / "common"
        flags = (*manifest.cflags, *_SUPPORT_FLAGS)
        key = digest(
            (compiler_key(manifest.cc), *flags),
            (common / name, common / "board_io.h"),
        )
        kept = cache_dir() / "support" / key / (name.rsplit(".", 1)[0] + ".o")
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
                fresh = Path(scratch) / kept.name
                _compile_task(manifest.cc, _Job(common / name, fresh, flags, common))()
                fresh.replace(kept)
        return kept

    return task


def _link(
    manifest: Manifest, board: Board, objects: Sequence[Path], elf: Path, map_file: Path
) -> None:
    common = boards_dir() / "common"
    if board.is_host:
        # Fixed addresses, so that a plugin sees those of the ELF file.
        placing = ["-static", "-no-pie"]
    else:
        placing = [
            "-nostartfiles",
            f"-L{common}",
            "-T",
            str(linker_script(board, manifest.parts, elf.parent)),
            "-Wl,--no-warn-rwx-segments",
        ]
    command = [
        manifest.cc,
        *(str(path) for path in objects),
        *placing,
        f"-Wl,-Map={map_file}",
        *manifest.ldflags,
        "-o",
        str(elf),
    ]
    run_compiler(command, elf.parent, f"the program for board '{board.name}'")
