"""The server's own part of the contract, over gRPC, without a model."""

from __future__ import annotations

import json
import logging
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from fednano_gpu import oip
from fednano_gpu.metadata import CONTRACT
from fednano_gpu.metrics import Metrics
from fednano_gpu.tls import Tls
from fednano_gpu.tokens import BearerTokens
from fednano_gpu.usage import UsageError
from keys import Keys
from serving import MODEL, SECONDS, Caller, FakeContract, infer, running

TOKEN = "the-right-token"
SECURED = {"tokens": BearerTokens(TOKEN, "another")}


def test_metadata_and_health() -> None:
    with running(FakeContract()) as server:
        caller = Caller(server.port)
        assert caller.ask("ServerLive").live
        assert caller.ask("ServerReady").ready
        assert caller.ask("ModelReady", name=MODEL).ready
        assert list(caller.ask("ServerMetadata").extensions) == [CONTRACT]
        stated = caller.ask("ModelMetadata", name=MODEL)
        assert {t.name: t.datatype for t in stated.inputs}["embeds"] == "FP32"
        assert [tuple(t.shape) for t in stated.outputs if t.name == "grad"] == [(-1, -1, 4)]


def test_another_model_and_other_methods() -> None:
    with running(FakeContract()) as server:
        caller = Caller(server.port)
        other = oip.MESSAGES["ModelReadyRequest"](name="gpt").SerializeToString()
        for call in (caller.send("ModelReady", other), caller.send("ModelMetadata", other), caller.infer("loss", model="gpt")):
            assert caller.refused(call) == ("NO_MODEL", "NOT_FOUND")
        for method in ("Train", "modelInfer", "/inference.Other/ModelInfer", "/a/b"):
            assert caller.refused(caller.send(method, infer("info"))) == ("UNKNOWN_OP", "UNIMPLEMENTED")


@pytest.mark.parametrize("method", ["ModelInfer", "ModelReady", "ModelMetadata", "ServerMetadata"])
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}2", f"Bearer {TOKEN} {TOKEN}"]
)
def test_no_right_token(method: str, header: str | None) -> None:
    with running(FakeContract(), **SECURED) as server:
        caller = Caller(server.port, token=header)
        assert caller.refused(caller.send(method, b"")) == ("AUTH", "UNAUTHENTICATED")


def test_the_token_comes_before_a_single_byte_of_the_message() -> None:
    with running(FakeContract(), **SECURED) as server:
        caller = Caller(server.port)

        answered = threading.Event()

        def never() -> Iterator[bytes]:
            answered.wait(SECONDS)
            yield b""

        call = caller.channel.stream_unary(f"/{oip.SERVICE}/ModelInfer").future(never(), timeout=SECONDS)
        assert caller.refused(call)[0] == "AUTH"
        for method in ("ServerLive", "ServerReady"):  # open to all: not a byte of a stranger's is taken in
            caller.channel.stream_unary(f"/{oip.SERVICE}/{method}").future(never(), timeout=SECONDS).result()
        answered.set()
        assert server.ended[0].request_bytes == 0


def test_a_right_token_in_any_case_of_bearer_and_health_without() -> None:
    contract = FakeContract()
    contract.gate.set()
    with running(contract, **SECURED) as server:
        for header in (f"Bearer {TOKEN}", f"bearer  {TOKEN}", "BEARER another"):
            Caller(server.port, token=header).infer("loss").result()
        stranger = Caller(server.port)
        assert stranger.ask("ServerLive").live and stranger.ask("ServerReady").ready


def test_messages_are_counted() -> None:
    with running(FakeContract()) as server:
        caller = Caller(server.port)
        for messages in ((), (infer("info"), infer("info"))):
            assert caller.refused(caller.send("ModelInfer", *messages)) == ("BAD_REQUEST", "INVALID_ARGUMENT")
        for noise in (b"\x0a\x02\xff\xfe", b"\x0b" * 50, infer("info")[:-3]):
            assert caller.refused(caller.send("ModelInfer", noise))[0] == "BAD_REQUEST"
        assert caller.refused(caller.send("ServerMetadata", b"\xff"))[0] == "BAD_REQUEST"


def test_bytes_either_way() -> None:
    contract = FakeContract(reply=bytes(4 << 18))
    contract.gate.set()
    with running(contract, message_bytes=1 << 20) as server:
        caller = Caller(server.port)
        assert caller.refused(caller.infer("loss", padding=1 << 18)) == ("TOO_LARGE", "RESOURCE_EXHAUSTED")
        assert caller.refused(caller.infer("loss"))[0] == "TOO_LARGE"  # the answer's


