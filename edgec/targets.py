"""Targets: a compiler, its flags and what the core can do. One TOML file each in `targets/`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from edgec.diagnostics import EdgecError, fail
from edgec.paths import targets_dir
from edgec.toml_reader import read_toml

NATIVE = "native"
CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Target:
    """One instruction set and how code for it is compiled.

    `features` are words that kernel rows ask for: "dsp" (16-bit pairs, SMMULR), "sat" (SSAT),
    "mve" and "mve_fp" (Helium), "avx2", "fpu" and "fpu64" (float32 and float64 in hardware),
    "mul64" (32 x 32 -> 64 multiply in a few cycles), "unaligned" (word loads from any address),
    "rvv" (RISC-V vectors), "rv32", "rv64", "armv6m", "armv7m" (code for that core alone), "packed"
    and "scalar" (no SIMD: two products in one multiplication pay, and eight sums fit the
    registers), "m4_timing" (cycles as on Cortex-M4: `bench` estimates them), "ample_flash" (weights
    are in main memory, so that their size hardly matters). `arch` is the folder of `targets/hal`
    that fits. "vnni" is the product of four bytes by four, of "avx512vnni" or "avxvnni".
    `cpu_flags` are what Linux must list in /proc/cpuinfo for a machine that executes the code
    itself; none for cores that edgec does not run on.
    """

    name: str
    description: str
    arch: str
    cc: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    features: frozenset[str]
    pointer_bytes: int
    endianness: str
    default_board: str
    cpu_flags: frozenset[str] = frozenset()

    def has(self, feature: str) -> bool:
        """Whether the core has `feature`."""
        return feature in self.features

    @property
    def hal_files(self) -> tuple[Path, ...]:
        """The headers that a generated folder needs, by their names there."""
        hal = targets_dir() / "hal"
        return (hal / "common" / "edgec_hal.h", hal / self.arch / "edgec_hal_arch.h")


def target_names() -> tuple[str, ...]:
    """All targets, sorted."""
    return tuple(sorted(path.stem for path in targets_dir().glob("*.toml")))


def load_target(name: str) -> Target:
    """The target `name`; NATIVE is the one that fits this machine best.

    Raises E0010 with the nearest name when there is none, or if none fits.
    """
    if name == NATIVE:
        return native_target()
    names = target_names()
    if name not in names:
        raise unknown_name("E0010", "target", name, (*names, NATIVE))
    table = read_toml(targets_dir() / f"{name}.toml")
    return Target(
        name=name,
        description=table.text("description"),
        arch=table.text("arch"),
        cc=table.text("cc"),
        cflags=table.texts("cflags"),
        ldflags=table.texts("ldflags"),
        features=frozenset(table.texts("features")),
        pointer_bytes=table.integer("pointer_bytes"),
        endianness=table.text("endianness"),
        default_board=table.text("default_board"),
        cpu_flags=frozenset(table.texts("cpu_flags") if "cpu_flags" in table.values else ()),
    )


def machine_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """What Linux says that the cores of this machine can do; none on other systems."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    lists = (line.partition(":")[2] for line in text.splitlines() if line.startswith("flags"))
    return frozenset(next(lists, "").split())


def runs_here(target: Target, flags: frozenset[str] | None = None) -> bool:
    """Whether this machine executes code of a target itself."""
    here = machine_flags() if flags is None else flags
    return bool(target.cpu_flags) and target.cpu_flags <= here


def native_target(flags: frozenset[str] | None = None) -> Target:
    """The target that uses most of what this machine can do. Raises E0010 if none fits."""
    found = [load_target(name) for name in target_names()]
    fitting = [target for target in found if runs_here(target, flags)]
    if not fitting:
        raise fail(
            "E0010",
            "no target fits the machine that edgec runs on",
            rule=f"'{NATIVE}' is the target of this machine, as /proc/cpuinfo describes it",
            help="`edgec targets` lists them; choose one by its name",
        )
    return max(fitting, key=lambda target: len(target.cpu_flags))


def unknown_name(code: str, kind: str, name: str, names: tuple[str, ...]) -> EdgecError:
    """The error for a name that is none of `names`, with the nearest one."""
    near = difflib.get_close_matches(name.lower(), names, n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return fail(
        code,
        f"there is no {kind} '{name}'",
        rule=f"a {kind} is one of: {', '.join(names)}",
        help=f"{guess}`edgec {kind}s` describes them all",
    )
