"""What the person who starts a server got wrong."""

from __future__ import annotations


class UsageError(Exception):
    """Wrong options or files: what was expected, what was found, where, and what to change."""
