"""Settings: one typed, frozen object, read from the environment alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What one process needs to know; every field's variable stands in the README's table.

    ``data_dir`` holds the database and the files of the embedded default.
    ``object_store_url`` is empty for the folder, or ``s3://KEY:SECRET@HOST:PORT/BUCKET?scheme=http``.
    ``smtp_url`` is empty for the folder of ``.eml`` files, or ``smtp://USER:PASSWORD@HOST:PORT?starttls=1``;
    ``mail_from`` is who writes. ``imap_url`` is where mails are fetched from, empty for the drop folder.
    ``webhook_hosts`` are hosts (``host`` or ``host:port``) that webhooks may lead to though they are inside
    or without TLS.
    ``metrics_token`` is what Prometheus shows; without it ``/metrics`` answers this machine alone.
    ``push_key`` signs pushes and is empty for the one kept in ``data_dir``;
    ``push_private_hosts`` lets pushes go to this machine and its network, for tests alone.
    ``oidc_…`` names an issuer of OpenID Connect beside the passwords: whom it vouches for is known by the
    account that an administrator has bound, by a verified e-mail where ``oidc_match_email`` says so, and is
    made a person where ``oidc_creates_people`` does.
    ``max_push_bytes``, ``max_photo_bytes`` and ``max_rescue_bytes`` cap one request each.
    """

    data_dir: Path
    database_url: str
    object_store_url: str
    redis_url: str
    smtp_url: str
    base_url: str
    secret_key: str
    secure_cookies: bool
    mail_from: str = ""
    imap_url: str = ""
    push_key: str = ""
    push_private_hosts: bool = False
    trusted_proxies: int = 0
    webhook_hosts: tuple[str, ...] = ()
    metrics_token: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""
    oidc_match_email: bool = False
    oidc_creates_people: bool = False
    run_jobs_in_process: bool = True
    max_json_bytes: int = 256 * 1024
    max_push_bytes: int = 4 * 1024 * 1024
    max_photo_bytes: int = 12 * 1024 * 1024
    max_import_bytes: int = 10 * 1024 * 1024
    max_rescue_bytes: int = 2 * 1024 * 1024 * 1024
    max_operations_per_push: int = 200

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one (SQLite)."""
        return self.database_url.startswith("sqlite")


def settings_from_env(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; makes DATA_DIR, and a kept SECRET_KEY in it when none is given."""
    env = os.environ if env is None else env
    data_dir = Path(env.get("DATA_DIR") or "var").absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    base_url = env.get("BASE_URL") or _local_address(env)
    database_url = env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'roundbook.sqlite3'}"
    return Settings(
        data_dir=data_dir,
        database_url=_with_driver(database_url),
        object_store_url=env.get("OBJECT_STORE_URL", ""),
        redis_url=env.get("REDIS_URL", ""),
        smtp_url=env.get("SMTP_URL", ""),
        base_url=base_url.rstrip("/"),
        secret_key=env.get("SECRET_KEY") or kept_secret_key(data_dir),
        secure_cookies=base_url.startswith("https://"),
        mail_from=env.get("MAIL_FROM", ""),
        imap_url=env.get("IMAP_URL", ""),
        push_key=env.get("PUSH_KEY", ""),
        push_private_hosts=env.get("PUSH_PRIVATE_HOSTS") == "1",
        trusted_proxies=int(env.get("TRUSTED_PROXIES") or 0),
        **_oidc(env),
        metrics_token=env.get("METRICS_TOKEN", ""),
        webhook_hosts=tuple(env.get("WEBHOOK_HOSTS", "").lower().replace(",", " ").split()),
        run_jobs_in_process=not database_url.startswith("postgres"),
    )


def _oidc(env: Mapping[str, str]) -> dict[str, Any]:
    """What signs people in from elsewhere; without an issuer nothing does."""
    return {
        "oidc_issuer": env.get("OIDC_ISSUER", ""),
        "oidc_client_id": env.get("OIDC_CLIENT_ID", ""),
        "oidc_client_secret": env.get("OIDC_CLIENT_SECRET", ""),
        "oidc_name": env.get("OIDC_NAME", ""),
        "oidc_match_email": env.get("OIDC_MATCH_EMAIL", "") == "1",
        "oidc_creates_people": env.get("OIDC_CREATE_PEOPLE", "") == "1",
    }


def kept_secret_key(data_dir: Path) -> str:
    """The secret key kept in ``data_dir``, made at the first call; never a default one."""
    path = data_dir / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key


def _local_address(env: Mapping[str, str]) -> str:
    return f"http://{env.get('HOST') or '127.0.0.1'}:{env.get('PORT') or '8000'}"


def _with_driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url