def test_beyond_what_grpc_takes() -> None:
    with running(FakeContract(), message_bytes=1 << 10) as server:
        caller = Caller(server.port)
        with pytest.raises(grpc.RpcError) as refused:
            caller.send("ModelInfer", bytes((64 << 20) + (2 << 10))).result()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_full_queue_still_answers_info_and_wrong_requests() -> None:
    contract = FakeContract()
    with running(contract, queue=2) as server:
        caller = Caller(server.port)
        held = [caller.infer("loss"), caller.infer("loss")]
        assert contract.begun.acquire(timeout=SECONDS)
        # A batch takes what waits when it begins: one request runs, or both do.
        server.wait(lambda: len(server.desk._waiting) + server.desk._running == 2)
        assert caller.refused(caller.infer("loss")) == ("BUSY", "UNAVAILABLE")
        assert caller.refused(caller.infer("loss", padding=1 << 16))[0] == "BUSY"
        assert caller.refused(caller.infer("wrong"))[0] == "MASK"
        caller.infer("info").result()
        contract.gate.set()
        for call in held:
            call.result()


def test_what_waits_is_joined() -> None:
    contract = FakeContract()
    with running(contract, queue=16, joined=4) as server:
        caller = Caller(server.port)
        first = caller.infer("loss_grad")
        assert contract.begun.acquire(timeout=SECONDS)
        waiting = []
        for op in ("loss_grad", "score", "loss_grad", "loss_grad", "loss_grad", "loss_grad"):
            waiting.append(caller.infer(op))
            server.wait_for(waiting=len(waiting), running=1)
        contract.gate.set()
        for call in (first, *waiting):
            call.result()
        assert contract.batches == [["loss_grad"], ["loss_grad"] * 4, ["score"], ["loss_grad"]]
        assert sorted(ended.joined for ended in server.ended) == [1, 1, 1, 4, 4, 4, 4]


def test_those_answered_together_are_awaited_and_one_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednano_gpu.desk._PATIENCE", 1e6)
    contract = FakeContract()
    with running(contract) as server:
        caller = Caller(server.port)
        first = caller.infer("loss")
        assert contract.begun.acquire(timeout=SECONDS)
        second = caller.infer("loss")
        server.wait_for(waiting=1, running=1)
        contract.gate.set()
        first.result()
        third = caller.infer("loss")  # two were there: the second does not begin alone
        second.result()
        third.result()
        assert contract.batches == [["loss"], ["loss", "loss"]]
    alone = FakeContract()
    alone.gate.set()
    with running(alone) as server:
        caller = Caller(server.port)
        for _ in range(3):
            caller.infer("loss").result()
        assert alone.batches == [["loss"]] * 3


@pytest.mark.parametrize(
    "failure,reason,code",
    [
        (MemoryError(), "OOM", "RESOURCE_EXHAUSTED"),
        (RuntimeError("CUDA out of memory. Tried to allocate 3 secrets"), "OOM", "RESOURCE_EXHAUSTED"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "OOM", "RESOURCE_EXHAUSTED"),
        (ValueError("secrets"), "INTERNAL", "INTERNAL"),
    ],
)
def test_a_failure_is_told_without_its_text_and_the_server_lives(failure, reason, code, caplog) -> None:
    contract = FakeContract(failure=failure)
    contract.gate.set()
    with caplog.at_level(logging.INFO), running(contract) as server:
        caller = Caller(server.port)
        call = caller.infer("loss")
        assert caller.refused(call) == (reason, code)
        assert "secrets" not in call.details()
        contract.failure = None
        caller.infer("loss").result()
    assert "secrets" not in caplog.text


def test_failed_requests_are_logged_as_json_without_tokens(caplog) -> None:
    with caplog.at_level(logging.INFO, "fednano_gpu.failures"), running(FakeContract(), **SECURED) as server:
        caller = Caller(server.port, token=f"Bearer {TOKEN}")
        caller.refused(caller.infer("wrong"))
        stranger = Caller(server.port, token="Bearer not-the-token")
        stranger.refused(stranger.infer("loss"))
    lines = [json.loads(record.message) for record in caplog.records if record.name == "fednano_gpu.failures"]
    assert [line["reason"] for line in lines] == ["MASK", "AUTH"]
    assert lines[0]["bytes"] > 0 and lines[0]["message"].startswith("A sample's mask")
    assert TOKEN not in caplog.text and "not-the-token" not in caplog.text


def test_starting_then_draining() -> None:
    contract = FakeContract()
    with running() as server:
        caller = Caller(server.port)
        assert caller.ask("ServerLive").live and not caller.ask("ServerReady").ready
        assert caller.refused(caller.infer("info")) == ("NOT_READY", "UNAVAILABLE")
        server.desk.open(contract)
        assert caller.ask("ServerReady").ready
        held = caller.infer("loss")
        assert contract.begun.acquire(timeout=SECONDS)
        drained = server.drain(SECONDS)
        server.wait(lambda: not server.desk.ready)
        assert not caller.ask("ServerReady").ready and not caller.ask("ModelReady", name=MODEL).ready
        assert caller.refused(caller.infer("loss"))[0] == "NOT_READY"
        contract.gate.set()
        held.result()
        assert drained.result(SECONDS)


