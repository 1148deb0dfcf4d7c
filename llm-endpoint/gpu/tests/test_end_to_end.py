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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from safetensors.numpy import load_file

from fednano_gpu.store import Features
from keys import Keys
from messages import put, request
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
        self.port, self.metrics_port = free_port(), free_port()
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
            command = [sys.executable, "-m", "fednano_gpu", "serve", "--port", str(self.port)]
            command += ["--metrics-port", str(self.metrics_port)]
            if tls:
                command += ["--tls-certificate", str(tls.server), "--tls-key", str(tls.server_key)]
        else:
            command = [str(GPU / "triton"), "--grpc-address=127.0.0.1", f"--grpc-port={self.port}"]
            command += ["--metrics-address=127.0.0.1", f"--metrics-port={self.metrics_port}"]
            command += ["--exit-timeout-secs=120"]  # the machine may be busy
            if tls:
                command += ["--grpc-use-ssl=true", f"--grpc-server-cert={tls.server}", f"--grpc-server-key={tls.server_key}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
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

    def figure(self, name: str) -> float:
        """One of its metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=SECONDS) as page:
            lines = page.read().decode().splitlines()
        (found,) = [line for line in lines if line.split("{")[0].split(" ")[0] == f"fednano_endpoint_{name}"]
        return float(found.split()[-1])

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
        rows = [row for row in told["checks"] if not row["name"].startswith("throughput")]
        assert {row["result"] for row in rows} == {"pass"}, told
        assert sum(row["name"].startswith("version 2") for row in rows) == 18, told
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


# A store that holds no more than a sixth of what the clients have lets go in mid-epoch.
WAYS = {"embeddings": (1, {}), "codes": (2, {}), "codes-evicted": (2, {"features_memory": "512k", "features_disk": "256k"})}


@both
@pytest.mark.parametrize("way", WAYS)
def test_a_run_ends_with_the_adapter_of_the_embedded_model(host: str, way: str, federation: Path, tmp_path: Path) -> None:
    wire, store = WAYS[way]
    name = f"{host}-{way}"
    with served(host, tmp_path, NANO, "float32", **store) as server:
        endpoint = {"llm.endpoints": f'["grpc://127.0.0.1:{server.port}"]', "llm.wire": wire}
        train(federation, name, **endpoint, **{"gateway.batching": "on"})
        found = {figure: server.figure(f"features_{figure}") for figure in ("found", "missed", "evicted")}
        print(f"{name}: features {found}, {server.figure('features')} left")
        assert (found["found"] > 0) == (wire == 2) and (found["evicted"] > 0) == bool(store), found
        assert server.figure("features") == 0, "a run's features are dropped at its end"
    for number in (1, 2):
        file = Path("rounds") / f"{number:05}" / "adapter.safetensors"
        adapter, expected = load_file(federation / name / file), load_file(federation / "embedded" / file)
        assert adapter.keys() == expected.keys()
        for tensor, values in expected.items():
            apart = np.linalg.norm(adapter[tensor] - values) / np.linalg.norm(values)
            print(f"{name}, round {number}, {tensor}: {apart:.2g} apart")
            assert apart < 1e-5, tensor


def test_several_instances_in_triton_have_version_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "conf" / "endpoint" / "triton", repository)
    config = repository / "frozen_llm" / "config.pbtxt"
    config.write_text(config.read_text().replace("count: 1", "count: 2"))
    monkeypatch.setenv("REPOSITORY", str(repository))
    with served("triton", tmp_path, NANO, "float32") as server:
        caller = Caller(server.port)
        for _ in range(8):  # whichever of both answers
            info = json.loads(caller.ask_raw(request({"v": 1, "op": "info"})).raw_output_contents[0][4:])
            assert info["versions"] == [1]
        assert "one of 2 instances" in server.log()
        told = json.loads(fednano("endpoint", "check", f"grpc://127.0.0.1:{server.port}", "--seconds", "0", "--json"))
        second = [row["result"] for row in told["checks"] if row["name"].startswith("version 2")]
        assert told["passed"] and second == ["skipped"], told


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


@both
def test_features_of_a_killed_host_are_removed_at_the_next_start(host: str, tmp_path: Path) -> None:
    folder = tmp_path / "features"
    folder.mkdir()
    store = {"features_dir": folder, "features_memory": 1, "features_disk": "1m"}
    killed = Host(host, tmp_path, NANO, "float32", **store)
    caller = Caller(killed.port)
    info = json.loads(caller.ask_raw(request({"v": 1, "op": "info"})).raw_output_contents[0][4:])
    some = [Features.of(bytes(4 * n * info["hidden"]), bytes(4 * n), info["hidden"]) for n in (3, 5)]
    caller.ask_raw(put({"fp": info["fp"], "run": "the-secret-of-a-run"}, some))
    (left,) = folder.iterdir()
    assert len(list(left.iterdir())) == 3
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait(SECONDS)
    assert len(list(left.iterdir())) == 3
    with served(host, tmp_path, NANO, "float32", **store):
        assert not left.exists()
        assert len(list(folder.iterdir())) == 1
    assert list(folder.iterdir()) == []


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
