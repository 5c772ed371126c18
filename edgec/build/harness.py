"""The header that tells the harness which model it runs."""

from __future__ import annotations

from collections.abc import Sequence

from edgec.build.manifest import Manifest, TensorEntry


def harness_config(manifest: Manifest) -> str:
    """The text of harness_config.h for boards/common/main.c."""
    lines = [
        "/* Written for one build from manifest.json. */",
        "#ifndef EDGEC_HARNESS_CONFIG_H",
        "#define EDGEC_HARNESS_CONFIG_H",
        "",
        "#include <stdint.h>",
        "#include <string.h>",
        "",
        f"int {manifest.entry}({'void *arena' if manifest.push is None else _PUSHED});",
        f"#define EDGEC_HARNESS_ENTRY {manifest.entry}",
    ]
    if manifest.push is not None:
        lines += [
            f"#define EDGEC_HARNESS_ROWS {manifest.push.rows}",
            f"#define EDGEC_HARNESS_HOP {manifest.push.hop or manifest.push.rows}",
            f"#define EDGEC_HARNESS_ROW_BYTES {manifest.push.row_bytes}u",
        ]
    if manifest.reset is not None:
        lines += [
            f"void {manifest.reset}(void *arena);",
            f"#define EDGEC_HARNESS_RESET {manifest.reset}",
        ]
    lines += [
        f"#define EDGEC_HARNESS_ARENA_BYTES {max(manifest.arena_bytes, 1)}u",
        f"#define EDGEC_HARNESS_ARENA_ALIGN {manifest.arena_align}",
        f"#define EDGEC_HARNESS_INPUT_BYTES {manifest.input_bytes}u",
        f"#define EDGEC_HARNESS_INPUT_COUNT {len(manifest.inputs)}u",
        f"#define EDGEC_HARNESS_INPUTS {_rows(manifest.inputs)}",
        f"#define EDGEC_HARNESS_OUTPUT_COUNT {len(manifest.outputs)}u",
        f"#define EDGEC_HARNESS_OUTPUTS {_rows(manifest.outputs)}",
        "",
        *_bind(manifest),
        "#endif",
    ]
    return "\n".join(lines) + "\n"


_PUSHED = "void *arena, const void *row"


def _bind(manifest: Manifest) -> list[str]:
    """The other parts of the arena, with garbage in them, and how the harness binds them."""
    if manifest.bind is None:
        return []
    others = manifest.parts[1:]
    names = [f"harness_part_{k}" for k in range(1, len(others) + 1)]
    pointers = ", ".join("void *" for _ in names)
    lines = [f"int {manifest.bind}(void *arena, {pointers});"]
    for name, part in zip(names, others, strict=True):
        attributes = f'section("{part.section}"), aligned({manifest.arena_align})'
        lines.append(f"static uint8_t {name}[{part.bytes}] __attribute__(({attributes}));")
    return [
        *lines,
        "static int harness_bind(void *arena, int garbage)",
        "{",
        *(f"    memset({name}, garbage, sizeof {name});" for name in names),
        f"    return {manifest.bind}(arena, {', '.join(names)});",
        "}",
        "#define EDGEC_HARNESS_BIND harness_bind",
        "",
    ]


def _rows(tensors: Sequence[TensorEntry]) -> str:
    """Initializers of the harness's table; C has no empty one, so none becomes a null row."""
    rows = [f"{{{t.offset}u, {t.bytes}u}}" for t in tensors if t.offset is not None]
    return ", ".join(rows) or "{0u, 0u}"