def test_who_has_gone_is_not_computed() -> None:
    contract = FakeContract()
    with running(contract) as server:
        caller = Caller(server.port)
        first = caller.infer("loss")
        assert contract.begun.acquire(timeout=SECONDS)
        gone = caller.infer("score")
        server.wait_for(waiting=1, running=1)
        gone.cancel()
        server.wait_for(waiting=0, running=1)
        contract.gate.set()
        first.result()
        assert contract.batches == [["loss"]]
        # A call is let go when its answer has left, which may be after it has come.
        server.wait(lambda: server.desk.state() == {"waiting": 0, "running": 0, "held_bytes": 0})


def test_tls_and_mutual_tls(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    contract = FakeContract()
    contract.gate.set()
    with running(contract, tls=Tls(keys.server, keys.server_key)) as server:
        Caller(server.port, keys.credentials()).infer("loss").result()
        with pytest.raises(grpc.RpcError):
            Caller(server.port).infer("loss").result()
    with running(contract, tls=Tls(keys.server, keys.server_key, keys.authority)) as server:
        Caller(server.port, keys.credentials(client=True)).infer("loss").result()
        with pytest.raises(grpc.RpcError):
            Caller(server.port, keys.credentials()).infer("loss").result()


def test_bad_pem_files_are_named(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    with pytest.raises(UsageError, match=r"private key expected at .*nowhere\.pem: found no file"):
        Tls(keys.server, tmp_path / "nowhere.pem").check()
    for certificate, key in ((keys.server, keys.client_key), (keys.server_key, keys.server)):
        with pytest.raises(UsageError, match="expected PEM files with a certificate chain and its unencrypted"):
            Tls(certificate, key).check()


def test_a_taken_port_is_told() -> None:
    taken = "Is the port taken by another process"
    with running(FakeContract()) as server, pytest.raises(UsageError, match=taken), running(port=server.port):
        pass


def test_token_files(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    for content, told in (("\n \n", "must hold a bearer token"), ("fine\nnot fine", "Token 2 of"), ("ümlaut", "printable ASCII")):
        file.write_text(content, "utf-8")
        with pytest.raises(UsageError, match=told):
            BearerTokens.read(file)
    with pytest.raises(UsageError, match="found none that can be read"):
        BearerTokens.read(tmp_path / "nowhere")
    file.write_text("\nfirst\r\n  second  \n")
    tokens = BearerTokens.read(file)
    for token in ("first", "second"):
        tokens.require(f"Bearer {token}")


def test_ready_over_http() -> None:
    contract = FakeContract()
    with running() as server:
        for host in ("127.0.0.1", "::1"):
            address = f"http://{'[::1]' if ':' in host else host}:{Metrics(server.desk).serve(host, 0)}/ready"
            with pytest.raises(urllib.error.HTTPError, match="503"):
                urllib.request.urlopen(address, timeout=SECONDS)
        server.desk.open(contract)
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            assert answer.status == 200


def test_metrics() -> None:
    contract = FakeContract()
    contract.gate.set()
    with running(contract) as server:
        metrics = Metrics(server.desk)
        caller = Caller(server.port)
        caller.infer("loss", tokens=7).result()
        caller.refused(caller.infer("wrong"))
        for ended in server.ended:
            metrics.ended(ended)
        value = metrics.registry.get_sample_value
        assert value("fednano_endpoint_requests_total", {"op": "loss", "outcome": "ok", "reason": ""}) == 1
        assert value("fednano_endpoint_requests_total", {"op": "unread", "outcome": "failed", "reason": "MASK"}) == 1
        assert value("fednano_endpoint_tokens_total", {"kind": "padded"}) == 7
        assert value("fednano_endpoint_joined_count", {"op": "loss"}) == 1
        assert value("fednano_endpoint_waiting") == 0
        with pytest.raises(UsageError, match="Choose another port"):
            metrics.serve("127.0.0.1", server.port)


def test_half_sent_requests_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednano_gpu.metrics._LIMIT", 2.0)
    with running(FakeContract()) as server:
        port = Metrics(server.desk).serve("127.0.0.1", 0)
        before = threading.active_count()
        held = []
        for _ in range(200):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=SECONDS))
            held[-1].sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            assert answer.status == 200
        assert threading.active_count() - before <= 80
        for one in held:  # the eldest went for the others, and those when their time was over
            with suppress(ConnectionError), one:
                while one.recv(4096):
                    pass
