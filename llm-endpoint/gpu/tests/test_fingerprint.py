"""The fingerprint is the one that the JVM computes (Fingerprints.java wrote fingerprints.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fednano_gpu.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parents[3]
EXPECTED = json.loads((Path(__file__).parent / "fingerprints.json").read_text())


@pytest.mark.parametrize("which", EXPECTED)
def test_equal_to_the_jvms(which: str) -> None:
    folder, dtype = which.split()
    assert fingerprint(ROOT / folder, dtype) == EXPECTED[which]
