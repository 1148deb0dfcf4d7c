"""The bearer tokens that are let in, and the one that a call brings."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from fednano_gpu.reading import Refusal
from fednano_gpu.usage import UsageError

_BEARER = "bearer "


class BearerTokens:
    """Keeps hashes only; a look takes the same time whatever the tokens are."""

    def __init__(self, *tokens: str) -> None:
        self._hashes = [_hash(token) for token in tokens]

    @classmethod
    def read(cls, file: Path) -> BearerTokens:
        """Reads a file with one token a line; empty lines are skipped. Raises UsageError."""
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                f"Token file expected at {file.absolute()}: found none that can be read as text. "
                "Give a file with one bearer token a line."
            ) from None
        tokens = [line for line in lines if line]
        if not tokens:
            raise UsageError(
                f"Token file {file.absolute()} must hold a bearer token, one a line: found none. "
                "An empty file would let nobody in."
            )
        for number, token in enumerate(tokens, 1):
            if not all("!" <= letter <= "~" for letter in token):
                raise UsageError(
                    f"Token {number} of {file.absolute()} must be printable ASCII without spaces: "
                    "an HTTP header can carry nothing else."
                )
        return cls(*tokens)

    def require(self, header: str | None) -> None:
        """Raises Refusal AUTH unless an ``authorization`` header brings one of them; says nothing about the token."""
        if header is None or header[: len(_BEARER)].lower() != _BEARER:
            raise Refusal("AUTH", "A bearer token is needed: expected header 'authorization: Bearer ...'")
        given = _hash(header[len(_BEARER) :].strip())
        # No early end: how long it takes must not tell which token was near.
        found = False
        for known in self._hashes:
            found |= hmac.compare_digest(known, given)
        if not found:
            raise Refusal("AUTH", "The bearer token is not one that is let in")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
