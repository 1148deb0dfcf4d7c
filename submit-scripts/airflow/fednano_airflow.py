"""FedNano's commands as Airflow tasks, for Airflow 2.10 and newer and Airflow 3.

Needs `apache-airflow-providers-apache-spark`. Put this file beside the DAG or anywhere on Python's path.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

try:
    from airflow.sdk import BaseOperator
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
    from airflow.models import BaseOperator

# Quorum not reached, endpoint unavailable; SIGKILL and SIGTERM as shells and as Python number them.
WORTH_A_RETRY = {4, 5, 137, 143, -signal.SIGKILL, -signal.SIGTERM}
RUN_HELD = 6
PR_SET_PDEATHSIG = 1  # Linux, prctl(2)
SECONDS_TO_STOP = 15  # a call that gets a SIGTERM leaves its word within eight


def judge(status: int, what: str) -> None:
    """Turns an exit status of FedNano into Airflow's outcome of a task.

    Returns for 0. Skips for 6, fails in a way that Airflow retries for 4, 5 and a signal, and for good for all others.
    """
    if status == 0:
        return
    message = f"{what}: status {status}"
    if status == RUN_HELD:
        raise AirflowSkipException(f"{message}: another call holds the run")
    if status in WORTH_A_RETRY:
        raise AirflowException(f"{message}: worth a retry")
    raise AirflowFailException(f"{message}: a retry changes nothing; the lines above say what to change")


def last_call(run_dir: str) -> dict[str, Any]:
    """How the last call of `train` or `round` on a run ended; empty if there was none or the folder is not mounted here."""
    path = Path(run_dir) / "last.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def version_of(folder: str) -> str:
    """Twelve hexadecimal digits that change when a file below the folder comes, goes or changes its size or time."""
    root = Path(folder)
    if not root.is_dir():
        raise AirflowFailException(f"Expected a folder with raw data: found none at '{folder}'. Set the param 'data'.")
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(root)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


class FedNanoOperator(BaseOperator):
    """One command of FedNano as a task.

    With `connection`, the name of a Spark connection, it is submitted through the hook of `SparkSubmitOperator`; the line
    is the one that `fednano --print` shows. With an empty one the entry script runs on this worker. The JVM ends with its task.

    :param command: a command, such as `round`
    :param home: folder of the installation
    :param settings_file: file for `--conf`, relative to `home` or absolute
    :param sets: settings over that file
    :param options: more words of the command, such as `--out DIR`
    :param creates: output that the command never overwrites: where it is there, the task is done without a call
    :param number: what tells mapped tasks apart; nothing else depends on it
    :return: for a call on a run (`sets` has `run.dir`): what its `last.json` says, such as `last_round` and `accuracy`
    """

    template_fields: Sequence[str] = ("command", "home", "settings_file", "sets", "options", "creates", "connection")
    template_fields_renderers = {"sets": "json"}
    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        command: str,
        home: str,
        settings_file: str,
        sets: Mapping[str, str] | str,
        options: Sequence[str] = (),
        creates: str = "",
        connection: str = "",
        number: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.home = home
        self.settings_file = settings_file
        self.sets = sets
        self.options = options
        self.creates = creates
        self.connection = connection
        self.number = number
        self._process: subprocess.Popen[str] | None = None
        self._hook: SparkSubmitHook | None = None

    def execute(self, context: Any) -> dict[str, Any] | None:
        if self.creates and Path(self.creates).exists():
            self.log.info("%s is there: not made again", self.creates)
            return None
        if not isinstance(self.sets, Mapping):
            raise AirflowFailException(
                f"Expected a map of settings: found '{self.sets}'. Give a map, or set render_template_as_native_obj in the DAG."
            )
        run_dir = self.sets.get("run.dir", "")
        before = last_call(run_dir).get("ended_at")
        if self.connection:
            self._submit()
        else:
            judge(self._call(self._words(), self.log.info), f"fednano {self.command}")
        last = last_call(run_dir)
        if last.get("ended_at") == before:
            return None
        judge(last["exit_code"], last["message"])  # deploy modes that lose exit codes
        return last

    def on_kill(self) -> None:
        if self._hook is not None:
            self._hook.on_kill()
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _words(self) -> list[str]:
        sets = [word for key, value in dict(self.sets).items() for word in ("--set", f"{key}={value}")]
        return [self.command, "--conf", self.settings_file, *sets, *self.options]

    def _call(self, words: list[str], tell: Callable[[str], None]) -> int:
        """Runs the entry script in a process group of its own and passes on its lines as they come; answers its status."""
        script = Path(self.home) / "submit-scripts" / "fednano"
        if not script.is_file():
            raise AirflowFailException(f"Expected FedNano's entry script: found none at '{script}'. Set the param 'home'.")
        self._process = subprocess.Popen(
            [str(script), *words],
            cwd=self.home,
            env={**os.environ, "FEDNANO_BUILD": "never"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            tell(line.rstrip())
        return self._process.wait()

    def _submit(self) -> None:
        """Submits the line that the entry script prints to the cluster that the connection names."""
        lines: list[str] = []
        judge(self._call(["--print", *self._words()], lines.append), "fednano --print")
        words = shlex.split(lines[-1])[1:]
        options: dict[str, str] = {}
        while words[0].startswith("--"):
            options[words[0]], words = words[1], words[2:]
        self._hook = SparkSubmitHook(
            conn_id=self.connection,
            name=options["--name"],
            java_class=options["--class"],
            jars=options["--jars"],
            driver_memory=options["--driver-memory"],
            properties_file=options.get("--properties-file"),
            conf={"spark.driver.extraJavaOptions": options["--driver-java-options"]},
            application_args=words[1:],
        )
        try:
            self._hook.submit(words[0])
        except AirflowException as e:
            status = re.search(r"Error code is: (-?\d+)", str(e))
            if status:
                judge(int(status[1]), f"fednano {self.command}")
            raise


def _end_with_parent() -> None:
    """A task that is killed outright cannot stop its JVM: the kernel tells the script, which tells the JVM."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
