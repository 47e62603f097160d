"""Production refuses what only a demo may have, and starts empty through `manage.py setup`."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from communities.models import Place
from kernel import checks, crypto, trail
from kernel.models import User
from tests.processes import ROOT

SECRET = "Zq3-7yT1uPw9xKc5vLb2nMd8sRf4gHj6aEo0iUtYrWqSzXcVbN"


@pytest.fixture
def good(tmp_path):
    """Environment of a sound production installation, as far as variables go."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DIANDAN_MODE": "production",
        "DIANDAN_VAR": str(tmp_path / "var"),
        "SECRET_KEY": SECRET,
        "KEY_DIR": str(keys),
        "ALLOWED_HOSTS": "diandan.example.cn",
        "DATABASE_URL": f"sqlite:///{tmp_path}/production.sqlite3",
    }


def start(env):
    """What the web server does first, in a process of its own."""
    command = [sys.executable, "-c", "import config.settings as s; assert s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE and not s.DEMO"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_a_sound_installation_starts(good):
    done = start(good)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("SECRET_KEY", "", "SECRET_KEY"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("DEBUG", "true", "DEBUG"),
        ("KEY_DIR", "", "KEY_DIR"),
        ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS"),
        ("DIANDAN_MODE", "staging", "DIANDAN_MODE"),
    ],
)
def test_bad_variables_are_refused_with_their_name(good, name, value, said):
    done = start({**good, name: value})
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr and said in done.stderr.strip().splitlines()[-1]


@pytest.fixture
def production(settings, tmp_path):
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    settings.DEMO, settings.DEBUG, settings.SECRET_KEY = False, False, SECRET
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.KEY_DIR, settings.MEDIA_ROOT = keys, tmp_path / "media"
    settings.ALLOWED_HOSTS = ["diandan.example.cn"]
    crypto.make_keys()
    return settings


def found():
    return [error.id for error in checks.secrets_and_cookies(None)]


def test_missing_keys_are_named(production):
    (production.KEY_DIR / "keyring.json").unlink()
    assert found() == ["diandan.E009"]


def test_nothing_is_wrong_with_a_sound_installation(production):
    assert found() == []


@pytest.mark.parametrize(
    "name, value, error",
    [
        ("SECRET_KEY", "a" * 60, "diandan.E001"),
        ("SECRET_KEY", SECRET + "-changeme", "diandan.E001"),
        ("DEBUG", True, "diandan.E002"),
        ("SESSION_COOKIE_SECURE", False, "diandan.E003"),
        ("CSRF_COOKIE_SECURE", False, "diandan.E003"),
        ("ALLOWED_HOSTS", ["*"], "diandan.E007"),
    ],
)
def test_each_danger_is_named(production, name, value, error):
    setattr(production, name, value)
    assert found() == [error]


def test_the_key_folder_must_be_there_private_and_elsewhere(production, tmp_path):
    production.KEY_DIR.chmod(0o755)
    assert found() == ["diandan.E005"]
    production.KEY_DIR = tmp_path / "nowhere"
    assert found() == ["diandan.E004"]
    production.KEY_DIR = tmp_path / "media" / "keys"
    production.KEY_DIR.mkdir(parents=True, mode=0o700)
    crypto.make_keys()
    assert found() == ["diandan.E006"]


def test_demo_accounts_are_refused(production, db):
    User.objects.create_user("shi", "x", name="实")
    assert checks.no_demo_accounts(None, databases=["default"]) == []
    User.objects.create_user("yanshi", "x", name="演示", is_demo=True)
    assert [error.id for error in checks.no_demo_accounts(None, databases=["default"])] == ["diandan.E008"]
    with pytest.raises(ImproperlyConfigured, match="demo accounts"):
        checks.refuse_unsafe()


def test_demo_mode_is_not_asked(db, settings):
    User.objects.create_user("yanshi", "x", name="演示", is_demo=True)
    assert settings.DEMO
    checks.refuse_unsafe()
    assert found() == []


SETUP = {"district": "金河区", "username": "guanli", "name": "管理员", "password_stdin": True}


def run_setup(monkeypatch, password="chang-mima-2026-jinhe", **options):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    call_command("setup", **{**SETUP, **options}, stdout=io.StringIO())


def test_setup_makes_district_administrator_and_key_folder(production, transactional_db, monkeypatch, tmp_path):
    production.KEY_DIR = tmp_path / "new" / "keys"
    run_setup(monkeypatch)
    district, admin = Place.objects.get(), User.objects.get()
    assert (district.name, district.kind, district.path) == ("金河区", "district", f"/{district.pk}/")
    assert admin.is_platform_admin and not admin.is_demo and admin.check_password("chang-mima-2026-jinhe")
    assert production.KEY_DIR.stat().st_mode & 0o777 == 0o700
    assert [row.verb for row in trail.rows_of(district)] == ["found"]


def test_setup_runs_once(production, transactional_db, monkeypatch):
    run_setup(monkeypatch)
    with pytest.raises(CommandError, match="set up already"):
        run_setup(monkeypatch, username="erhao")
    assert User.objects.count() == 1


def test_setup_refuses_a_weak_password_and_leaves_nothing(production, transactional_db, monkeypatch):
    with pytest.raises(CommandError):
        run_setup(monkeypatch, password="12345")
    assert not User.objects.exists() and not Place.objects.exists()
