"""Example DAG for Airflow 2: one round of a FedNano run per DAG run, until all rounds are committed.

Copy it to your DAGs folder and set the three constants. Why one round per DAG run: a round is the unit that is
committed whole or not at all, so a task that is killed, retried or moved to another worker loses one round at most.

`fednano round` commits at most one more round and says in RUN/last.json how it ended. The DAG reads that file instead
of the exit code, because exit codes are lost in some deploy modes. Only one DAG run is active at a time: a run folder
has one writer (a second one would stop with status 6).
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from airflow import DAG
from airflow.exceptions import AirflowFailException
from airflow.operators.bash import BashOperator
from airflow.operators.python import ShortCircuitOperator

FEDNANO_HOME = "/opt/fednano"
SETTINGS = "conf/runs/shared.conf"  # relative to FEDNANO_HOME
RUN_DIR = f"{FEDNANO_HOME}/work/shared/run"  # run.dir of those settings, on a disk that workers share

# Statuses after which the same call may succeed: quorum not reached, endpoint unavailable. All others need a person.
WORTH_A_RETRY = {4, 5}


def last_call() -> dict:
    """How the last call on the run ended; empty if there was none."""
    path = Path(RUN_DIR) / "last.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def one_round() -> bool:
    """Calls `fednano round` and turns its status into Airflow's.

    Returns whether all rounds are committed. Raises for a retry where one may help, and fails for good where not.
    """
    before = last_call().get("ended_at")
    ended = subprocess.run(["bash", "-c", fednano("round")], check=False, env={**os.environ, "FEDNANO_BUILD": "never"})
    if ended.returncode == 6:  # it leaves last.json to the call that holds the run
        raise AirflowFailException("status 6: another call holds the run")
    last = last_call()
    if last.get("ended_at") == before:
        raise RuntimeError(f"fednano round left no new {RUN_DIR}/last.json: killed, or refused to start (see the log)")
    if last["exit_code"] in WORTH_A_RETRY:
        raise RuntimeError(f"status {last['exit_code']}: {last['message']}")
    if last["exit_code"] != 0:
        raise AirflowFailException(f"status {last['exit_code']}: {last['message']}")
    return last["message"] == "nothing to do"


def fednano(command: str) -> str:
    """One call of the entry point. It goes through spark-submit; `fednano --print COMMAND` shows the line."""
    return f"cd {FEDNANO_HOME} && submit-scripts/fednano {command} --conf {SETTINGS}"


with DAG(
    dag_id="fednano_rounds",
    description="One FedNano round per DAG run",
    start_date=datetime(2026, 1, 1),
    schedule=timedelta(minutes=30),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["fednano"],
) as dag:
    train_one_round = ShortCircuitOperator(
        task_id="round",
        python_callable=one_round,  # False until all rounds are committed: then the report is skipped
    )
    report = BashOperator(
        task_id="report",
        bash_command=fednano("report"),
        env={"FEDNANO_BUILD": "never"},
        append_env=True,
    )
    train_one_round >> report
