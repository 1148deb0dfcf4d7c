"""Wall time, CPU time and peak memory of a command with all that descends from it, from /proc."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """CPU seconds of all processes; peak_gb: sum of their proportional set sizes, sampled every half second."""

    wall: float
    cpu: float
    peak_gb: float
    load_before: float
    load_after: float


def processes() -> dict[int, tuple[int, int, int]]:
    """Parent, start and CPU ticks by process."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text().rsplit(") ", 1)[1].split()
            except (OSError, IndexError):
                continue
            found[int(entry)] = int(fields[1]), int(fields[19]), int(fields[11]) + int(fields[12])
    return found


def proportional_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(command: list[str], log: Path, limit: float, environment: dict[str, str]) -> Measured:
    """Runs a command to its end; its output goes to a file. Fails with what stands there last."""
    before, began = os.getloadavg()[0], time.time()
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
    ours, cpu, peak, sampled = {process.pid}, dict[tuple[int, int], int](), 0, 0.0
    try:
        while True:
            ended = process.poll() is not None
            living = processes()
            # A daemon leaves its parent, not those that were seen with it.
            grown = True
            while grown:
                more = {pid for pid, (parent, _, _) in living.items() if parent in ours and pid not in ours}
                ours |= more
                grown = bool(more)
            for pid in ours & living.keys():
                cpu[pid, living[pid][1]] = living[pid][2]
            if time.time() - sampled > 0.5:
                sampled = time.time()
                peak = max(peak, sum(proportional_kb(pid) for pid in ours & living.keys()))
            if ended:
                break
            if time.time() - began > limit:
                raise TimeoutError(f"{command[0]} ran for more than {limit:.0f} s; its output is in {log}")
            time.sleep(0.1)
    finally:
        for pid in ours:
            if pid in processes() and process.poll() is None:
                os.kill(pid, 15)
    wall = time.time() - began
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"{' '.join(command[:3])} … ended with {process.returncode}; {log} ends with\n{tail}")
    return Measured(wall, sum(cpu.values()) / TICKS, peak * 1024 / 1e9, before, os.getloadavg()[0])
