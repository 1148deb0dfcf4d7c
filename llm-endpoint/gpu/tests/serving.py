"""A server under test on a free port, with a fake contract behind it, and a caller without a real client's rules."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from fednano_gpu import oip
from fednano_gpu.desk import Desk, Ended
from fednano_gpu.metadata import metadata
from fednano_gpu.reading import Refusal, Tensor
from fednano_gpu.server import Options, Server

MODEL = "frozen_llm"
SECONDS = 30


def text(name: str, value: str) -> Tensor:
    raw = value.encode()
    return Tensor(name, "BYTES", (1,), len(raw).to_bytes(4, "little") + raw)


@dataclass
class FakeRequest:
    op: str
    tokens: int

    @property
    def asked(self) -> str:
        return self.op

    @property
    def at_once(self) -> bool:
        return self.op == "info"

    def held_bytes(self, size: int) -> int:
        return size


@dataclass
class FakeContract:
    """Answers every operation with its name; ``gate`` holds computing back, ``failure`` is raised instead."""

    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    batches: list[list[str]] = field(default_factory=list)
    failure: BaseException | None = None
    reply: bytes = b""

    def metadata(self) -> Any:
        return metadata(MODEL, "FP32", 4)

    def require_bytes(self, size: int) -> None: ...

    def read(self, inputs: Sequence[Tensor], wanted: Sequence[str]) -> FakeRequest:
        ctl = json.loads(inputs[0].data[4:])
        if ctl["op"] == "wrong":
            raise Refusal("MASK", "A sample's mask: expected ones, then zeros, got something else")
        return FakeRequest(ctl["op"], ctl.get("tokens", 1))

    def answer(self, requests: Sequence[FakeRequest]) -> list[list[Tensor] | Refusal]:
        if requests[0].op != "info":
            self.batches.append([request.op for request in requests])
            self.begun.release()
            assert self.gate.wait(SECONDS)
            if self.failure is not None:
                raise self.failure
        return [[text("out", request.op), Tensor("more", "FP32", (len(self.reply) // 4,), self.reply)] for request in requests]


class Caller:
    """Sends messages as bytes, and any number of them."""

    def __init__(self, port: int, credentials: grpc.ChannelCredentials | None = None, token: str | None = None) -> None:
        address, limits = f"localhost:{port}", [("grpc.max_receive_message_length", -1)]
        self.channel = (
            grpc.secure_channel(address, credentials, limits) if credentials else grpc.insecure_channel(address, limits)
        )
        self.headers = [("authorization", token)] if token else []

    def send(self, method: str, *messages: bytes) -> Any:
        path = method if method.startswith("/") else f"/{oip.SERVICE}/{method}"
        return self.channel.stream_unary(path).future(iter(messages), timeout=SECONDS, metadata=self.headers)

    def ask(self, method: str, **fields: Any) -> Any:
        question = oip.MESSAGES[f"{method}Request"](**fields).SerializeToString()
        return oip.MESSAGES[f"{method}Response"].FromString(self.send(method, question).result())

    def ask_raw(self, message: bytes) -> Any:
        return oip.MESSAGES["ModelInferResponse"].FromString(self.send("ModelInfer", message).result())

    def infer(self, op: str, **more: Any) -> Any:
        return self.send("ModelInfer", infer(op, **more))

    def refused(self, call: Any) -> tuple[str, str]:
        """Reason and gRPC code."""
        try:
            call.result()
        except grpc.RpcError as refused:
            assert refused.details().startswith("LLMGRAD:"), refused.details()
            return refused.details().split(" ")[0][8:], refused.code().name
        raise AssertionError("it was answered")


def infer(op: str, model: str = MODEL, padding: int = 0, **more: Any) -> bytes:
    message = oip.MESSAGES["ModelInferRequest"](model_name=model)
    for tensor in (text("ctl", json.dumps({"op": op, **more})), Tensor("embeds", "FP32", (padding,), bytes(4 * padding))):
        message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        message.raw_input_contents.append(tensor.data)
    return bytes(message.SerializeToString())


@dataclass
class Running:
    port: int
    desk: Desk
    ended: list[Ended]
    loop: asyncio.AbstractEventLoop
    server: Server

    def wait(self, holds: Callable[[], bool]) -> None:
        """Until the desk is in a state."""
        with self.desk._changed:
            assert self.desk._changed.wait_for(holds, SECONDS)

    def wait_for(self, waiting: int, running: int) -> None:
        self.wait(lambda: (len(self.desk._waiting), self.desk._running) == (waiting, running))

    def drain(self, wait: float) -> Any:
        return asyncio.run_coroutine_threadsafe(self.server.drain(wait), self.loop)


@contextmanager
def running(
    contract: Any = None, queue: int = 8, message_bytes: int = 1 << 20, joined: int = 100, port: int = 0, **more: Any
) -> Iterator[Running]:
    desk = Desk(queue, 1 << 30, joined)
    if contract is not None:
        desk.open(contract)
    ended: list[Ended] = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[Server, int]:
        server = Server(Options("localhost", port, MODEL, message_bytes, queue, **more), desk, ended.append)
        return server, await server.start()

    server, found = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
    try:
        yield Running(found, desk, ended, loop, server)
    finally:
        if contract is not None:
            contract.gate.set()
        asyncio.run_coroutine_threadsafe(server.drain(SECONDS), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
