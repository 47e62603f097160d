"""What production refuses to start with. The settings refuse bad variables; these look at what only a running system shows."""

from pathlib import Path

from django.conf import settings
from django.core.checks import ERROR, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection


@register(Tags.security)
def secrets_and_cookies(app_configs, **kwargs):
    """Secrets that came with the product, open cookies, keys lying beside what they lock."""
    if settings.DEMO:
        return []
    found = []
    if len(set(settings.SECRET_KEY)) < 12 or any(word in settings.SECRET_KEY.lower() for word in ("changeme", "insecure", "secret-key")):
        found.append(
            Error("SECRET_KEY looks like a placeholder.", hint="Generate one: python -c 'import secrets; print(secrets.token_urlsafe(60))'", id="diandan.E001")
        )
    if settings.DEBUG:
        found.append(Error("DEBUG is on.", hint="Unset DEBUG.", id="diandan.E002"))
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        found.append(Error("Cookies travel without TLS.", hint="Leave SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE on.", id="diandan.E003"))
    keys = Path(settings.KEY_DIR)
    if not keys.is_dir():
        found.append(
            Error(f"KEY_DIR {keys} does not exist.", hint="Create it, owned by the service, mode 0700, and keep a copy of it elsewhere.", id="diandan.E004")
        )
    elif keys.stat().st_mode & 0o077:
        found.append(Error(f"KEY_DIR {keys} can be read by others.", hint=f"chmod 700 {keys}", id="diandan.E005"))
    elif missing := [name for name in ("keyring.json", "seal_private.pem") if not (keys / name).exists()]:
        found.append(Error(f"KEY_DIR {keys} lacks {', '.join(missing)}.", hint="Put back its copy; on a new installation run `manage.py makekeys` once.", id="diandan.E009"))
    if keys.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        found.append(Error("KEY_DIR lies inside MEDIA_ROOT.", hint="Whoever copies the files would hold their keys too: move it.", id="diandan.E006"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS answers to every name.", hint="List the site's names.", id="diandan.E007"))
    return found


@register(Tags.database)
def no_demo_accounts(app_configs, databases=None, **kwargs):
    """Demo accounts have known passwords: production refuses a database that holds one."""
    if settings.DEMO or not databases:
        return []
    from kernel.models.user import User

    try:
        if User._meta.db_table in connection.introspection.table_names() and User.objects.filter(is_demo=True).exists():
            return [
                Error(
                    "The database holds demo accounts.",
                    hint="Production starts empty: point DATABASE_URL at a new database and run `manage.py setup`.",
                    id="diandan.E008",
                )
            ]
    except DatabaseError:
        return []  # readyz and migrate say what is wrong with the database
    return []


def refuse_unsafe():
    """Run all checks, the database's included, as web, worker and beat start. Raises ImproperlyConfigured in production."""
    if settings.DEMO:
        return
    errors = [found for found in run_checks(databases=["default"]) if found.level >= ERROR]
    if errors:
        raise ImproperlyConfigured("Production does not start:\n" + "\n".join(f"- {error.msg} {error.hint or ''}" for error in errors))
