"""Eight clients with batches of 2 against one with batches of 16, on a server that is already listening.

  python -m fednano_gpu serve --model conf/models/nano-llava --dtype float32 --device cpu       # in another terminal
  $(llm-endpoint/gpu/venv) llm-endpoint/gpu/tests/measure_joining.py localhost:8061

Each client asks for loss_grad and sends its next request when it has the answer. Both ways take turns, so that a machine that
slows down slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from messages import request
from serving import Caller


def answered(callers: list[Caller], message: bytes, seconds: float) -> float:
    """Requests a second, all callers together."""
    counts = [0] * len(callers)
    end = time.perf_counter() + seconds

    def ask(client: int) -> None:
        while time.perf_counter() < end:
            callers[client].send("ModelInfer", message).result()
            counts[client] += 1

    begin = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(client,)) for client in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("address", help="host:port on this machine")
    options.add_argument("--tokens", type=int, default=128, help="of a prompt (default 128)")
    options.add_argument("--seconds", type=float, default=5, help="of one turn (default 5)")
    options.add_argument("--turns", type=int, default=5, help="of each way (default 5)")
    chosen = options.parse_args()
    callers = [Caller(int(chosen.address.rpartition(":")[2])) for _ in range(8)]
    info = json.loads(callers[0].ask_raw(request({"v": 1, "op": "info"})).raw_output_contents[0][4:])
    ctl = {"v": 1, "op": "loss_grad", "fp": info["fp"]}
    small, large = (request(ctl, size, chosen.tokens, info["hidden"], info["dtype"]) for size in (2, 16))
    answered(callers, small, 1)
    answered(callers[:1], large, 1)
    shares = []
    for turn in range(chosen.turns):
        many = 2 * answered(callers, small, chosen.seconds)
        one = 16 * answered(callers[:1], large, chosen.seconds)
        shares.append(many / one)
        print(f"turn {turn + 1}: 8 x 2: {many:.1f} samples/s; 1 x 16: {one:.1f} samples/s; {100 * many / one:.0f} %", flush=True)
    print(f"{info['name']}, {info['dtype']}, {chosen.tokens} tokens: median {100 * statistics.median(shares):.0f} %")


if __name__ == "__main__":
    main()
