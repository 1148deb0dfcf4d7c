"""The parts of the module that need no data, in the Airflow that is installed: `pytest submit-scripts/airflow`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

import fednano_rounds
from fednano_airflow import FedNanoOperator, judge, last_call, version_of

HOME = str(Path(__file__).resolve().parents[2])


def operator(command: str, home: str = HOME, **more: str) -> FedNanoOperator:
    return FedNanoOperator(task_id="t", command=command, home=home, settings_file="conf/runs/shared.conf", sets={}, **more)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (1, AirflowFailException),
        (2, AirflowFailException),
        (3, AirflowFailException),
        (4, AirflowException),
        (5, AirflowException),
        (6, AirflowSkipException),
        (137, AirflowException),
        (143, AirflowException),
        (-15, AirflowException),
    ],
)
def test_statuses_become_outcomes(status: int, outcome: type[Exception]) -> None:
    judge(0, "done")
    with pytest.raises(AirflowException) as raised:
        judge(status, "fednano round")
    assert raised.type is outcome
    assert f"status {status}" in str(raised.value)


def test_a_version_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    first = version_of(str(tmp_path))
    assert version_of(str(tmp_path)) == first
    os.utime(tmp_path / "a", ns=(0, 0))
    assert version_of(str(tmp_path)) != first
    with pytest.raises(AirflowFailException, match="nowhere"):
        version_of(str(tmp_path / "nowhere"))


def test_the_last_call_is_read_where_there_was_one(tmp_path: Path) -> None:
    assert last_call(str(tmp_path)) == {}
    (tmp_path / "last.json").write_text(json.dumps({"last_round": 3}))
    assert last_call(str(tmp_path)) == {"last_round": 3}


def test_the_entry_script_is_really_called(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="status 2"):
        operator("trian").execute({})
    with pytest.raises(AirflowFailException, match="found none at"):
        operator("round", home=str(tmp_path)).execute({})


def test_output_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    assert operator("trian", creates=str(tmp_path)).execute({}) is None


@pytest.mark.parametrize(("name", "value"), [("rounds", 0), ("rounds", "ten"), ("data", "raw"), ("sets", {"run.seed": 1})])
def test_impossible_params_are_refused(name: str, value: object) -> None:
    params = fednano_rounds.dag.params
    with pytest.raises(Exception, match=name if name != "sets" else "1"):
        params[name] = value
