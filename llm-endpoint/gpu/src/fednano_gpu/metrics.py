"""A server's figures for Prometheus, under the names that ``fednano endpoint serve`` uses for the same things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily

from fednano_gpu.desk import Desk, Ended
from fednano_gpu.usage import UsageError

_PREFIX = "fednano_endpoint_"

# From a table look-up of a tiny model to the longest call that a client waits for.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)


class Metrics:
    """Counts requests; the gauges show what a desk holds."""

    def __init__(self, desk: Desk) -> None:
        self.registry = CollectorRegistry()
        self._desk = desk
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
        }
        for name, value in self._desk.state().items():
            yield GaugeMetricFamily(_PREFIX + name, helps[name], value=value)

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
        """Offers the figures over HTTP at /metrics; returns the port. Raises UsageError."""
        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as failure:
            raise UsageError(
                f"Cannot serve metrics on {host}:{port}: {failure.strerror}. "
                "Choose another port (0: any free one) or -1 for none."
            ) from None
        return int(server.server_port)

    def _counter(self, name: str, text: str, *labels: str) -> Any:
        return Counter(_PREFIX + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: tuple[float, ...]) -> Any:
        return Histogram(_PREFIX + name, text, ("op",), buckets=bounds, registry=self.registry)
