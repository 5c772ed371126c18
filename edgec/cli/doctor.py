"""`edgec doctor`: is everything installed, and what to do if not."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass

import typer
from rich.table import Table
from rich.text import Text

from edgec.build.probe import compiler_has, tool_version
from edgec.cli import console
from edgec.cli.options import JsonOpt
from edgec.diagnostics import EdgecError, ExitCode, safe_text
from edgec.report.jsonout import to_json


@dataclass(frozen=True)
class Finding:
    """One thing that edgec uses. `found` is a version or a path, "" when it is missing."""

    name: str
    found: str
    needed_for: str
    fix: str
    optional: bool = False


@dataclass(frozen=True)
class Tool:
    """A program and the Debian package that brings it."""

    command: str
    needed_for: str
    package: str
    spec: str = ""  # a file of the C library that the compiler must find
    library: str = ""  # the package of that file
    optional: bool = False


TOOLS = (
    Tool("gcc", "x86_64, and the instruction counter", "gcc"),
    Tool(
        "arm-none-eabi-gcc",
        "cortex-m*",
        "gcc-arm-none-eabi",
        "rdimon.specs",
        "libnewlib-arm-none-eabi",
    ),
    Tool(
        "riscv64-unknown-elf-gcc",
        "riscv*",
        "gcc-riscv64-unknown-elf",
        "picolibc.specs",
        "picolibc-riscv64-unknown-elf",
    ),
    Tool("qemu-system-arm", "running Arm boards", "qemu-system-arm"),
    Tool("qemu-system-riscv32", "running RISC-V boards", "qemu-system-misc"),
    Tool("qemu-system-riscv64", "running RISC-V boards", "qemu-system-misc"),
    Tool("qemu-x86_64", "counting host instructions", "qemu-user"),
    Tool("clang-format", "developing edgec", "clang-format", optional=True),
)
PACKAGES = ("onnx", "numpy", "jinja2", "pyelftools", "typer", "rich")


def doctor(json: JsonOpt = False) -> None:
    """Check compilers, emulators and packages; exit code 3 if something needed is missing."""
    findings = tuple(find_all())
    missing = [f for f in findings if not f.found and not f.optional]
    if json:
        console.show_json({"ok": not missing, "findings": to_json(findings)})
    else:
        console.show(_table(findings))
        console.show(Text("everything needed is there" if not missing else _advice(missing)))
    if missing:
        raise typer.Exit(ExitCode.ENVIRONMENT)


def find_all() -> Iterator[Finding]:
    """Everything that edgec may use, in the order it is shown."""
    yield Finding("python", platform.python_version(), "edgec", "install Python 3.11 or newer")
    for package in PACKAGES:
        yield _find_package(package, "edgec")
    yield _find_package("onnxruntime", "comparing with onnxruntime", optional=True)
    for tool in TOOLS:
        yield from _find_tool(tool)
    yield _find_plugin()


def _find_package(name: str, needed_for: str, *, optional: bool = False) -> Finding:
    from importlib import metadata  # slow to import, and every verb's start would pay for it

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = ""
    return Finding(name, version, needed_for, f"pip install {name}", optional)


def _find_tool(tool: Tool) -> Iterator[Finding]:
    version = tool_version(tool.command) or ""
    fix = f"apt-get install {tool.package}"
    yield Finding(tool.command, version, tool.needed_for, fix, tool.optional)
    if tool.spec:
        found = "found" if compiler_has(tool.command, tool.spec) else ""
        yield Finding(tool.spec, found, tool.needed_for, f"apt-get install {tool.library}")


def _find_plugin() -> Finding:
    """Whether the host's compiler builds the plugin that counts instructions."""
    from edgec.verify.count import build_plugin

    try:
        build_plugin()
    except EdgecError as error:
        found, fix = "", error.diagnostics[0].what
    else:
        found, fix = "builds", ""
    return Finding("QEMU plugin", found, "counting instructions", fix)


def _table(findings: tuple[Finding, ...]) -> Table:
    table = console.listing()
    for heading in ("", "what", "found", "for"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for f in findings:
        mark = Text("ok", "green") if f.found else Text("--", "yellow" if f.optional else "red")
        found = Text(safe_text(f.found, 60)) if f.found else Text(safe_text(f.fix), "bold")
        table.add_row(mark, Text(f.name), found, Text(f.needed_for))
    return table


def _advice(missing: list[Finding]) -> str:
    apt = sorted({f.fix.split()[-1] for f in missing if f.fix.startswith("apt-get")})
    pip = sorted({f.fix.split()[-1] for f in missing if f.fix.startswith("pip")})
    lines = []
    if apt:
        lines.append(f"install the missing tools: sudo apt-get install {' '.join(apt)}")
    if pip:
        lines.append(f"install the missing packages: pip install {' '.join(pip)}")
    return "\n".join(lines) or "\n".join(f.fix for f in missing)
