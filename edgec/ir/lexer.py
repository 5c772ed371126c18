"""Tokens of the text IR."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

from edgec.diagnostics import fail
from edgec.ir.literal import Literal, Record, Word


class Kind(Enum):
    """What a token is."""

    NAME = r'%(?:"(?:[^"\\\n]|\\.)*"|[A-Za-z0-9_][A-Za-z0-9_./-]*)'
    STRING = r'"(?:[^"\\\n]|\\.)*"'
    DIGEST = r"sha256:[0-9a-f]+"
    NUMBER = r"-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|inf\b)|nan\b|inf\b"
    WORD = r"[A-Za-z_][A-Za-z0-9_]*"
    PUNCTUATION = r"[\[\](){},:=]"
    END = r"\Z"


@dataclass(frozen=True)
class Token:
    """A token and the line that it stands on (from 1)."""

    kind: Kind
    text: str
    line: int


_SKIP = re.compile(r"(?:[ \t\r\n]|//[^\n]*)*")
_PATTERNS = tuple((kind, re.compile(kind.value)) for kind in Kind)


def tokens(text: str) -> list[Token]:
    """All tokens of `text`, END last. E0115 for anything else."""
    found: list[Token] = []
    at, line = 0, 1
    while True:
        skipped = _SKIP.match(text, at)
        assert skipped is not None
        line += text.count("\n", at, skipped.end())
        at = skipped.end()
        for kind, pattern in _PATTERNS:
            match = pattern.match(text, at)
            if match is not None:
                found.append(Token(kind, match.group(), line))
                at = match.end()
                break
        else:
            raise fail("E0115", f"line {line}: '{text[at : at + 10]}' is not understood")
        if found[-1].kind is Kind.END:
            return found


@dataclass
class Reader:
    """Goes through tokens with one token of lookahead."""

    items: list[Token]
    at: int = 0

    @property
    def next(self) -> Token:
        return self.items[self.at]

    def take(self) -> Token:
        """The next token; the reader moves past it (END stays)."""
        token = self.next
        if token.kind is not Kind.END:
            self.at += 1
        return token

    def accept(self, text: str) -> bool:
        """Move past the next token if it reads `text`."""
        if self.next.text == text and self.next.kind is not Kind.STRING:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.error(f"'{text}' belongs here, not '{self.next.text}'")

    def take_kind(self, kind: Kind) -> Token:
        if self.next.kind is not kind:
            raise self.error(f"a {kind.name.lower()} belongs here, not '{self.next.text}'")
        return self.take()

    def error(self, what: str) -> Exception:
        """E0115 at the next token."""
        return fail("E0115", f"line {self.next.line}: {what}")

    # literals

    def name(self) -> str:
        """`%name` or `%"any text"`, without the sign and the quotes."""
        text = self.take_kind(Kind.NAME).text[1:]
        return self._unquote(text) if text.startswith('"') else text

    def string(self) -> str:
        return self._unquote(self.take_kind(Kind.STRING).text)

    def _unquote(self, text: str) -> str:
        try:
            return str(json.loads(text))
        except ValueError:
            raise self.error(f"{text} has a wrong escape") from None

    def literal(self) -> Literal:
        """Any attribute value."""
        token = self.next
        if token.kind is Kind.NUMBER:
            self.take()
            return number(token.text)
        if token.kind is Kind.STRING:
            return self.string()
        if self.accept("["):
            return self._list()
        word = self.take_kind(Kind.WORD).text
        if word in ("true", "false"):
            return word == "true"
        if word == "none":
            return None
        if self.accept("("):
            return Record(word, self.fields(")"))
        return Word(word)

    def _list(self) -> tuple[Literal, ...]:
        items: list[Literal] = []
        while not self.accept("]"):
            items.append(self.literal())
            if not self.accept(","):
                self.expect("]")
                break
        return tuple(items)

    def fields(self, end: str) -> tuple[tuple[str, Literal], ...]:
        """`name=value, ...` up to and with `end`."""
        found: list[tuple[str, Literal]] = []
        while not self.accept(end):
            name = self.take_kind(Kind.WORD).text
            self.expect("=")
            found.append((name, self.literal()))
            if not self.accept(","):
                self.expect(end)
                break
        return tuple(found)


def number(text: str) -> int | float:
    """An integer if the text is one, else a float (with inf and nan)."""
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
