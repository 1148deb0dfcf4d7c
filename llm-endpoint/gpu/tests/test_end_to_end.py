"""Both hosts as processes with a real model, judged from outside: the endpoint check, a run, malformed requests, a signal."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from safetensors.numpy import load_file

from keys import Keys
from messages import request
from serving import Caller

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
GPU = ROOT / "llm-endpoint" / "gpu"
NANO = ROOT / "conf" / "models" / "nano-llava"
TINY = ROOT / "tests" / "src" / "test" / "resources" / "parity" / "qwen2"
TOKEN = "the-right-token"
HOSTS = ("grpc", "triton")
SECONDS = 180

both = pytest.mark.parametrize("host", HOSTS)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Host:
    """One of the two hosts as a process, ready to be asked."""

    def __init__(self, kind: str, folder: Path, model: Path | str, dtype: str, tls: Keys | None = None, **settings: Any) -> None:
        self.port = free_port()
        self._log = folder / f"{kind}.log"
        environment = {
            **os.environ,
            "PYTHON": sys.executable,
            "PYTHONPATH": str(GPU / "src"),
            "FEDNANO_MODEL": str(model),
            "FEDNANO_DTYPE": dtype,
            "FEDNANO_DEVICE": "cpu",
            **{f"FEDNANO_{name.upper()}": str(value) for name, value in settings.items()},
        }
        if kind == "grpc":
            command = [sys.executable, "-m", "fednano_gpu", "serve", "--port", str(self.port), "--metrics-port", "-1"]
            if tls:
                command += ["--tls-certificate", str(tls.server), "--tls-key", str(tls.server_key)]
        else:
            command = [str(GPU / "triton"), "--grpc-address=127.0.0.1", f"--grpc-port={self.port}", "--allow-metrics=false"]
            command += ["--exit-timeout-secs=120"]  # the machine may be busy
            if tls:
                command += ["--grpc-use-ssl=true", f"--grpc-server-cert={tls.server}", f"--grpc-server-key={tls.server_key}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        ready = re.compile("^READY " if kind == "grpc" else "Started GRPCInferenceService", re.M)
        pause = threading.Event()
        for _ in range(5 * SECONDS):
            if ready.search(self.log()):
                return
            if self.process.poll() is not None:
                break
            pause.wait(0.2)
        self.process.kill()
        raise AssertionError(self.log())

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextmanager
def served(*arguments: Any, **settings: Any) -> Iterator[Host]:
    host = Host(*arguments, **settings)
    try:
        yield host
    finally:
        if host.process.poll() is None:
            assert host.end() == 0, host.log()


def fednano(*arguments: str) -> str:
    ended = subprocess.run(
        [str(ROOT / "submit-scripts" / "fednano"), *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=ROOT,
        env={"FEDNANO_MASTER": "local[2]", "FEDNANO_DRIVER_MEMORY": "1g", **os.environ},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@both
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_every_row_of_the_check(host: str, dtype: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN)
    keys = Keys(tmp_path)
    with served(host, tmp_path, NANO, dtype, keys, token_file=tokens) as server:
        told = json.loads(
            fednano(
                *("endpoint", "check", f"grpcs://localhost:{server.port}", "--ca", str(keys.authority)),
                *("--token-file", str(tokens), "--seconds", "0", "--json"),
            )
        )
        # Triton has version 1 alone, and one row says so.
        silent = ("throughput",) if host != "triton" else ("throughput", "version 2: features and codes")
        assert {row["result"] for row in told["checks"] if not row["name"].startswith(silent)} == {"pass"}, told
        assert TOKEN not in server.log()


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of three clients, and the adapters of a run whose language model lives in the driver."""
    folder = tmp_path_factory.mktemp("federation")
    drawn = {"out": folder / "raw", "clients": 3, "train": 90, "test": 10, "balanced": 10}
    fednano("generate", *_set({f"generate.{name}": value for name, value in drawn.items()}))
    fednano("prepare", *_set({"prepare.source": folder / "raw", "prepare.out": folder / "shards"}))
    train(folder, "embedded")
    return folder


