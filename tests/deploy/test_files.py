"""What is delivered for running: read as its own programs read it, where they are installed here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from feeds.channels import PASSENGER
from portal import figures, metrics
from portal.env import DECLARED
from tests.services import write_nginx_config

DEPLOY = Path(settings.BASE_DIR) / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
HADOLINT = str(Path(sys.executable).with_name("hadolint"))
CONTAINERFILE = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text())


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed here")


@needs("nginx")
def test_nginx_reads_its_configuration(tmp_path: Path) -> None:
    config = write_nginx_config(tmp_path, [18000], 18001)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(config), "-p", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.replace("warn;", "")


def test_nginx_knows_what_others_add_to_addresses() -> None:
    told = re.search(r"\(\?:\(\?:(utm_[^)]+)\)", (DEPLOY / "nginx/http.conf").read_text())
    assert told
    assert told[1].replace("[^=&]*", ".*") == PASSENGER.pattern


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", sorted(path.name for path in (DEPLOY / "systemd").glob("*.service")))
def test_systemd_finds_nothing_wrong_with_a_unit(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / unit).read_text()
    text = text.replace("/opt/kpu-portal/.venv/bin/python", sys.executable)
    (tmp_path / unit).write_text(text.replace("/opt/kpu-portal/docs/operators.md", str(DEPLOY)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if unit in line]
    assert said == []


def test_units_run_as_an_ordinary_user_who_gains_nothing() -> None:
    for path in (DEPLOY / "systemd").glob("*.service"):
        text = path.read_text()
        assert "User=kpu-portal" in text
        assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"} <= set(text.splitlines())


def test_the_image_is_pinned_and_runs_as_an_ordinary_user() -> None:
    stages = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.M)
    assert len(stages) == 2
    assert all(re.search(r":\d", stage) for stage in stages)
    assert re.findall(r"^USER (\S+)", CONTAINERFILE, re.M)[-1] not in ("root", "0")
    assert "HEALTHCHECK" in CONTAINERFILE
    assert not re.search(r"^ADD ", CONTAINERFILE, re.M)
    assert not re.search(r"^(ENV|ARG) .*(PASSWORD|SECRET|TOKEN)", CONTAINERFILE, re.M)
    for run in re.findall(r"^RUN .*apt-get.*$", CONTAINERFILE, re.M):
        assert "--no-install-recommends" in run
        assert "rm -rf /var/lib/apt/lists" in run
    for pip in re.findall(r"pip install[^&]*", CONTAINERFILE):
        assert "--require-hashes" in pip


@needs(HADOLINT)
def test_hadolint_finds_nothing_in_the_recipe_of_the_image() -> None:
    done = subprocess.run([HADOLINT, str(DEPLOY / "Containerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_holds_what_was_tested_and_nothing_to_test_with() -> None:
    locked = _pins(DEPLOY.parent / "constraints.txt")
    delivered = _pins(DEPLOY / "requirements.txt")
    assert delivered <= locked
    names = {name for name, _version in delivered}
    assert {"django", "feedparser", "granian"} <= names
    assert not names & {"pytest", "mypy", "playwright", "uv"}


def _pins(path: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.M))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_has_a_read_only_root_and_no_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "latest" not in service["image"]
    assert "healthcheck" in service or name == "web"  # the image's own


def test_the_compose_file_sets_only_settings_that_exist() -> None:
    for name in ("web", "worker", "migrate", "registry"):
        assert set(SERVICES[name]["environment"]) <= set(DECLARED)


def test_the_example_of_an_environment_sets_only_settings_that_exist() -> None:
    text = (DEPLOY / "systemd/env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", text, re.M)) <= set(DECLARED)


def test_no_secret_is_delivered() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not re.search(r"SECRET_KEY[=:]\s*['\"]?[A-Za-z0-9]{8,}", path.read_text()), path


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read_by_the_shell(path: Path) -> None:
    assert subprocess.run(["sh", "-n", str(path)], capture_output=True).returncode == 0
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", str(path)], check=True)


@pytest.mark.django_db
def test_alerts_and_dashboard_ask_only_for_figures_that_exist() -> None:
    metrics.requests.labels("home", "200")
    told = set(re.findall(rb"^# TYPE (\w+)", figures.exposition(), re.M))
    names = {name.decode() for name in told}
    rules = [rule for group in _alerts()["groups"] for rule in group["rules"]]
    board = json.loads((DEPLOY / "monitoring/grafana-dashboard.json").read_text())
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for expression in asked:
        for name in re.findall(r"\bportal_\w+", expression):
            assert name in names or name.removesuffix("_bucket") in names, name


def test_every_alert_says_what_to_do() -> None:
    for group in _alerts()["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["do"]
            assert rule["labels"]["severity"] in ("page", "ticket")


def _alerts() -> dict[str, list[dict[str, list[dict[str, dict[str, str]]]]]]:
    loaded: dict[str, list[dict[str, list[dict[str, dict[str, str]]]]]]
    loaded = yaml.safe_load((DEPLOY / "monitoring/alerts.yml").read_text())
    return loaded
