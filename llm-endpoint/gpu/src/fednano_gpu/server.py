"""The contract over gRPC: needs grpcio and nothing of a serving framework.

One event loop takes calls in, a few readers unpack and check messages, one worker computes. Every method gets its messages
as bytes: so the token is looked at before any of a call's body, and bytes are counted before they are unpacked.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import grpc
from grpc import aio

from fednano_gpu import oip
from fednano_gpu.desk import Answer, Desk, Ended, failure_line, refusal
from fednano_gpu.metadata import CONTRACT
from fednano_gpu.options import address as url_address
from fednano_gpu.reading import Refusal
from fednano_gpu.tls import Tls
from fednano_gpu.tokens import BearerTokens
from fednano_gpu.usage import UsageError

FAILURES = logging.getLogger("fednano_gpu.failures")

# What a call may wait for beyond the queue: questions, info, requests that are being read.
_SPARE_CALLS = 64
_READERS = 4

# A message that is too large by no more than this is refused in the contract's words, beyond it in gRPC's own.
_SLACK = 64 << 20
_FLOW_WINDOW = 64 << 20

# Clients ping every five minutes; gRPC cuts off those that come sooner than this.
_PING_MS = 240_000

# A status travels in HTTP/2 headers, of which a client takes 8 KiB in all.
_LONGEST = 1000

_OPEN_TO_ALL = ("ServerLive", "ServerReady")

Handler = Callable[[AsyncIterator[bytes], Any], Awaitable[bytes]]


@dataclass(frozen=True)
class Options:
    """How to serve; without ``tls`` in clear, without ``tokens`` to all."""

    host: str
    port: int
    model_name: str
    message_bytes: int
    queue: int
    tls: Tls | None = None
    tokens: BearerTokens | None = None


class Service(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The protocol's six methods, and a refusal for every other one."""

    def __init__(self, options: Options, desk: Desk, ended: Callable[[Ended], None]) -> None:
        self._options = options
        self._desk = desk
        self._ended = ended
        self._open_calls = 0
        self._readers = ThreadPoolExecutor(_READERS, "fednano-reader")
        self._questions: dict[str, Callable[[Any], bytes]] = {
            "ServerLive": lambda question: _packed("ServerLiveResponse", live=True),
            "ServerReady": lambda question: _packed("ServerReadyResponse", ready=self._desk.ready),
            "ServerMetadata": lambda question: _packed(
                "ServerMetadataResponse", name="fednano", version=_version(), extensions=[CONTRACT]
            ),
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """The handler of a call, chosen by its headers alone: a refused call's message is never read."""
        service, _, method = details.method.lstrip("/").rpartition("/")
        try:
            if service != oip.SERVICE or method not in (*self._questions, "ModelInfer"):
                raise Refusal("UNKNOWN_OP", f"The method must be one of {oip.SERVICE}'s six")
            if self._options.tokens and method not in _OPEN_TO_ALL:
                self._options.tokens.require(dict(details.invocation_metadata).get("authorization"))
            if method != "ModelInfer":
                return self._handler(self._question(method))
            self._desk.contract()
            if self._open_calls >= self._options.queue + _SPARE_CALLS:
                raise Refusal("BUSY", f"Open calls: expected at most {self._options.queue + _SPARE_CALLS}, got one more")
            return self._handler(self._infer)
        except Refusal as refused:
            if method == "ModelInfer":
                self._tell(Ended(), refused)
            return self._handler(self._refuse(refused))

    @staticmethod
    def _handler(handler: Handler) -> grpc.RpcMethodHandler:
        # As a stream of requests: for a unary method the library itself would read the message first.
        return grpc.stream_unary_rpc_method_handler(handler)

    @staticmethod
    def _refuse(refused: Refusal) -> Handler:
        async def handler(messages: AsyncIterator[bytes], context: Any) -> bytes:
            await _abort(context, refused)
            return b""

        return handler

    def _question(self, method: str) -> Handler:
        async def handler(messages: AsyncIterator[bytes], context: Any) -> bytes:
            try:
                if method in _OPEN_TO_ALL:  # these questions are empty, and no stranger's bytes are taken in
                    return self._questions[method](None)
                return self._questions[method](oip.parse(f"{method}Request", await _one(messages)))
            except Exception as failure:
                await _abort(context, refusal(failure))
                return b""

        return handler

    def _model_ready(self, question: Any) -> bytes:
        self._require_model(question.name)
        return _packed("ModelReadyResponse", ready=self._desk.ready)

    def _model_metadata(self, question: Any) -> bytes:
        self._require_model(question.name)
        return oip.model_metadata(self._desk.contract().metadata(), CONTRACT)

    def _require_model(self, name: str) -> None:
        if name != self._options.model_name:
            # The asked name is the caller's text: not repeated.
            raise Refusal(
                "NO_MODEL", f"The model's name: expected {self._options.model_name}, got another of {len(name)} characters"
            )

    async def _infer(self, messages: AsyncIterator[bytes], context: Any) -> bytes:
        ended = Ended()
        self._open_calls += 1
        try:
            answer = await self._answer(messages, ended)
            ended.response_bytes = len(answer)
            self._tell(ended, None)
            return answer
        except asyncio.CancelledError:
            ended.outcome = "left"
            self._ended(ended)
            raise
        except Exception as failure:
            refused = refusal(failure)
            self._tell(ended, refused)
            await _abort(context, refused)
            return b""
        finally:
            self._open_calls -= 1

    async def _answer(self, messages: AsyncIterator[bytes], ended: Ended) -> bytes:
        message = await _one(messages)
        ended.request_bytes = len(message)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()

        def take(found: Answer) -> None:
            if not answer.done():  # its caller may have gone
                answer.set_result(found)

        def answered(found: Answer) -> None:
            loop.call_soon_threadsafe(take, found)

        job = await loop.run_in_executor(self._readers, self._read, message, ended, answered)
        del message  # now it is tensors
        try:
            found = await answer
        except asyncio.CancelledError:
            if job is not None:
                self._desk.forget(job)
            raise
        if isinstance(found, Refusal):
            raise found
        packed = await loop.run_in_executor(self._readers, oip.response, self._options.model_name, found)
        self._require_bytes(len(packed), "The answer's bytes")
        return packed

    def _read(self, message: bytes, ended: Ended, answered: Callable[[Answer], None]) -> Any:
        self._require_bytes(len(message), "A message's bytes")
        if len(message) > 1 << 16:  # no smaller one is worth a refusal before it is known whether it asks for info
            self._desk.require_room(len(message))
        parsed = oip.parse("ModelInferRequest", message)
        self._require_model(parsed.model_name)
        inputs, wanted = oip.request(parsed)
        return self._desk.ask(inputs, wanted, len(message), ended, answered)

    def _require_bytes(self, size: int, what: str) -> None:
        most = self._options.message_bytes
        if size > most:
            raise Refusal("TOO_LARGE", f"{what}: expected at most {most}, got {size}")

    def _tell(self, ended: Ended, refused: Refusal | None) -> None:
        if refused is not None:
            ended.outcome, ended.reason, ended.message = "failed", refused.reason, refused.message
            FAILURES.info(json.dumps(failure_line(ended)))
        self._ended(ended)


async def _one(messages: AsyncIterator[bytes]) -> bytes:
    found: bytes | None = None
    async for message in messages:
        if found is not None:
            raise Refusal("BAD_REQUEST", "A call's messages: expected 1, got more")
        found = message
    if found is None:
        raise Refusal("BAD_REQUEST", "A call's messages: expected 1, got 0")
    return found


async def _abort(context: Any, refused: Refusal) -> None:
    await context.abort(getattr(grpc.StatusCode, refused.grpc_code), str(refused)[:_LONGEST])


def _packed(kind: str, **fields: Any) -> bytes:
    return bytes(oip.MESSAGES[kind](**fields).SerializeToString())


def _version() -> str:
    try:
        return version("fednano-gpu")
    except PackageNotFoundError:
        return "dev"


class Server:
    """A service on the network. All methods belong to one event loop."""

    def __init__(self, options: Options, desk: Desk, ended: Callable[[Ended], None]) -> None:
        self._options = options
        self._desk = desk
        most = min(options.message_bytes + _SLACK, (1 << 31) - 1)
        self._server = aio.server(
            handlers=[Service(options, desk, ended)],
            options=[
                ("grpc.max_receive_message_length", most),
                ("grpc.max_send_message_length", most),
                ("grpc.http2.lookahead_bytes", _FLOW_WINDOW),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", _PING_MS),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.so_reuseport", 0),  # else two servers share a port and nobody notices
            ],
        )

    async def start(self) -> int:
        """Listens; returns the port. Raises UsageError."""
        address = url_address(self._options.host, self._options.port)
        try:
            if self._options.tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, self._options.tls.credentials())
        except RuntimeError:
            port = 0
        if port == 0:
            raise UsageError(
                f"Cannot listen on {address}. Is the port taken by another process, or the host not this machine's? "
                "Choose another one; port 0 takes any free one."
            )
        await self._server.start()
        return int(port)

    async def drain(self, wait: float) -> bool:
        """Takes no new requests (ServerReady is false), lets what waits or runs finish; returns whether it did in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        idle = await loop.run_in_executor(None, self._desk.close, wait)
        # What is computed must also leave.
        await self.stop(max(0.0, end - loop.time()))
        return idle

    async def stop(self, wait: float) -> None:
        """Listens no more; calls under way may last that many seconds."""
        await self._server.stop(wait)
