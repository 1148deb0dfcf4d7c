"""Federated tuning as a DAG, for Airflow 2.10 and newer and Airflow 3: prepare, rounds, evaluate, report, export.

Copy it and `fednano_airflow.py` to the DAGs folder; `home`, `data` and the rest are params with a schema. Raw data that
changed get a folder of their own under `work`, named after their version, with shards, run, metrics, report and adapter.
A DAG run over data that are done already is skipped without starting a JVM, so the DAG may be scheduled: it waits for data.

Why a task per round: a round is committed whole or not at all, so a task that is killed, retried or moved to another worker
loses one round at most, and the retry ends with the bytes of an undisturbed run. One DAG run is active at a time, and
one round in it: a run folder has one writer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fednano_airflow import FedNanoOperator, last_call, version_of

try:
    from airflow.sdk import DAG, Param, task
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task
    from airflow.exceptions import AirflowSkipException
    from airflow.models.param import Param

SCHEDULE: Any = None  # when to look for new data, such as "@hourly"; None: only when triggered

PARAMS = {
    "home": Param("/opt/fednano", type="string", pattern="^/", description="Installation of FedNano on the workers"),
    "settings": Param("conf/runs/shared.conf", type="string", minLength=1, description="Settings file, below home"),
    "data": Param("/data/fednano/raw", type="string", pattern="^/", description="Raw data, as `prepare` reads them"),
    "work": Param("/data/fednano/work", type="string", pattern="^/", description="Results, on a disk that workers share"),
    "rounds": Param(10, type="integer", minimum=1, maximum=1000, description="Rounds to commit"),
    "sets": Param(
        {},
        type="object",
        additionalProperties={"type": "string"},
        description="More settings over the file, as texts, such as run.strategy: fedavg",
    ),
    "connection": Param("", type="string", description="Spark connection of a cluster; empty: on the worker itself"),
}


@task
def plan(params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Where this version of the data stands: settings of its folders, and the rounds that are left."""
    assert params is not None
    version = version_of(params["data"])
    folder = f"{params['work']}/{version}"
    rounds = params["rounds"]
    committed = last_call(f"{folder}/run").get("last_round") or 0
    if committed >= rounds and Path(f"{folder}/adapter-{rounds}").exists():
        raise AirflowSkipException(f"all {rounds} rounds over the data of version {version} are committed and exported")
    sets = {
        **params["sets"],
        "prepare.source": params["data"],
        "prepare.out": f"{folder}/shards",
        "run.shards": f"{folder}/shards",
        "run.dir": f"{folder}/run",
        "run.metrics_dir": f"{params['work']}/metrics",
        "run.id": version,
        "run.rounds": str(rounds),
    }
    # A killed call leaves no word of its round: one that is planned twice finds nothing to do.
    return {"folder": folder, "sets": sets, "rounds": [str(n) for n in range(min(committed + 1, rounds), rounds + 1)]}


@task
def remaining(planned: dict[str, Any]) -> list[str]:
    """The rounds that are left, one mapped task each."""
    return planned["rounds"]


PLAN = "ti.xcom_pull(task_ids='plan')"

with DAG(
    dag_id="fednano_rounds",
    description="Federated tuning, a task per round",
    start_date=datetime(2026, 1, 1),
    schedule=SCHEDULE,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    render_template_as_native_obj=True,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "home": "{{ params.home }}",
        "settings_file": "{{ params.settings }}",
        "connection": "{{ params.connection }}",
        "sets": f"{{{{ {PLAN}['sets'] }}}}",
    },
    tags=["fednano"],
) as dag:
    planned = plan()
    folder = f"{{{{ {PLAN}['folder'] }}}}"
    rounds = "{{ params.rounds }}"
    prepare = FedNanoOperator(task_id="prepare", command="prepare", creates=f"{folder}/shards")
    train = FedNanoOperator.partial(
        task_id="round", command="round", max_active_tis_per_dagrun=1, map_index_template="round {{ task.number }}"
    ).expand(number=remaining(planned))
    evaluate = FedNanoOperator(task_id="evaluate", command="evaluate")
    report = FedNanoOperator(
        task_id="report", command="report", options=["--out", f"{folder}/report-{rounds}"], creates=f"{folder}/report-{rounds}"
    )
    export = FedNanoOperator(
        task_id="export", command="export", options=["--out", f"{folder}/adapter-{rounds}"], creates=f"{folder}/adapter-{rounds}"
    )
    planned >> prepare >> train >> evaluate >> report >> export
