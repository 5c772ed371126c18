"""The direction of imports, from docs/architecture.md: data flows one way, and so do imports."""

from __future__ import annotations

from tests.contracts import tree

# A stage may import the stages before it, never one after it.
STAGES = (
    "ir",
    "importer",
    "passes",
    "quantize",
    "lower",
    "plan",
    "emit",
    "build",
    "verify",
    "report",
    "compiled",
    "budget",
    "driver",
    "driver_shared",
    "cli",
)
# Data that every stage may read, and what each may itself import.
DATA = {
    "diagnostics": set(),
    "explain": set(),
    "paths": {"diagnostics"},
    "config": {"diagnostics"},
    "text_file": {"diagnostics"},
    "toml_reader": {"diagnostics"},
    "targets": {"diagnostics", "paths", "toml_reader"},
    "boards": {"diagnostics", "paths", "targets", "toml_reader"},
    "place": {"boards", "config", "diagnostics"},
    "loops": {"diagnostics", "ir"},
    "ops": {"diagnostics", "ir", "loops", "quantize.fixedpoint"},
    "kernels": {
        *("diagnostics", "paths", "targets", "toml_reader", "ir", "loops", "ops"),
        "quantize.fixedpoint",
    },
}
# The numeric law is arithmetic on numbers: it belongs to a stage, but every stage may use it.
LAW = "quantize.fixedpoint"
# Foreign packages that only one stage may touch.
CONFINED = {
    "onnx": {"importer", "ops"},  # ops: the names of ONNX element types
    "onnxruntime": {"verify"},
    "jinja2": {"emit", "report"},
    "elftools": {"build"},
    "typer": {"cli"},
    "rich": {"report", "cli"},
    "subprocess": {"build", "verify"},
}
SOURCES = tree.files_in("edgec", suffix=".py")


def area(path: str) -> str:
    """The package (or top-level module) of edgec that a file belongs to."""
    return path.removeprefix("edgec/").split("/")[0].removesuffix(".py")


def may_import(source: str, module: str) -> bool:
    """True if files of `source` may import `module` (dotted, without "edgec.")."""
    target = module.split(".")[0]
    if source == target or (source in STAGES and f"{module}.".startswith(f"{LAW}.")):
        return True
    if source in DATA:
        return any(module == m or module.startswith(f"{m}.") for m in DATA[source])
    if target in DATA:
        return True
    return target in STAGES and STAGES.index(target) < STAGES.index(source)


def violations(path: str) -> list[str]:
    source = area(path)
    if source == "__init__":
        return []
    found = []
    for line, module in tree.imported_modules(path):
        own = module.removeprefix("edgec.")
        if module.startswith("edgec.") and not own.startswith("__"):
            if not may_import(source, own):
                found.append(f"{path}:{line}: {source} must not import {module}")
        elif source not in CONFINED.get(module.split(".")[0], {source}):
            found.append(f"{path}:{line}: {module.split('.')[0]} is not for {source}")
    return found


def test_imports_follow_the_flow_of_data() -> None:
    assert [line for path in SOURCES for line in violations(path)] == []


def test_every_package_has_a_place_in_the_order() -> None:
    known = {*STAGES, *DATA, "__init__", "_data", "__main__"}
    assert {area(path) for path in SOURCES} - known == set()


def test_nobody_but_the_driver_imports_the_importer() -> None:
    users = {
        area(path)
        for path in SOURCES
        for _, module in tree.imported_modules(path)
        if module.startswith("edgec.importer")
    }
    assert users <= {"importer", "driver"}


def test_a_stage_may_not_import_a_later_one() -> None:
    assert not may_import("plan", "emit.files")
    assert not may_import("ops", "passes.base")
    assert not may_import("ops", "quantize.calibrate")
    assert may_import("ops", "quantize.fixedpoint.requantize")
    assert may_import("emit", "plan.result")
