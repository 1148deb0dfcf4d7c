"""What every server shares: which requests are taken in, and the one thread that computes them.

Whoever waits while a batch is computed is joined into the next one. Those who were answered together ask again together: the
first of them to come back waits for the others, but no longer than a tenth of the time that their batch took, so that the next
one is not made of one request. A client alone waits for nobody.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fednano_gpu.reading import Refusal, Request, Tensor

if TYPE_CHECKING:  # it needs PyTorch, which takes seconds to import
    from fednano_gpu.contract import Contract

LOG = logging.getLogger(__name__)

_PATIENCE = 0.1  # of the last batch's time

Answer = list[Tensor] | Refusal

# PyTorch's and the allocators' words for no memory.
_NO_MEMORY = re.compile("out of memory|not enough memory|can't allocate memory|cannot allocate memory|bad_alloc", re.I)


def refusal(failure: BaseException) -> Refusal:
    """What a caller is told of a failure. Foreign messages stay inside: they may quote a caller's values."""
    if isinstance(failure, Refusal):
        return failure
    if isinstance(failure, MemoryError) or _NO_MEMORY.search(str(failure)):
        told = Refusal("OOM", "The request did not fit the server's memory")
    else:
        told = Refusal("INTERNAL", f"The server failed ({type(failure).__name__}); its log says more")
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(failure.__traceback__)[-12:]]
    LOG.warning("a request failed in the server: %s at %s", type(failure).__name__, " > ".join(frames))
    return told


@dataclass
class Ended:
    """What became of one request."""

    op: str = "unread"
    outcome: str = "ok"  # ok, failed, left
    reason: str = ""
    message: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    tokens: int = 0
    queue_seconds: float = 0.0
    compute_seconds: float = 0.0
    joined: int = 0


@dataclass(eq=False)
class Job:
    """A request that waits for the worker, or is computed."""

    request: Request
    size: int
    answered: Callable[[Answer], None]
    ended: Ended
    queued: float = field(default_factory=time.perf_counter)


