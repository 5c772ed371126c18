"""Writing a text file that the user named."""

from __future__ import annotations

from pathlib import Path

from edgec.diagnostics import Where, fail


def write_text(path: Path, text: str, *, code: str, what: str, help: str) -> None:
    """Write `text` to `path` as UTF-8, its line ends as they are. `code` if that is not possible.

    what: what the file is, for the message: "the report".
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise fail(
            code,
            f"{what} cannot be written: {error.strerror or error}",
            Where(file=str(path)),
            help=help,
        ) from None
