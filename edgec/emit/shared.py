"""The folder of several models that share one arena: theirs, and what holds them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgec import __version__
from edgec.emit.folder import Content, Emission, build_file
from edgec.emit.manifest import SCHEMA_VERSION, Arena, ManifestHead

EXACT = "/* exact peak */"


@dataclass(frozen=True)
class MemberRow:
    """One model: its folder and manifest below the set's.

    `needs`: bytes of arena that it would need by itself. States are in the arena at
    `state_offset`.
    """

    name: str
    folder: str
    manifest: str
    entry: str
    reset: str | None
    needs: int
    state_offset: int
    state_bytes: int


@dataclass(frozen=True)
class SetManifest(ManifestHead):
    """The keys of the set's manifest.json, in their order; paths are below its folder.

    `state_bytes`: the front of the arena, which no model but its owner touches. `stack_bound`:
    of the model that needs most, None if one is not known.
    """

    arena: Arena
    state_bytes: int
    models: tuple[MemberRow, ...]
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    include_dirs: tuple[str, ...]
    cc: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    weights_bytes: int
    stack_bound: int | None
    stack_compiler: str | None


@dataclass(frozen=True)
class Member:
    """A model of the set. needs: arena by itself; states: where they are, and their bytes."""

    emission: Emission
    needs: int
    state_offset: int
    state_bytes: int


@dataclass(frozen=True)
class SharedEmission:
    """All files of a set, by path relative to its folder."""

    manifest: SetManifest
    files: Mapping[str, Content]


def emit_shared(name: str, members: Sequence[Member], state_bytes: int) -> SharedEmission:
    """The folder of a set: a folder for each model, NAME.h, NAME.mk, and more of that kind.

    state_bytes: the front of the arena, where all states are.
    """
    description = _manifest(name, members, state_bytes)
    files: dict[str, Content] = {}
    for member in members:
        model = member.emission.manifest.name
        for path, content in _noted(member.emission, name).files.items():
            files[f"{model}/{path}"] = content
    files[f"{name}.h"] = shared_header(description)
    models = tuple(m.name for m in description.models)
    templates = ((f"{name}.mk", "shared.mk.j2"), ("CMakeLists.txt", "shared.CMakeLists.txt.j2"))
    for path, template in templates:
        files[path] = build_file(template, name, description.sources, models=models)
    files["manifest.json"] = description.json()
    return SharedEmission(description, files)


def _noted(emission: Emission, name: str) -> Emission:
    """`emission` whose header says with whom the arena is shared."""
    path = f"{emission.manifest.name}.h"
    text = emission.files[path]
    if not isinstance(text, str):
        raise TypeError("the header is text")
    noted = text.replace(EXACT, f"/* shared by the models of {name}.h */", 1)
    return dataclasses.replace(emission, files={**emission.files, path: noted})


def _manifest(name: str, members: Sequence[Member], state_bytes: int) -> SetManifest:
    all_of = [member.emission.manifest for member in members]
    first = all_of[0]
    stacks = [m.stack_bound for m in all_of]
    known = [s for s in stacks if s is not None]
    return SetManifest(
        schema_version=SCHEMA_VERSION,
        edgec_version=__version__,
        name=name,
        target=first.target,
        board=first.board,
        arena=first.arena,
        state_bytes=state_bytes,
        models=tuple(map(_row, members)),
        sources=tuple(f"{m.name}/{s}" for m in all_of for s in m.sources),
        headers=(f"{name}.h", *(f"{m.name}/{h}" for m in all_of for h in m.headers)),
        include_dirs=(".", *(m.name for m in all_of)),
        cc=first.cc,
        cflags=first.cflags,
        ldflags=first.ldflags,
        weights_bytes=sum(m.weights_bytes for m in all_of),
        stack_bound=max(known) if len(known) == len(stacks) else None,
        stack_compiler=first.stack_compiler,
    )


def _row(member: Member) -> MemberRow:
    m = member.emission.manifest
    places = member.needs, member.state_offset, member.state_bytes
    return MemberRow(m.name, m.name, f"{m.name}/manifest.json", m.entry, m.reset, *places)


def shared_header(manifest: SetManifest) -> str:
    """NAME.h: the headers of all models, the size of the arena, and the reset of all states."""
    name, upper = manifest.name, manifest.name.upper()
    resets = [m.reset for m in manifest.models if m.reset is not None]
    lines = [
        "/*",
        f" * {name}: models that share one arena, compiled by edgec for {manifest.target}.",
        " *",
        *(f" *   {m.name}: {m.needs} bytes if it were alone" for m in manifest.models),
        " *",
        f" * All take the same arena of {upper}_ARENA_BYTES bytes. Only one may run at a time, and",
        " * its run overwrites the inputs and outputs of all others: write the input of a model",
        " * just before its run, and read its output before another model's input is written.",
        " */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        *(f'#include "{m.folder}/{m.name}.h"' for m in manifest.models),
        "",
        f"#define {upper}_ARENA_BYTES {manifest.arena.bytes}u",
        f"#define {upper}_ARENA_ALIGN {manifest.arena.align}u",
        f"#define {upper}_STATE_BYTES {manifest.state_bytes}u"
        " /* its front: kept from run to run, each model's own */",
    ]
    if manifest.stack_bound is not None:
        lines.append(f"#define {upper}_STACK_BYTES {manifest.stack_bound}u /* of any model */")
    lines.append("")
    if resets:
        lines += [
            "/* All models forget what they keep from run to run; called before the first run. */",
            f"static inline void {name}_reset(void *arena)",
            "{",
            *(f"    {reset}(arena);" for reset in resets),
            "}",
            "",
        ]
    return "\n".join([*lines, "#endif", ""])
