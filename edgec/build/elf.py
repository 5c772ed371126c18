"""Sizes of a linked program: what is weights, model code, kernels, libraries and board support.

The ELF file says which output sections occupy memory; the linker's map says which object each
piece of them came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from edgec.build.firmware import Firmware

_SHF_WRITE = 1
_SHF_ALLOC = 2

# Tables that a host's debugger and C++ need, and a board's linker script drops.
_UNWINDING = (".eh_frame", ".ARM.ex", ".note")

_WRAPPED_NAME = re.compile(r"^( ?\.\S+)\n\s+(?=0x)", re.M)
_OUTPUT = re.compile(r"^(\.\S+)\s+0x[0-9a-f]+\s+0x[0-9a-f]+")
_INPUT = re.compile(r"^ (\.\S+|\*fill\*|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+(\S.*))?$")
_REQUEST = re.compile(r"^(\S+\.a\(\S+\))\s+(\S+) \(\S+\)$", re.M)


@dataclass(frozen=True)
class Symbol:
    """A function: `size` bytes of code at `address` (even for Thumb code)."""

    name: str
    address: int
    size: int


@dataclass(frozen=True)
class FlashSizes:
    """Bytes of code and constants, by what they belong to.

    `weights`, `constants` and `code` are the model's own files, `kernels` the other sources of
    its manifest; `libraries` are the parts of the C and compiler libraries that the model calls;
    `board` is the harness, start-up code, what they call, and padding.
    """

    weights: int = 0
    constants: int = 0
    code: int = 0
    kernels: int = 0
    libraries: int = 0
    board: int = 0

    @property
    def model(self) -> int:
        """What the generated folder is, apart from libraries."""
        return self.weights + self.constants + self.code + self.kernels

    @property
    def total(self) -> int:
        """Everything in flash."""
        return self.model + self.libraries + self.board


@dataclass(frozen=True)
class ImageSizes:
    """Sizes in bytes. `model_static` is mutable static data of the model's objects: it is 0."""

    flash: FlashSizes
    arena: int
    model_static: int
    other_static: int

    @property
    def static_ram(self) -> int:
        """RAM in use before the stack grows."""
        return self.arena + self.model_static + self.other_static


@dataclass(frozen=True)
class _Piece:
    """An input section of `size` bytes: in flash, in RAM, or both for initialized data."""

    section: str
    origin: str
    address: int
    size: int
    in_flash: bool
    in_ram: bool


def function_symbols(elf: Path, *, sized: bool = True) -> tuple[Symbol, ...]:
    """All functions of `elf` that have a size; otherwise also second names, which have none."""
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        thumb = file["e_machine"] == "EM_ARM"
        table = file.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return ()
        return tuple(
            Symbol(
                symbol.name,
                symbol["st_value"] & ~1 if thumb else symbol["st_value"],
                symbol["st_size"],
            )
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC" and (symbol["st_size"] > 0 or not sized)
        )


def section_ranges(elf: Path) -> dict[str, tuple[int, int]]:
    """Addresses (the second exclusive) of each section that occupies memory, by its name."""
    with elf.open("rb") as stream:
        return {
            section.name: (section["sh_addr"], section["sh_addr"] + section["sh_size"])
            for section in ELFFile(stream).iter_sections()
            if section["sh_flags"] & _SHF_ALLOC and section["sh_size"]
        }


def code_size(path: Path) -> int:
    """Bytes of code and constants of an object or a program, without tables for unwinding."""
    with path.open("rb") as stream:
        return sum(
            section["sh_size"]
            for section in ELFFile(stream).iter_sections()
            if section["sh_flags"] & _SHF_ALLOC and not section.name.startswith(_UNWINDING)
        )


def image_sizes(firmware: Firmware) -> ImageSizes:
    """Where the flash and the static RAM of `firmware` go."""
    sums = dict.fromkeys(("weights", "constants", "code", "kernels", "libraries", "board"), 0)
    ram = dict.fromkeys(("arena", "model", "other"), 0)
    pieces = tuple(_pieces(firmware))
    called = _called_members(firmware, pieces)
    for piece in pieces:
        category = _flash_category(firmware, piece, called)
        if piece.in_flash:
            sums[category] += piece.size
        if piece.in_ram:
            ram[_ram_category(piece, category)] += piece.size
    return ImageSizes(FlashSizes(**sums), ram["arena"], ram["model"], ram["other"])


def _called_members(firmware: Firmware, pieces: Iterable[_Piece]) -> frozenset[str]:
    """The members of libraries that the model calls, and those that they brought along."""
    wanted = {name for path in firmware.model_objects for name in _undefined(path)}
    places = [
        symbol.address
        for symbol in function_symbols(firmware.elf, sized=False)
        if symbol.name in wanted
    ]
    found = {
        piece.origin
        for piece in pieces
        if ".a(" in piece.origin and any(0 <= at - piece.address < piece.size for at in places)
    }
    requests = _REQUEST.findall(firmware.map_file.read_text(encoding="utf-8", errors="replace"))
    size = -1
    while size != len(found):
        size = len(found)
        found |= {member for member, by in requests if by in found}
    return frozenset(found)


def _undefined(path: Path) -> Iterator[str]:
    """Names that an object needs from elsewhere."""
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        if isinstance(table, SymbolTableSection):
            for symbol in table.iter_symbols():
                if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name:
                    yield symbol.name


def _flash_category(firmware: Firmware, piece: _Piece, called: frozenset[str]) -> str:
    model = {str(path): path.stem for path in firmware.model_objects}
    stem = model.get(piece.origin)
    if stem is None or piece.section.startswith(_UNWINDING):
        return "libraries" if piece.origin in called else "board"
    name = firmware.manifest.name
    constant = ".rodata" in piece.section or ".srodata" in piece.section
    if piece.section.startswith(".rodata.edgec_weights") or (
        constant and stem.rsplit("__", 1)[-1] == f"{name}_weights"
    ):
        return "weights"
    if stem.rsplit("__", 1)[-1] == name:
        return "constants" if constant else "code"
    return "kernels"


def _ram_category(piece: _Piece, flash_category: str) -> str:
    if piece.section.startswith(".bss.edgec_arena"):
        return "arena"
    return "other" if flash_category in ("libraries", "board") else "model"


def _pieces(firmware: Firmware) -> Iterator[_Piece]:
    """The input sections of the map that end up in memory."""
    memory = _allocated(firmware.elf)
    text = firmware.map_file.read_text(encoding="utf-8", errors="replace")
    body = text.partition("Linker script and memory map")[2]
    output = ""
    for line in _WRAPPED_NAME.sub(r"\1 ", body).splitlines():
        start = _OUTPUT.match(line)
        if start:
            output = start.group(1)
        piece = _INPUT.match(line)
        if piece and output in memory:
            in_flash, in_ram = memory[output]
            yield _Piece(
                piece.group(1),
                piece.group(4) or "",
                int(piece.group(2), 16),
                int(piece.group(3), 16),
                in_flash,
                in_ram,
            )


def _allocated(elf: Path) -> dict[str, tuple[bool, bool]]:
    """For each output section that occupies memory: is it in flash, is it in RAM."""
    with elf.open("rb") as stream:
        return {
            section.name: (
                section["sh_type"] != "SHT_NOBITS",
                bool(section["sh_flags"] & _SHF_WRITE),
            )
            for section in ELFFile(stream).iter_sections()
            if section["sh_flags"] & _SHF_ALLOC
        }
