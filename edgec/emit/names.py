"""Names and text in generated files: nothing from a model gets there unescaped."""

from __future__ import annotations

import string

_PLAIN = frozenset(string.ascii_letters + string.digits + " _.,:;/-+=()[]<>#@'")


def comment_text(text: str, limit: int = 100) -> str:
    """`text` for a C comment: only harmless ASCII stays, everything else becomes `_`.

    Without `*`, `\\`, `?`, quotes and control characters it can neither end the comment nor
    continue it, start another one, or be a trigraph.
    """
    plain = "".join(c if c in _PLAIN else "_" for c in text)
    plain = plain.replace("//", "/_")
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."


def macro(name: str) -> str:
    """`name` in the form of a macro."""
    return name.upper()
