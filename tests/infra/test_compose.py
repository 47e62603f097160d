"""The container files can't be run here, so they are read: every variable known, every image pinned, no secret inside."""

import re
from pathlib import Path

import pytest
import yaml

from config.environment import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("prepare", "web", "worker", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]


def test_the_parts_of_production_are_all_there():
    assert set(COMPOSE["services"]) == {*OURS, "postgres", "redis", "proxy"}


@pytest.mark.parametrize("service", OURS)
def test_every_variable_passed_is_one_the_settings_know(service):
    passed = COMPOSE["services"][service]["environment"]
    assert set(passed) <= set(VARIABLES)
    assert passed["DIANDAN_MODE"] == "production"


def test_image_variables_are_known():
    final = STAGES[-1]
    set_here = set(re.findall(r"\b([A-Z_]{3,})=", " ".join(line for line in final.splitlines() if line.startswith("ENV"))))
    assert set_here - {"PATH", "PYTHONUNBUFFERED", "PYTHONUTF8"} <= set(VARIABLES)
    assert "DIANDAN_MODE" in set_here


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "DIANDAN_HOST"])
def test_secrets_have_no_default(name):
    uses = re.findall(r"\$\{" + name + r"([^}]*)\}", (ROOT / "docker-compose.yml").read_text())
    assert uses and all(use.startswith(":?") for use in uses)


def test_no_secret_is_written_down():
    text = (ROOT / "docker-compose.yml").read_text()
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET_KEY|_URL)\w*:", line) and "://" not in line:
            assert "${" in line, line
    assert not re.search(r"://[^$\s]*:[^$@/\s]+@", text)


@pytest.mark.parametrize(
    "image", [service["image"] for name, service in COMPOSE["services"].items() if "build" not in service] + [stage.split()[0] for stage in STAGES]
)
def test_images_are_pinned(image):
    assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)*$", image), image


@pytest.mark.parametrize("service", sorted(set(COMPOSE["services"]) - {"prepare"}))
def test_long_running_services_have_a_health_check(service):
    assert COMPOSE["services"][service]["healthcheck"]["test"]


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_named_volumes_are_declared(service):
    for volume in COMPOSE["services"][service].get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume


def test_only_the_proxy_is_open_to_the_outside():
    assert [name for name, service in COMPOSE["services"].items() if service.get("ports")] == ["proxy"]


def test_final_image_runs_without_root_and_without_node():
    final = STAGES[-1]
    assert re.search(r"^USER diandan$", final, flags=re.M)
    assert final.index("USER diandan") < final.index("CMD [")
    assert "npm" not in final and not final.startswith("node")
    assert "--require-hashes" in DOCKERFILE


def test_everything_copied_exists():
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.M):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_one_beat_only():
    assert "replicas" not in str(COMPOSE["services"]["beat"])


def test_env_example_lists_every_variable_with_its_meaning():
    text = (ROOT / ".env.example").read_text()
    for name, (_cast, default, meaning) in VARIABLES.items():
        assert f"# {meaning}\n#{name}=" in text, name
        if isinstance(default, (str, int, bool)) and name != "DIANDAN_VAR":
            assert f"#{name}={default}\n" in text, name
    used_elsewhere = {"DIANDAN_CHROMIUM", "DIANDAN_HOST", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    assert set(re.findall(r"^#([A-Z_]+)=", text, flags=re.M)) == set(VARIABLES) | used_elsewhere


def test_settings_read_nothing_past_the_list():
    for path in (ROOT / "config/settings.py", ROOT / "gunicorn.conf.py"):
        text = path.read_text()
        assert set(re.findall(r"""read\(["'](\w+)["']\)""", text)) <= set(VARIABLES)
        assert "os.environ" not in text and "getenv" not in text
