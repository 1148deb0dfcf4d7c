"""Product, Flower and bare PyTorch in turns on the same shards; see `tests/benchmarks/peers/run --help`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

import pyarrow.parquet as pq

from federation import Plan
from measure import Measured, run

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
SCENARIOS = {"5x400": (5, 2000), "50x40": (50, 2000), "200x4": (200, 800)}  # clients, training rows of all
SIDES = ("product", "flower", "bare1", "bare2")
SAME_LOSS = 1e-4  # relative, in the first round; later ones drift apart by rounding alone


@dataclass
class Run:
    """One side's run: `round` is the median of its rounds after the first, in seconds."""

    side: str
    round: float
    rounds: list[float]
    losses: list[float]
    whole: float
    measured: Measured


class Bench:
    def __init__(self, scenario: str, rounds: int, out: Path) -> None:
        self.scenario, self.rounds, self.out = scenario, rounds, out / scenario
        self.shards = self.out / "shards"
        self.environment = os.environ | {
            "OMP_WAIT_POLICY": "PASSIVE",
            "FEDNANO_BUILD": "never",
            "RAY_USAGE_STATS_ENABLED": "0",
            "FLWR_TELEMETRY_ENABLED": "0",
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def prepare(self) -> None:
        if self.shards.exists():
            return
        clients, rows = SCENARIOS[self.scenario]
        raw = self.out / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        drawn = {"out": raw, "clients": clients, "train": rows, "val": 0, "test": 1, "balanced": 0, "size_alpha": 1000, "record_files": "off"}
        self.fednano("generate", {f"generate.{key}": value for key, value in drawn.items()})
        self.fednano("prepare", {"prepare.source": raw, "prepare.out": self.shards})

    def fednano(self, command: str, settings: dict[str, object]) -> None:
        words = [str(ROOT / "submit-scripts" / "fednano"), command]
        for key, value in settings.items():
            words += ["--set", f"{key}={value}"]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"fednano {command} ended with {done.returncode}:\n{done.stdout[-800:]}{done.stderr[-800:]}")

    def product(self, folder: Path, rounds: int) -> Run:
        for made in ("features", "embeddings"):  # each side makes its features in each run
            shutil.rmtree(self.shards / made, ignore_errors=True)
        settings = {
            "run.shards": self.shards,
            "run.dir": folder / "run",
            "run.metrics_dir": folder / "metrics",
            "run.id": "peers",
            "run.strategy": "fedavg",
            "run.rounds": rounds,
            "eval.every": 0,
        }
        command = [str(ROOT / "submit-scripts" / "fednano"), "train", "--conf", str(ROOT / "conf/runs/demo.conf")]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        measured = run(command, folder / "log", 900, self.environment)
        files = sorted((folder / "metrics" / "rounds").rglob("*.parquet"))
        rows = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
        rows = sorted((row for row in rows if row["cohort_clients"]), key=lambda row: row["started_at"])
        return self.told("product", [r["wall_seconds"] for r in rows], [r["last_epoch_loss"] for r in rows], measured)

    def peer(self, side: str, folder: Path, adapter: Path) -> Run:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        threads = 2 if side == "bare2" else 1
        plan = Plan(
            shards=str(self.shards),
            model=str(ROOT / "conf/models/nano-llava"),
            cache=str(folder / "cache"),
            adapter=str(adapter),
            out=str(folder / "told.json"),
            rounds=self.rounds,
            threads=threads,
            actors=os.cpu_count() or 1,
            seed=1,
        )
        command = [sys.executable, str(HERE / "sides.py"), "flower" if side == "flower" else "bare", plan.text()]
        measured = run(command, folder / "log", 900, self.environment)
        told = json.loads((folder / "told.json").read_text())
        return self.told(side, told["seconds"], told["losses"], measured)

    @staticmethod
    def told(side: str, seconds: list[float], losses: list[float], measured: Measured) -> Run:
        return Run(side, median(seconds[1:] or seconds), seconds, losses, measured.wall, measured)

    def turn(self, pair: int, sides: list[str], adapter: Path) -> dict[str, Run]:
        done = {}
        for side in sides if pair % 2 == 0 else reversed(sides):  # nobody is always first
            folder = self.out / f"{pair:02}-{side}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            one = self.product(folder, self.rounds) if side == "product" else self.peer(side, folder, adapter)
            done[side] = one
            print(
                f"{self.scenario}, pair {pair + 1}, {side:8}: round {one.round:6.2f} s, whole {one.whole:6.1f} s, CPU {one.measured.cpu:6.1f} s, "
                f"{one.measured.peak_gb:.2f} GB; load {one.measured.load_before:.1f} before",
                flush=True,
            )
        first = done["product"].losses[0]
        for side, one in done.items():
            apart = abs(one.losses[0] - first) / first
            if apart > SAME_LOSS:
                raise RuntimeError(f"Losses of the first round must agree to {SAME_LOSS}: {side} has {one.losses[0]}, the product {first}")
        return done


