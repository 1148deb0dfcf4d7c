"""A server's figures for Prometheus, under the names that ``fednano endpoint serve`` uses for the same things."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Histogram, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily

from fednano_gpu.desk import Desk, Ended
from fednano_gpu.store import FIGURES, FeatureStore
from fednano_gpu.usage import UsageError

PREFIX = "fednano_endpoint_"

# From a table look-up of a tiny model to the longest call that a client waits for.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)

# Of one connection, from its first moment to the last byte of its answer.
_LIMIT = 10.0

# At a time; of more the eldest goes, so that the next one is answered however many are held open.
_MOST_CONNECTIONS = 64


class Metrics:
    """Counts requests; the gauges show what a desk holds, and a store of features if there is one."""

    def __init__(self, desk: Desk, store: FeatureStore | None = None) -> None:
        self.registry = CollectorRegistry()
        self._desk = desk
        self._store = store
        self._requests = self._counter("requests", "Requests by operation and outcome.", "op", "outcome", "reason")
        self._tokens = self._counter("tokens", "Tokens computed, padding counted.", "kind")
        self._bytes = self._counter("bytes", "Bytes of messages.", "direction")
        self._queue = self._histogram("queue_seconds", "Wait of a request for the worker.", _SECONDS)
        self._compute = self._histogram("compute_seconds", "Time of a request's batch in the LLM.", _SECONDS)
        self._joined = self._histogram("joined", "Requests that were computed together.", (1, 2, 3, 4, 6, 8, 12, 16, 32))
        self.registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, as Prometheus asks for them."""
        helps = {
            "waiting": "Requests in the queue.",
            "running": "Requests being computed.",
            "held_bytes": "Bytes of the messages that are held.",
            **FIGURES,
        }
        features = {} if self._store is None else self._store.figures()
        for name, value in (self._desk.state() | features).items():
            yield GaugeMetricFamily(PREFIX + name, helps[name], value=value)

    def ended(self, call: Ended) -> None:
        """Counts one request."""
        self._requests.labels(call.op, call.outcome, call.reason).inc()
        self._bytes.labels("in").inc(call.request_bytes)
        self._bytes.labels("out").inc(call.response_bytes)
        if call.joined:
            self._tokens.labels("padded").inc(call.tokens)
            self._queue.labels(call.op).observe(call.queue_seconds)
            self._compute.labels(call.op).observe(call.compute_seconds)
            self._joined.labels(call.op).observe(call.joined)

    def serve(self, host: str, port: int) -> int:
        """Offers the figures over HTTP at /metrics, and at /ready status 200 or 503; returns the port. Raises UsageError."""
        try:
            server = make_server(host, port, self._answer, _server(host), _Quiet)
        except OSError as failure:
            raise UsageError(
                f"Cannot serve metrics on {host}:{port}: {failure.strerror}. "
                "Choose another port (0: any free one) or -1 for none."
            ) from None
        threading.Thread(target=server.serve_forever, name="fednano-metrics", daemon=True).start()
        return int(server.server_port)

    def _answer(self, asked: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if asked.get("PATH_INFO") != "/ready":
            page: Iterable[bytes] = make_wsgi_app(self.registry)(asked, start)
            return page
        ready = self._desk.ready
        start("200 OK" if ready else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"ready\n" if ready else b"not ready\n"]

    def _counter(self, name: str, text: str, *labels: str) -> Any:
        return Counter(PREFIX + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...]) -> Any:
        return Histogram(PREFIX + name, text, ("op",), buckets=bounds, registry=self.registry)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """A scrape every few seconds is no news."""


def _server(host: str) -> type[WSGIServer]:
    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True
        request_queue_size = _MOST_CONNECTIONS
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def server_activate(self) -> None:
            super().server_activate()
            self._open: deque[tuple[float, Any]] = deque()

        def process_request(self, request: Any, client_address: Any) -> None:
            self._open = deque(one for one in self._open if one[1].fileno() >= 0)
            if len(self._open) == _MOST_CONNECTIONS:
                _hang_up(self._open.popleft()[1])
            self._open.append((time.monotonic() + _LIMIT, request))
            super().process_request(request, client_address)

        def service_actions(self) -> None:
            """Called twice a second."""
            super().service_actions()
            while self._open and self._open[0][0] < time.monotonic():
                _hang_up(self._open.popleft()[1])

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A caller that went away is no news either."""

    return Server


def _hang_up(request: Any) -> None:
    with suppress(OSError):  # it has ended by itself
        request.shutdown(socket.SHUT_RDWR)
