"""The templates for containers: nobody has run them here, but what they say has to fit together and fit the product."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.architecture.sources import ROOT

DOCKERFILE = (ROOT / "infra" / "docker" / "Dockerfile").read_text()
KUBERNETES = ROOT / "infra" / "kubernetes"
STAGES = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)) - {"base"}


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((KUBERNETES / name).read_text()))


def kustomization() -> dict[str, Any]:
    [found] = documents("kustomization.yaml")
    return found


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "compose" / "compose.yaml").read_text())
    return found


def stage(name: str) -> str:
    return DOCKERFILE.partition(f" AS {name}\n")[2].partition("\nFROM ")[0]


def test_every_image_that_is_used_is_built() -> None:
    built = {service["build"]["target"] for service in compose()["services"].values() if "build" in service}
    assert built == STAGES
    assert {f"visualforge-{name}" for name in STAGES} == {image["name"] for image in kustomization()["images"]}


def test_every_file_of_kubernetes_is_in_the_kustomization() -> None:
    assert set(kustomization()["resources"]) == {path.name for path in KUBERNETES.glob("*.yaml")} - {
        "kustomization.yaml"
    }


def test_every_variable_that_compose_asks_for_is_in_the_example() -> None:
    text = (ROOT / "infra" / "compose" / "compose.yaml").read_text()
    example = (ROOT / "infra" / "compose" / "example.env").read_text()
    assert set(re.findall(r"\$\{([A-Z_0-9]+):\?", text)) <= set(re.findall(r"^([A-Z_0-9]+)=", example, re.MULTILINE))


def test_workers_on_gpus_are_those_whose_times_were_published() -> None:
    image = stage("worker-gpu")
    assert "GENERATOR_COMPILE=true" in image
    assert re.search(r"apt-get install .*\bgcc\b", image)
    assert compose()["services"]["worker-gpu"]["environment"]["GENERATOR_COMPILE"] == "${GENERATOR_COMPILE:-true}"
    [container] = documents("worker-gpu.yaml")[0]["spec"]["template"]["spec"]["containers"]
    assert {"name": "GENERATOR_COMPILE", "value": "true"} in container["env"]


def test_a_gpu_worker_has_a_thread_for_every_job_and_one_for_a_training() -> None:
    image = stage("worker-gpu")
    slots, threads = re.search(r"GENERATOR_SLOTS=(\d+)", image), re.search(r"--concurrency=(\d+)", image)
    assert slots is not None
    assert threads is not None
    assert int(threads[1]) == int(slots[1]) + 1


@pytest.mark.parametrize("name", ["worker.yaml", "worker-gpu.yaml"])
def test_what_is_scaled_is_there(name: str) -> None:
    kinds = {one["kind"]: one for one in documents(name)}
    scaled = kinds["ScaledObject"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == kinds["Deployment"]["metadata"]["name"]
    assert scaled["minReplicaCount"] >= 1