def train(folder: Path, name: str, **more: object) -> None:
    run = {"shards": folder / "shards", "dir": folder / name, "metrics_dir": folder / "metrics", "rounds": 2, "id": name}
    # Adam's first steps divide a gradient by its own size: where it is hardly more than rounding, two sound models may step
    # apart. SGD's steps are as near to each other as their gradients are.
    method = {"optimizer.name": "sgd", "optimizer.learning_rate": 0.02}
    fednano("train", *_set({f"run.{key}": value for key, value in run.items()}), *_set(method), *_set(more))


def _set(settings: dict[str, Any]) -> list[str]:
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


@both
def test_a_run_ends_with_the_adapter_of_the_embedded_model(host: str, federation: Path, tmp_path: Path) -> None:
    with served(host, tmp_path, NANO, "float32") as server:
        train(federation, host, **{"llm.endpoints": f'["grpc://127.0.0.1:{server.port}"]', "gateway.batching": "on"})
    for number in (1, 2):
        file = Path("rounds") / f"{number:05}" / "adapter.safetensors"
        found, expected = load_file(federation / host / file), load_file(federation / "embedded" / file)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            apart = np.linalg.norm(found[name] - values) / np.linalg.norm(values)
            print(f"{host}, round {number}, {name}: {apart:.2g} apart")
            assert apart < 1e-5, name


def test_malformed_requests_get_their_reasons(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN)
    limits = {"token_file": tokens, "max_tokens": 400, "max_message": 100_000, "queue": 128}
    (tmp_path / "triton").mkdir()
    with (
        served("grpc", tmp_path, TINY, "float32", **limits) as own,
        served("triton", tmp_path / "triton", TINY, "float32", **limits) as triton,
    ):
        ended = subprocess.run(
            [
                *("mvn", "-B", "-q", "test", "-pl", "llm-endpoint", "-am", "-Dtest=ForeignFuzzTest"),
                *("-Dsurefire.failIfNoSpecifiedTests=false", "-Dspotless.check.skip=true"),
                *(f"-Dfednano.fuzz.port={own.port}", f"-Dfednano.fuzz.triton_port={triton.port}", "-Dfednano.fuzz.positions=256"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
        )
        assert ended.returncode == 0, ended.stdout
        for server in (own, triton):
            assert TOKEN not in server.log()


@pytest.mark.parametrize(
    "model,told", [("", "set FEDNANO_MODEL"), ("nowhere", "expected in model folder"), ("damaged", "Copy the model again")]
)
def test_triton_says_why_it_does_not_start(model: str, told: str, tmp_path: Path) -> None:
    if model == "damaged":
        shutil.copytree(NANO, tmp_path / model)
        weights = tmp_path / model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(AssertionError, match=told):
        Host("triton", tmp_path, tmp_path / model if model else "", "float32")


@both
def test_what_was_taken_is_answered_after_a_signal(host: str, tmp_path: Path) -> None:
    with served(host, tmp_path, NANO, "float32") as server:
        caller = Caller(server.port)
        info = json.loads(caller.ask_raw(request({"v": 1, "op": "info"})).raw_output_contents[0][4:])
        work = request({"v": 1, "op": "loss_grad", "fp": info["fp"]}, size=16, tokens=256, hidden=info["hidden"])
        calls = [caller.send("ModelInfer", work) for _ in range(4)]
        calls[0].result()
        server.process.send_signal(signal.SIGTERM)
        first = calls[0].result()
        for call in calls[1:]:
            try:
                assert call.result() == first
            except grpc.RpcError as refused:  # it came behind the signal
                assert refused.code() is grpc.StatusCode.UNAVAILABLE, refused
        assert server.process.wait(SECONDS) == 0, server.log()
