"""Holds `viewcast serve mlflow` to the official MLflow client of Python.

It is run by hand; the tests of this repository have no Python:

    pip install mlflow-skinny
    viewcast serve mlflow                       # in another terminal
    python scripts/mlflow-client.py http://127.0.0.1:5000

Every line that fails says what was wanted. It makes experiments, runs and models of new names and deletes them in the end.
"""

import math
import os
import sys
import tempfile
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

uri = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000"
mlflow.set_tracking_uri(uri)
client = MlflowClient(tracking_uri=uri, registry_uri=uri)
name = f"python {time.time_ns()}"


def same(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"{what}: found {found!r}, wanted {wanted!r}")
    print(f"ok  {what}")


def refused(call, code, what):
    try:
        call()
    except MlflowException as e:
        return same(e.error_code, code, what)
    raise SystemExit(f"{what}: it was not refused")


# Experiments
same(client.get_experiment_by_name(name), None, "an experiment that is not there is None")
experiment = client.create_experiment(name, tags={"team": "web"})
same(client.get_experiment(experiment).tags, {"team": "web"}, "an experiment has its tags")
refused(lambda: client.create_experiment(name), "RESOURCE_ALREADY_EXISTS", "a name is taken once")
found = client.search_experiments(filter_string=f"name = '{name}'")
same([e.experiment_id for e in found], [experiment], "an experiment is found")

# A run, by the fluent interface
mlflow.set_experiment(name)
with mlflow.start_run(run_name="outer", description="A *note*") as outer:
    mlflow.log_params({"depth": 3, "rate": 0.1})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("nan", float("nan"))
    mlflow.set_tag("kind", "test")
    with mlflow.start_run(run_name="inner", nested=True) as inner:
        mlflow.log_metrics({"a": 1.0, "b": 2.0})
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"a": 1}, "notes/a.json")

run = client.get_run(outer.info.run_id)
same(run.info.status, "FINISHED", "a run is finished")
same(run.data.params, {"depth": "3", "rate": "0.1"}, "params are texts")
same(run.data.metrics["loss"], 0.2, "the latest value counts")
same(math.isnan(run.data.metrics["nan"]), True, "NaN is NaN")
same(run.data.tags["mlflow.note.content"], "A *note*", "a description is the note")
history = client.get_metric_history(run.info.run_id, "loss")
same([m.step for m in history], [0, 1, 2, 3, 4], "the history is whole")
parent = client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"]
same(parent, outer.info.run_id, "a nested run knows its parent")

# Files
same(sorted(f.path for f in client.list_artifacts(run.info.run_id, "notes")), ["notes/a.json", "notes/hello.txt"], "files are listed")
with tempfile.TemporaryDirectory() as folder:
    path = client.download_artifacts(run.info.run_id, "notes", folder)
    with open(os.path.join(path, "hello.txt")) as f:
        same(f.read(), "hello", "a file comes back")

# Batches, searches, refusals
other = client.create_run(experiment, run_name="batch").info.run_id
metrics = [Metric("m", float(i), 1, i) for i in range(1000)]
client.log_batch(other, metrics=metrics)
client.log_batch(other, params=[Param("p", "1")], tags=[RunTag("t", "x")])
client.log_param(other, "p", "1")
refused(lambda: client.log_batch(other, params=[Param("p", "2")]), "INVALID_PARAMETER_VALUE", "a param does not change")
runs = client.search_runs([experiment], "metrics.m > 998 and params.p = '1' and tags.t LIKE 'x%'", order_by=["metrics.m DESC"])
same([r.info.run_id for r in runs], [other], "a run is found")
first = client.search_runs([experiment], max_results=1)
rest = client.search_runs([experiment], max_results=50, page_token=first.token)
same(len({r.info.run_id for r in [*first, *rest]}), 3, "pages are whole")
client.delete_run(other)
refused(lambda: client.set_tag(other, "x", "y"), "INVALID_PARAMETER_VALUE", "a deleted run takes nothing")
same(len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)), 1, "a deleted run is found as such")
client.restore_run(other)

# The registry
client.create_registered_model(name, description="A model", tags={"a": "b"})
version = client.create_model_version(name, f"{run.info.artifact_uri}/notes", run.info.run_id)
same(str(version.version), "1", "versions begin with 1")
client.set_registered_model_alias(name, "champion", version.version)
same(str(client.get_model_version_by_alias(name, "champion").version), "1", "an alias names a version")
refused(lambda: client.get_model_version_by_alias(name, "none"), "INVALID_PARAMETER_VALUE", "an alias that is not there")
client.set_model_version_tag(name, version.version, "ok", "yes")
same(client.get_model_version(name, version.version).tags, {"ok": "yes"}, "a version has tags")
same([str(v.version) for v in client.search_model_versions(f"name = '{name}'")], ["1"], "a version is found")
same([m.name for m in client.search_registered_models(f"name = '{name}'")], [name], "a model is found")

client.delete_registered_model(name)
client.delete_experiment(experiment)
same(client.get_experiment(experiment).lifecycle_stage, "deleted", "an experiment is deleted")
print("all is well")
