"""Settings: one typed, frozen object, read from the environment alone."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from webapp.mailboxes import mailbox_for
from webapp.notifications.mail import sender_for, transport_for
from webapp.notifications.webpush import kept_key
from webapp.setting_values import SettingsError, flag, hosts, named, number, split
from webapp.storage import place_of


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
    ``host`` to ``tls_key`` are how gunicorn serves it.
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
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 16
    tls_certificate: str = ""
    tls_key: str = ""
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


def settings_or_exit() -> Settings:
    """The environment's, for a process that begins: it ends with one sentence where they can't be meant."""
    try:
        return settings_from_env()
    except SettingsError as error:
        raise SystemExit(f"Error: {error}") from None


def settings_from_env(env: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; makes DATA_DIR, and the keys kept in it that are not given.

    Connects to nothing: what can't be reached now may be there in a minute. The empty text is none.

    :raise SettingsError: names the variable, what is wrong with it, and what it should look like
    """
    env = os.environ if env is None else env
    data_dir = _data_dir(env)
    host, port = env.get("HOST") or "127.0.0.1", number(env, "PORT", 8000, 1, 65535)
    base_url = _base_url(env, host, port)
    database_url = _database_url(env, data_dir)
    smtp_url, mail_from, imap_url = _mail(env, data_dir, base_url)
    certificate, key = _tls(env)
    _check_paths(env)
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        object_store_url=_object_store_url(env),
        redis_url=_redis_url(env),
        smtp_url=smtp_url,
        base_url=base_url,
        secret_key=_secret_key(env, data_dir),
        secure_cookies=base_url.startswith("https://"),
        mail_from=mail_from,
        imap_url=imap_url,
        push_key=_push_key(env, data_dir),
        push_private_hosts=flag(env, "PUSH_PRIVATE_HOSTS"),
        trusted_proxies=number(env, "TRUSTED_PROXIES", 0, 0, 20),
        **_oidc(env),
        metrics_token=env.get("METRICS_TOKEN", ""),
        webhook_hosts=_webhook_hosts(env),
        run_jobs_in_process=database_url.startswith("sqlite"),
        host=host,
        port=port,
        workers=number(env, "WEB_CONCURRENCY", 1, 1, 1000),
        threads=number(env, "WEB_THREADS", 16, 1, 1000),
        tls_certificate=certificate,
        tls_key=key,
    )


def _data_dir(env: Mapping[str, str]) -> Path:
    path = Path(env.get("DATA_DIR") or "var").absolute()
    with named("DATA_DIR", "/srv/roundbook, a folder that the server may write to"):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise ValueError(f"{path} is a file") from None
    return path


def _secret_key(env: Mapping[str, str], data_dir: Path) -> str:
    with named("DATA_DIR", "/srv/roundbook, a folder that the server may write to"):
        return env.get("SECRET_KEY") or kept_secret_key(data_dir)


def _push_key(env: Mapping[str, str], data_dir: Path) -> str:
    given = env.get("PUSH_KEY", "")
    shape = "43 letters of base64url" if given else "a folder that the server may write to"
    with named("PUSH_KEY" if given else "DATA_DIR", shape):
        kept_key(data_dir, given)
    return given


def _base_url(env: Mapping[str, str], host: str, port: int) -> str:
    with named("HOST", "127.0.0.1, or 0.0.0.0 for every network"):
        shown = f"[{host}]" if ":" in host else host
        split(f"http://{shown}", "http")
    given = env.get("BASE_URL") or f"http://{shown}:{port}"
    with named("BASE_URL", "https://rounds.example.com"):
        split(given, "http", "https")
        if {"?", "#", "@", " "} & set(given):
            raise ValueError("there is more in it than scheme, host, port and path")
    return given.rstrip("/")


def _database_url(env: Mapping[str, str], data_dir: Path) -> str:
    given = env.get("DATABASE_URL")
    if not given:
        # Made of its parts: in an address, a ? or a % of the path would mean something else.
        made = sa.URL.create("sqlite", database=str(data_dir / "roundbook.sqlite3"))
        with named("DATA_DIR", "/srv/roundbook, a path of UTF-8"):
            return made.render_as_string(hide_password=False)
    url = _with_driver(given)
    with named(
        "DATABASE_URL", "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:////FOLDER/FILE"
    ):
        _check_database(url)
    return url


def _check_database(url: str) -> None:
    """:raise ValueError:"""
    try:
        parts = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("it can't be read as a database's address") from None
    if parts.drivername == "postgresql+psycopg":
        if not 0 < (parts.port or 5432) < 65536 or "@" in (parts.host or ""):
            raise ValueError("host and port can't be read (in a password, @ is written %40)")
        return
    if parts.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ValueError(f"{parts.drivername} is no database that this server knows")
    if parts.host or parts.database in (None, "", ":memory:"):
        raise ValueError("it names no file (an absolute path has four slashes)")
    folder = Path(parts.database).parent
    # A path that is not absolute is looked for in the instance's folder, which is made.
    if folder.is_absolute() and not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")


