"""Compose, Kubernetes and Terraform: their settings are settings, and what they set agrees with what the service is."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from ingestd.config import OpenSearchSettings, Settings
from ingestd.config.loading import load
from ingestd.formats.registry import formats
from tests.deploy.documents import DEPLOY, loaded_yaml, loaded_yamls, template

PASSWORD = re.compile(r"\$\{OPENSEARCH_PASSWORD:\?[^}]*\}")


def named(kind: str) -> Any:
    (found,) = [each for each in loaded_yamls("kubernetes.yaml") if each["kind"] == kind]
    return found


def test_compose_gives_the_service_valid_settings() -> None:
    """Against an AWS and a cluster of the file's own; the password is the user's, and is in no file."""
    environ = loaded_yaml("compose.yaml")["services"]["ingestd"]["environment"]
    environ = {name: PASSWORD.sub("given", value) for name, value in environ.items()}
    settings = load(None, environ, formats=formats())
    assert settings.aws.endpoint_url == "http://aws:5000"
    sink = settings.sinks["opensearch"]
    assert isinstance(sink, OpenSearchSettings)
    assert sink.password is not None
    assert sink.password.get_secret_value() == "given"


def test_compose_opens_ports_on_this_machine_only() -> None:
    """No port is published to the network, and what depends on something waits for its health."""
    services = loaded_yaml("compose.yaml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in services.values():
        for name, wish in service.get("depends_on", {}).items():
            assert wish["condition"] != "service_healthy" or "healthcheck" in services[name]


def test_kubernetes_gives_the_service_valid_settings(tmp_path: Any) -> None:
    """The file in the ConfigMap, with the secret where the Deployment puts it."""
    text = named("ConfigMap")["data"]["ingestd.toml"]
    sink = tomllib.loads(text)["sinks"]["opensearch"]
    pod = named("Deployment")["spec"]["template"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert sink["password_file"] == f"{mounts['opensearch']}/password"
    (tmp_path / "password").write_text("hidden")
    file = tmp_path / "ingestd.toml"
    file.write_text(text.replace(sink["password_file"], str(tmp_path / "password")))
    assert load(file, {}, formats=formats()).queue.url


def test_s8_kubernetes_locks_its_containers_and_waits_for_the_drain() -> None:
    """Not root, nothing written but the cache, no capability; killed later than the service needs to end."""
    pod = named("Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > Settings().drain_seconds
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_all_scale_by_how_long_the_backlog_takes() -> None:
    """Stack, module and KEDA to the same drain time; stack and module by the same expressions, KEDA by the same bounds."""
    module = (DEPLOY / "terraform" / "variables.tf").read_text(encoding="utf-8")
    (default,) = re.findall(r'variable "drain_seconds" \{.*?default += (\d+)', module, re.DOTALL)
    assert int(default) == template()["Parameters"]["DrainSeconds"]["Default"]
    policy = template()["Resources"]["ScaleOnBacklog"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    stack = [each["Expression"] for each in policy["CustomizedMetricSpecification"]["Metrics"] if "Expression" in each]
    told = [
        each["Fn::Sub"].replace("${DrainSeconds}", "${var.drain_seconds}") if isinstance(each, dict) else each for each in stack
    ]
    scaling = (DEPLOY / "terraform" / "scaling.tf").read_text(encoding="utf-8")
    assert re.findall(r'expression += "([^"]+)"', scaling) == told
    backlog, cpu = named("ScaledObject")["spec"]["triggers"]
    target = int(default)
    assert (backlog["metricType"], int(backlog["metadata"]["threshold"])) == ("Value", target)
    numbers = re.findall(r"[ (]([0-9.]+)", backlog["metadata"]["query"])
    assert [float(each) for each in numbers] == [0.5, 0.85 * target, 0.5, 0.1, 2 * target]
    assert cpu["type"] == "cpu"


def test_terraform_sets_the_variables_that_the_stack_sets() -> None:
    """The same names; what they are is checked where a stack is made."""
    (task,) = template()["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    text = (DEPLOY / "terraform" / "service.tf").read_text(encoding="utf-8")
    (given,) = re.findall(r"environment = \{(.*?)\n  \}", text, re.DOTALL)
    assert set(re.findall(r"^    (INGESTD_\w+)", given, re.MULTILINE)) == {each["Name"] for each in task["Environment"]}


def test_terraform_names_only_what_it_has() -> None:
    """Every variable that is used is declared and every one declared is used; so with the resources of our own."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DEPLOY / "terraform").glob("*.tf")))
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    made = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+)\.(\w+)", text)) <= made
