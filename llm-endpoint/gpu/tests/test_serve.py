"""The command, as a process of its own: what it says, with which status it ends, and how it ends on a signal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fednano_gpu import options as settings
from fednano_gpu.usage import UsageError
from serving import Caller, infer

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "conf" / "models" / "nano-llava"
ON_CPU = ("--dtype", "float32", "--device", "cpu", "--port", "0", "--metrics-port", "0")


def started(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fednano_gpu", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "llm-endpoint" / "gpu" / "src"), **environment},
    )


def ended(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = started(*arguments, **environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process once it is ready, and what it printed: first word of a line to the rest."""
    process = started("serve", *ON_CPU, *arguments, **environment)
    try:
        said: dict[str, str] = {}
        assert process.stdout is not None
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            said[word] = rest.strip()
            if word == "READY":
                break
        else:
            raise AssertionError(process.communicate()[1])
        yield process, said
    finally:
        process.kill()
        process.communicate()


def test_serves_reports_and_ends_on_a_signal() -> None:
    with serving(FEDNANO_MODEL=str(MODEL), FEDNANO_MAX_TOKENS="512") as (process, said):
        assert said["model"] == f"{MODEL} as 'frozen_llm'"
        assert said["shapes"] == "H 128, vocabulary 165, layers 4, computes FP32 on cpu"
        assert said["limits"].startswith("512 tokens and 268435456 bytes a request")
        assert said["READY"].startswith("grpc://127.0.0.1:")
        caller = Caller(int(said["READY"].rpartition(":")[2]))
        caller.send("ModelInfer", infer("info", v=1)).exception()  # whatever it says, it is counted
        with urllib.request.urlopen(said["metrics"], timeout=30) as answer:
            assert b"fednano_endpoint_requests_total" in answer.read()
        with urllib.request.urlopen(said["metrics"].replace("metrics", "ready"), timeout=30) as answer:
            assert answer.read() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.splitlines()[-1] == "drained"


def test_no_second_server_on_the_port() -> None:
    with serving("--model", str(MODEL)) as (_, said):
        port = said["READY"].rpartition(":")[2]
        status, _, err = ended("serve", "--model", str(MODEL), "--device", "cpu", "--port", port, "--metrics-port", "-1")
        assert status == 2
        assert f"Cannot listen on 127.0.0.1:{port}" in err


def test_the_model_folder(tmp_path: Path) -> None:
    status, _, err = ended("serve", *ON_CPU, "--features-dir", str(tmp_path), "--model", str(tmp_path / "nowhere"))
    assert status == 3 and err.startswith("Model folder expected at ")
    status, _, err = ended("serve", *ON_CPU)
    assert status == 2 and "give --model DIR, or set FEDNANO_MODEL" in err
    damaged = tmp_path / "damaged"
    shutil.copytree(MODEL, damaged)
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    status, out, err = ended("serve", *ON_CPU, "--model", str(damaged))
    assert status == 3 and str(weights) in err and "Copy the model again" in err
    assert "READY" not in out and "Traceback" not in err


@pytest.mark.parametrize("device", ["nope", "meta", "xpu:7"])
def test_a_device_that_is_not_there(device: str) -> None:
    status, out, err = ended("serve", *ON_CPU, "--model", str(MODEL), "--device", device)
    assert status == 2 and f"found '{device}', which it cannot use" in err and "Traceback" not in err
    assert "READY" not in out


@pytest.mark.parametrize(
    "arguments,told",
    [
        (["--dtype", "int8"], "expected one of float32, float16, bfloat16, found 'int8'"),
        (["--max-tokens", "0"], "expected a whole number from 16 to"),
        (["--max-message", "2g"], "expected 1 byte to 1073741824 bytes"),
        (["--queue", "none"], "expected a whole number from 1"),
        (["--tls-key", "some.key"], "found only the key"),
        (["--tls-client-ca", "ca.pem"], "needs TLS"),
        (["--token-file", "nowhere"], "Token file expected at"),
        (["--mode", "x"], "unrecognized arguments"),
        (["--host", "192.0.2.1"], "Cannot listen on 192.0.2.1"),
    ],
)
def test_wrong_options(arguments: list[str], told: str) -> None:
    status, out, err = ended("serve", *ON_CPU, "--model", str(MODEL), *arguments)
    assert status == 2 and told in err and "Traceback" not in err
    assert "READY" not in out


def test_commands() -> None:
    assert ended("--help")[0] == 0
    for wrong in ((), ("train",)):
        status, _, err = ended(*wrong)
        assert status == 2 and "Expected the command serve" in err
    status, out, _ = ended("serve", "--help")
    assert status == 0
    for word in ("--token-file", "--tls-client-ca", "FEDNANO_MAX_TOKENS", "Exit status", "Examples"):
        assert word in out


def test_the_environment_is_read_as_strictly_and_the_command_line_wins(capsys: pytest.CaptureFixture[str]) -> None:
    found = settings.read(["--queue", "7"], {"FEDNANO_MODEL": "m", "FEDNANO_QUEUE": "3", "FEDNANO_MAX_MESSAGE": "16m"})
    assert (str(found.model), found.queue, found.max_message) == ("m", 7, 16 << 20)
    for name, value in (("DTYPE", "int8"), ("QUEUE", "many"), ("CHECKPOINTING", "maybe")):
        with pytest.raises(SystemExit):
            settings.read([], {"FEDNANO_MODEL": "m", f"FEDNANO_{name}": value})
        assert value in capsys.readouterr().err
    with pytest.raises(UsageError):
        settings.read([], {})


def test_what_is_open_is_said() -> None:
    def said(*arguments: str) -> int:
        return len(settings.warnings(settings.read(["--model", "m", *arguments], {})))

    assert [said(), said("--host", "::1"), said("--host", "localhost")] == [0, 0, 0]
    assert said("--host", "0.0.0.0") == said("--host", "gpu-1") == 2
    assert said("--host", "0.0.0.0", "--token-file", "t") == 1
    assert said("--host", "::", "--token-file", "t", "--tls-certificate", "c", "--tls-key", "k") == 0
