from __future__ import annotations

import json
from pathlib import Path

import pytest

from fednano_gpu.measure import SIZES, main


def test_the_small_size_runs_on_a_cpu_and_its_findings_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found" / "gpu.json"
    main(["--device", "cpu", "--size", "small", "--minutes", "3", "--out", str(out)])
    found = json.loads(out.read_text())
    failures = [section["failed"] for section in found.values() if isinstance(section, dict) and "failed" in section]
    assert all("left out" in failure for failure in failures), failures
    assert found["half precision against float32, small model"]["BF16"]["within the hand-shake's limits"]
    assert "| plain | 4 × 16 |" in capsys.readouterr().out


def test_counted_are_the_products_that_are_needed() -> None:
    """A token of LLaVA-1.5-7B: twice the 6.5 G parameters of its layers, forward and back, and attention beside them."""
    size = SIZES["7b"]
    assert size.flops(16, 512) / (16 * 512) == pytest.approx(26.4e9, rel=0.01)
    assert size.flops(4, 2048) / (4 * 2048) == pytest.approx(27.6e9, rel=0.02)
