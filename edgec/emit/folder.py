"""Writes the generated folder: all files or none."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from edgec.diagnostics import Where, fail
from edgec.emit.header import StackNote, header, with_stack
from edgec.emit.manifest import ManifestFile, manifest
from edgec.emit.places import places
from edgec.emit.source import source
from edgec.emit.weights import weights_assembly, weights_binary, weights_c, weights_header
from edgec.lower.program import Program
from edgec.paths import runtime_dir
from edgec.plan.result import MemoryPlan
from edgec.targets import Target

Content = str | bytes | tuple[str, ...]  # of a file; text may be in pieces
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


@dataclass(frozen=True)
class Emission:
    """The generated files: text or bytes by path relative to the folder."""

    manifest: ManifestFile
    files: Mapping[str, Content]


@dataclass(frozen=True)
class EmitOptions:
    """What the emitter may choose."""

    board: str | None = None
    incbin: bool = False
    small: bool = False  # compile for size


def emit(program: Program, plan: MemoryPlan, target: Target, options: EmitOptions) -> Emission:
    """All files of the folder of a planned program whose steps are in execution order."""
    name = program.name
    main = source(program, places(plan))
    copied = _closure(main.headers, target)
    files: dict[str, Content] = {
        f"{name}.h": header(program, plan, target.name),
        f"{name}.c": main.text,
        f"{name}_weights.h": weights_header(name, program.constants),
    }
    sources = (f"{name}.c", f"{name}_weights.{'S' if options.incbin else 'c'}")
    if options.incbin:
        blob, offsets = weights_binary(program.constants)
        files[f"{name}_weights.bin"] = blob
        files[f"{name}_weights.S"] = weights_assembly(name, program.constants, offsets)
    else:
        files[f"{name}_weights.c"] = tuple(weights_c(name, program.constants))
    files.update(copied)
    headers = tuple(sorted(f for f in files if f.endswith(".h")))
    cflags = tuple("-Os" if f == "-O2" and options.small else f for f in target.cflags)
    description = manifest(program, plan, target, cflags, options.board, sources, headers)
    layers = zip(description.layers, main.functions, strict=True)
    named = tuple(dataclasses.replace(layer, function=function) for layer, function in layers)
    description = dataclasses.replace(description, layers=named)
    files["manifest.json"] = description.json()
    math = any("math.h" in str(text) for text in files.values())
    level = next((f for f in cflags if f.startswith("-O")), "-O2")
    for path, template in ((f"{name}.mk", "model.mk.j2"), ("CMakeLists.txt", "CMakeLists.txt.j2")):
        files[path] = build_file(template, name, sources, cflags=cflags, level=level, math=math)
    return Emission(description, files)


def with_stack_bound(emission: Emission, stack: StackNote) -> Emission:
    """`emission` whose header and manifest say what stack the model needs."""
    name = emission.manifest.name
    text = emission.files[f"{name}.h"]
    if not isinstance(text, str):
        raise TypeError("the header is text")
    description = dataclasses.replace(
        emission.manifest, stack_bound=stack.bytes, stack_compiler=stack.compiler
    )
    changed = {
        f"{name}.h": with_stack(text, name, emission.manifest.entry, stack),
        "manifest.json": description.json(),
    }
    return Emission(description, {**emission.files, **changed})


def build_file(template: str, name: str, sources: tuple[str, ...], **more: object) -> str:
    """The text of a build file: `template` with these values."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("edgec.emit", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # C and Make, not HTML: only identifiers and own flags get here
    )
    assembly = any(s.endswith(".S") for s in sources)
    return environment.get_template(template).render(
        name=name, upper=name.upper(), sources=sources, assembly=assembly, **more
    )


def _closure(roots: Iterable[str], target: Target) -> dict[str, str]:
    """The headers that `roots` name, and those that they include, by path in the folder."""
    hal = {path.name: path for path in target.hal_files}
    found: dict[str, str] = {}
    queue = list(roots)
    while queue:
        name = queue.pop()
        if name in found:
            continue
        path = hal.get(name) or _runtime_header(name)
        text = path.read_text(encoding="utf-8")
        found[name] = text
        queue.extend(_INCLUDE.findall(text))
    return dict(sorted(found.items()))


def _runtime_header(name: str) -> Path:
    for folder in (runtime_dir() / "include", runtime_dir() / "src"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"the runtime has no header {name}")


def write_folder(emission: Emission, folder: Path) -> None:
    """Write all files to `folder`, replacing an earlier generated folder there.

    Raises as `write_files` does.
    """
    write_files(emission.files, folder)


def write_files(files: Mapping[str, Content], folder: Path) -> None:
    """Write `files` to `folder`, all or none, replacing an earlier generated folder there.

    Raises E0410 if `folder` holds something that edgec did not write, or cannot be written.
    """
    _check_replaceable(folder)
    parent = folder.resolve().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".edgec-", dir=parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fresh.chmod(0o755)
        for name, content in files.items():
            _write(fresh / name, content)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write(path: Path, content: Content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
        return
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines((content,) if isinstance(content, str) else content)


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    generated = (folder / "manifest.json").is_file()
    if folder.is_dir() and (generated or not any(folder.iterdir())):
        return
    raise fail(
        "E0410",
        "the output folder holds something that edgec did not write",
        Where(file=str(folder)),
        rule="only an empty folder or an earlier output of edgec is replaced",
        help="choose another folder with -o, or remove this one",
    )


def _unwritable(folder: Path, error: OSError) -> Exception:
    return fail(
        "E0410",
        f"the output folder cannot be written: {error.strerror or error}",
        Where(file=str(folder)),
        help="choose a folder that you may write with -o",
    )