def _object_store_url(env: Mapping[str, str]) -> str:
    given = env.get("OBJECT_STORE_URL", "")
    with named("OBJECT_STORE_URL", "s3://KEY:SECRET@HOST:PORT/BUCKET?scheme=https"):
        if given:
            place_of(given)
    return given


def _redis_url(env: Mapping[str, str]) -> str:
    given = env.get("REDIS_URL", "")
    scheme = given.partition("://")[0]
    with named("REDIS_URL", "redis://:PASSWORD@HOST:PORT/0"):
        # The other kinds name a socket, or several hosts: the library's own to read.
        if given and scheme not in ("redis+unix", "redis+sentinel", "redis+cluster"):
            path = split(given, "redis", "rediss").path.strip("/")
            if path and not path.isdecimal():
                raise ValueError("what follows the host is no number of a database")
    return given


def _mail(env: Mapping[str, str], data_dir: Path, base_url: str) -> tuple[str, str, str]:
    """SMTP_URL, MAIL_FROM and IMAP_URL."""
    smtp_url, mail_from = env.get("SMTP_URL", ""), env.get("MAIL_FROM", "")
    imap_url = env.get("IMAP_URL", "")
    with named(
        "SMTP_URL", "smtp://USER:PASSWORD@HOST:PORT?starttls=1 or smtps://USER:PASSWORD@HOST"
    ):
        transport_for(smtp_url, data_dir)
    with named("MAIL_FROM", "rounds@example.com or NAME <rounds@example.com>"):
        sender_for(mail_from, smtp_url, base_url)
    with named("IMAP_URL", "imaps://USER:PASSWORD@HOST/FOLDER"):
        mailbox_for(imap_url, data_dir)
    return smtp_url, mail_from, imap_url


def _webhook_hosts(env: Mapping[str, str]) -> tuple[str, ...]:
    with named("WEBHOOK_HOSTS", "HOST HOST:PORT"):
        return hosts(env.get("WEBHOOK_HOSTS", ""))


def _oidc(env: Mapping[str, str]) -> dict[str, Any]:
    """What signs people in from elsewhere; without an issuer nothing does."""
    issuer, client_id = env.get("OIDC_ISSUER", ""), env.get("OIDC_CLIENT_ID", "")
    with named("OIDC_ISSUER", "https://sign-in.example.com"):
        if issuer:
            split(issuer, "http", "https")
    if issuer and not client_id:
        raise SettingsError("OIDC_CLIENT_ID", "it is missing", "what the issuer calls this server")
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": client_id,
        "oidc_client_secret": env.get("OIDC_CLIENT_SECRET", ""),
        "oidc_name": env.get("OIDC_NAME", ""),
        "oidc_match_email": flag(env, "OIDC_MATCH_EMAIL"),
        "oidc_creates_people": flag(env, "OIDC_CREATE_PEOPLE"),
    }


def _check_paths(env: Mapping[str, str]) -> None:
    """What other parts read by themselves is there at least."""
    font, counts = env.get("LABEL_FONT"), env.get("PROMETHEUS_MULTIPROC_DIR")
    if font and not Path(font).is_file():
        raise SettingsError("LABEL_FONT", f"there is no file {font}", "the path of a font's file")
    if counts and not Path(counts).is_dir():
        problem = f"there is no folder {counts}"
        raise SettingsError("PROMETHEUS_MULTIPROC_DIR", problem, "the path of a folder")


def _tls(env: Mapping[str, str]) -> tuple[str, str]:
    """TLS_CERTIFICATE and TLS_KEY; one file may hold both."""
    certificate, key = env.get("TLS_CERTIFICATE", ""), env.get("TLS_KEY", "")
    if key and not certificate:
        raise SettingsError("TLS_CERTIFICATE", "there is only a TLS_KEY", "the path of a PEM file")
    for variable, path in (("TLS_CERTIFICATE", certificate), ("TLS_KEY", key)):
        with named(variable, "the path of a PEM file"):
            if path:
                Path(path).read_bytes()
    with named("TLS_CERTIFICATE", "the path of a PEM file, with its key in TLS_KEY"):
        if certificate:
            _check_certificate(certificate, key)
    return certificate, key


def _check_certificate(certificate: str, key: str) -> None:
    """:raise ValueError: no certificate, or not with this key"""
    try:
        # Without a password of its own the library would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key or None, "")
    except ssl.SSLError:
        raise ValueError("certificate and key can't be read, or don't belong together") from None


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


def _with_driver(url: str) -> str:
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url