def spread(ratios: list[float]) -> str:
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return f"{median(ratios):.2f} ({low:.2f} to {high:.2f})"


def table(scenario: str, pairs: list[dict[str, Run]]) -> str:
    figures: dict[str, Callable[[Run], float]] = {
        "round": lambda r: r.round,
        "whole run": lambda r: r.whole,
        "CPU": lambda r: r.measured.cpu,
        "peak memory": lambda r: r.measured.peak_gb,
    }
    lines = [f"{scenario}, {len(pairs)} pairs, peer ÷ product, median (quartiles)", "", "| peer | " + " | ".join(figures) + " |"]
    lines.append("| --- |" + " --- |" * len(figures))
    for side in pairs[0]:
        if side != "product":
            ratios = [spread([f(pair[side]) / f(pair["product"]) for pair in pairs]) for f in figures.values()]
            lines.append(f"| {side} | " + " | ".join(ratios) + " |")
    own = [f"{median(f(pair['product']) for pair in pairs):.2f}" for f in figures.values()]
    lines.append("| product itself: s, s, s, GB | " + " | ".join(own) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tests/benchmarks/peers/run",
        description="The product, Flower's simulation and bare PyTorch in turns on the same shards: same model, adapter, order, steps and "
        "optimiser. Writes DIR/peers.json and DIR/peers.md: ratios of time per round (median of those after the first), of the whole run from "
        "nothing, of CPU time and of peak memory. bare1 and bare2 are the plain loop with one and two threads.",
    )
    parser.add_argument("--pairs", type=int, default=7, help="turns of every side (default 7)")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of a run, 2 or more (default 4)")
    parser.add_argument("--scenario", action="append", choices=[*SCENARIOS], help="clients x rows of each; more than once: several (default all)")
    parser.add_argument("--side", action="append", choices=SIDES[1:], help="peers to run (default all)")
    parser.add_argument("--out", type=Path, default=ROOT / "work" / "peers", help="folder for shards, runs and results (default work/peers)")
    asked = parser.parse_args()
    if asked.pairs < 1 or asked.rounds < 2:
        parser.error(f"--pairs must be 1 or more and --rounds 2 or more: found {asked.pairs} and {asked.rounds}")
    sides = ["product", *(asked.side or SIDES[1:])]
    results, texts = {}, []
    for scenario in asked.scenario or SCENARIOS:
        bench = Bench(scenario, asked.rounds, asked.out.resolve())
        bench.out.mkdir(parents=True, exist_ok=True)
        bench.prepare()
        first = bench.out / "first"  # the adapter that all begin with
        shutil.rmtree(first, ignore_errors=True)
        first.mkdir()
        bench.product(first, 1)
        adapter = first / "run" / "rounds" / "00000" / "adapter.safetensors"
        pairs = [bench.turn(pair, sides, adapter) for pair in range(asked.pairs)]
        results[scenario] = [{side: asdict(one) for side, one in pair.items()} for pair in pairs]
        texts.append(table(scenario, pairs))
        (asked.out / "peers.json").write_text(json.dumps(results, indent=1))
        (asked.out / "peers.md").write_text("\n\n".join(texts) + "\n")
    print("\n" + "\n\n".join(texts))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, TimeoutError) as e:
        print(f"error: {e}", file=sys.stderr)
        sys.exit(1)
