"""Parts of a page that a command writes, between two comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Block:
    """The part of a page between the comments `NAME: begin` and `NAME: end`."""

    name: str

    @property
    def begin(self) -> str:
        """The line in front."""
        return f"<!-- {self.name}: begin -->"

    @property
    def end(self) -> str:
        """The line behind."""
        return f"<!-- {self.name}: end -->"

    def held(self, text: str) -> str:
        """What `text` has in the block, with the comments; an empty block if it has none."""
        if self.begin not in text:
            return f"{self.begin}\n\n{self.end}"
        inside = text.partition(self.begin)[2].partition(self.end)[0]
        return f"{self.begin}{inside}{self.end}"

    def replaced(self, text: str, lines: Sequence[str]) -> str:
        """`text`, which has the block, with `lines` in it."""
        before, _, rest = text.partition(self.begin)
        after = rest.partition(self.end)[2]
        body = "\n".join(lines)
        return f"{before}{self.begin}\n\n{body}\n\n{self.end}{after}"

    def write(self, page: Path, lines: Sequence[str]) -> None:
        """Put `lines` into the block of the file `page`."""
        text = page.read_text(encoding="utf-8")
        page.write_text(self.replaced(text, lines), encoding="utf-8")
