"""One run of a peer: `sides.py flower PLAN` in Flower's simulation, `sides.py bare PLAN` as a loop; PLAN is federation.Plan as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import torch
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation
from safetensors.torch import load_file

from federation import Plan, Told, local_update, mean, now

STARTED = now()
client_app = ClientApp()


@client_app.train()
def train(message: Message, context: Context) -> Message:
    plan = Plan(**json.loads(os.environ["PEERS_PLAN"]))
    client = plan.clients()[int(context.node_config["partition-id"])]
    adapter = message.content["arrays"].to_torch_state_dict()
    tuned, rows, loss = local_update(plan, client, adapter, int(message.content["config"]["server-round"]))
    metrics = MetricRecord({"num-examples": rows, "loss": loss})
    return Message(content=RecordDict({"arrays": ArrayRecord(tuned), "metrics": metrics}), reply_to=message)


def flower(plan: Plan) -> Told:
    clients = len(plan.clients())
    told = Told([], [], 0)
    began = 0.0

    class Timed(FedAvg):
        def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
            nonlocal began
            began = now()
            told.first_round_after = told.first_round_after or began - STARTED
            return super().configure_train(server_round, arrays, config, grid)

        def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Any:
            answers = list(replies)
            failed = [str(reply.error) for reply in answers if reply.has_error()]
            if failed or len(answers) != clients:
                raise RuntimeError(f"round {server_round}: {len(answers)} of {clients} clients answered; {failed[:1]}")
            merged = super().aggregate_train(server_round, answers)
            told.seconds.append(now() - began)
            figures = [reply.content["metrics"] for reply in answers]
            told.losses.append(mean([(int(m["num-examples"]), float(m["loss"])) for m in figures]))
            return merged

    server = ServerApp()

    @server.main()
    def run(grid: Grid, context: Context) -> None:
        strategy = Timed(fraction_train=1.0, fraction_evaluate=0.0, min_train_nodes=clients, min_available_nodes=clients)
        strategy.start(grid=grid, initial_arrays=ArrayRecord(load_file(plan.adapter)), num_rounds=plan.rounds)

    import sides  # by name, so that actors find this module and its caches

    cores = os.cpu_count() or 1
    resources = {"num_cpus": cores // plan.actors, "num_gpus": 0.0}
    start = {"num_cpus": cores, "include_dashboard": False, "logging_level": "error"}
    run_simulation(
        server_app=server,
        client_app=sides.client_app,
        num_supernodes=clients,
        backend_config={"client_resources": resources, "init_args": start},
    )
    return told


def bare(plan: Plan) -> Told:
    adapter, told = load_file(plan.adapter), Told([], [], 0)
    for number in range(1, plan.rounds + 1):
        began = now()
        told.first_round_after = told.first_round_after or began - STARTED
        merged: dict[str, torch.Tensor] = {}
        figures = []
        for client in plan.clients():
            tuned, rows, loss = local_update(plan, client, adapter, number)
            figures.append((rows, loss))
            for name, values in tuned.items():
                merged[name] = merged.get(name, 0) + values.double() * rows
        total = sum(rows for rows, _ in figures)
        adapter = {name: (values / total).float() for name, values in merged.items()}
        told.seconds.append(now() - began)
        told.losses.append(mean(figures))
    return told


def main() -> None:
    side, text = sys.argv[1:]
    os.environ["PEERS_PLAN"] = text
    plan = Plan(**json.loads(text))
    os.makedirs(plan.cache, exist_ok=True)
    torch.set_num_threads(plan.threads)
    {"flower": flower, "bare": bare}[side](plan).write(plan.out)


if __name__ == "__main__":
    main()