class Desk:
    """Takes requests in from any thread and answers each once."""

    def __init__(self, queue: int, queue_bytes: int, tokens: int) -> None:
        """``queue`` requests and ``queue_bytes`` bytes wait or run at most; ``tokens`` are joined at most."""
        self._most, self._most_bytes, self._most_tokens = queue, queue_bytes, tokens
        self._contract: Contract | None = None
        self._waiting: deque[Job] = deque()
        self._running = 0
        self._bytes = 0
        self._closed = False
        self._expected = 1
        self._patience = 0.0
        self._changed = threading.Condition()
        self._worker = threading.Thread(target=self._work, name="fednano-worker", daemon=True)

    def open(self, contract: Contract) -> None:
        """Takes requests from now on."""
        self._contract = contract
        self._worker.start()

    @property
    def ready(self) -> bool:
        return self._contract is not None and not self._closed

    def contract(self) -> Contract:
        """Raises Refusal NOT_READY."""
        if self._closed:
            raise Refusal("NOT_READY", "The server is shutting down and takes no new requests")
        if self._contract is None:
            raise Refusal("NOT_READY", "The server is starting and takes no requests yet")
        return self._contract

    def state(self) -> dict[str, int]:
        """What is held now."""
        with self._changed:
            return {"waiting": len(self._waiting), "running": self._running, "held_bytes": self._bytes}

    def require_room(self, size: int) -> None:
        """Raises Refusal BUSY if a request of that many bytes would not be taken in."""
        with self._changed:
            self._require_room(size)

    def _require_room(self, size: int) -> None:
        held = len(self._waiting) + self._running
        if held >= self._most:
            raise Refusal("BUSY", f"The queue is full: requests that wait or run: expected at most {self._most}, got {held + 1}")
        # A request larger than the whole bound must still get through some time: it has the server for itself.
        if held and self._bytes + size > self._most_bytes:
            raise Refusal(
                "BUSY",
                f"The queue is full: bytes of requests that wait or run: expected at most {self._most_bytes}, "
                f"got {self._bytes + size}",
            )

    def ask(
        self,
        inputs: Sequence[Tensor],
        wanted: Sequence[str],
        size: int,
        ended: Ended,
        answered: Callable[[Answer], None],
    ) -> Job | None:
        """Checks a request and puts it in the queue. ``info``, what is asked of the store and
        wrong ones are answered at once, however long the queue."""
        try:
            contract = self.contract()
            request = contract.read(inputs, wanted)
            ended.op = request.asked
            if request.at_once:
                answered(contract.answer([request])[0])
                return None
            size = request.held_bytes(size)
            job = Job(request, size, answered, ended)
            with self._changed:
                self.contract()  # once more: it may have been closed since
                self._require_room(size)
                self._waiting.append(job)
                self._bytes += size
                self._changed.notify_all()
            return job
        except Exception as failure:
            answered(refusal(failure))
            return None

    def forget(self, job: Job) -> None:
        """Takes a request whose caller has gone out of the queue, if it is not being computed yet."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                self._leave([job])

    def close(self, wait: float) -> bool:
        """Takes nothing in from now on, and waits until nothing is held and the worker has ended. Returns whether in time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: not self._waiting and not self._running, wait):
                return False
        if self._worker.is_alive():
            self._worker.join(wait)
        return True

    def _leave(self, jobs: Sequence[Job]) -> None:
        self._bytes -= sum(job.size for job in jobs)
        self._changed.notify_all()

    def _take(self) -> list[Job]:
        """The request that waits longest, and all others of its operation that fit one batch with it; none if all are gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(self._gathered, self._patience)
            if not self._waiting:  # the end, or its caller has gone
                return []
            first = self._waiting.popleft()
            jobs, tokens, others = [first], first.request.tokens, deque[Job]()
            for job in self._waiting:
                if job.request.op == first.request.op and tokens + job.request.tokens <= self._most_tokens:
                    jobs.append(job)
                    tokens += job.request.tokens
                else:
                    others.append(job)
            self._waiting = others
            self._running = len(jobs)
            self._changed.notify_all()
            return jobs

    def _gathered(self) -> bool:
        tokens = sum(job.request.tokens for job in self._waiting)
        return self._closed or len(self._waiting) >= self._expected or tokens >= self._most_tokens

    def _work(self) -> None:
        while not self._closed or self._waiting:
            jobs = self._take()
            if not jobs:
                continue
            begin = time.perf_counter()
            answers: Sequence[Answer]
            try:
                assert self._contract is not None
                answers = self._contract.answer([job.request for job in jobs])
                if len(answers) != len(jobs):
                    raise AssertionError("one answer for each request")
            except Exception as failure:
                answers = [refusal(failure)] * len(jobs)
            seconds = time.perf_counter() - begin
            for job, answer in zip(jobs, answers, strict=False):
                job.ended.tokens = job.request.tokens
                job.ended.queue_seconds = begin - job.queued
                job.ended.compute_seconds = seconds
                job.ended.joined = len(jobs)
                _tell(job, answer)
            with self._changed:
                self._running = 0
                self._expected, self._patience = len(jobs) + len(self._waiting), _PATIENCE * seconds
                self._leave(jobs)


def _tell(job: Job, answer: Answer) -> None:
    try:
        job.answered(answer)
    except Exception as failure:  # a caller's connection must not end the worker
        LOG.warning("an answer could not be handed over: %s", type(failure).__name__)


def failure_line(ended: Ended) -> dict[str, Any]:
    """A failed request for the log: neither values nor tokens are in it."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "op": ended.op,
        "reason": ended.reason,
        "message": ended.message,
        "bytes": ended.request_bytes,
        "queue_seconds": round(ended.queue_seconds, 6),
        "compute_seconds": round(ended.compute_seconds, 6),
    }
