"""The settings: each is read, or refused by name in one sentence, before anything is served."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from webapp.config import settings_from_env
from webapp.notifications.webpush import encoded
from webapp.setting_values import SettingsError


def refusal(tmp_path: Path, **env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_from_env({"DATA_DIR": str(tmp_path), **env})
    return str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("OBJECT_STORE_URL", "foo", "does not begin with s3://"),
        ("OBJECT_STORE_URL", "/mnt/photos", "does not begin with s3://"),
        ("OBJECT_STORE_URL", "s3://KEY:SE/CRET+x@store:9000/photos", "%2F"),
        ("OBJECT_STORE_URL", "s3://KEY:12/CRET+x@store:9000/photos", "%2F"),
        ("OBJECT_STORE_URL", "s3://KEY:SE#CRET@store:9000/photos", "%23"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@/photos", "no host"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@300.1.1.1/photos", "no host"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@store:99999/photos", "port"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@store:9000", "no bucket"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@store/photos/2026", "no bucket"),
        ("OBJECT_STORE_URL", "s3://store:9000/photos", "no key"),
        ("OBJECT_STORE_URL", "s3://KEY%0a:SECRET@store/photos", "letters"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@store/photos?sheme=http", "'sheme'"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@store/photos?scheme=ftp", "http or https"),
        ("BASE_URL", "rounds.example.com", "http:// or https://"),
        ("BASE_URL", "https://", "no host"),
        ("BASE_URL", "https://rounds example", "no host"),
        ("BASE_URL", "https://rounds.example.com?x=1", "more in it"),
        ("BASE_URL", "https://rounds.example.com\n", "end of a line"),
        ("PUSH_KEY", "foo", "32 bytes"),
        ("PUSH_KEY", encoded(bytes(31) + b"\1")[:-2], "32 bytes"),
        ("DATABASE_URL", "foo", "can't be read"),
        ("DATABASE_URL", "mysql://host/name", "mysql"),
        ("DATABASE_URL", "postgresql+psycopg2://host/name", "psycopg2"),
        ("DATABASE_URL", "postgresql://u:p@ss@host:5432/name", "%40"),
        ("DATABASE_URL", "postgresql://u:p@host:five/name", "can't be read"),
        ("DATABASE_URL", "postgresql://u:p@host:99999/name", "port"),
        ("DATABASE_URL", "sqlite://", "no file"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3", "no folder /nowhere/at"),
        ("REDIS_URL", "foo", "redis://"),
        ("REDIS_URL", "redis://", "no host"),
        ("REDIS_URL", "redis://cache/one", "number"),
        ("SMTP_URL", "foo", "smtp://"),
        ("SMTP_URL", "smtp://u:p@relay:25", "starttls"),
        ("IMAP_URL", "foo", "imap://"),
        ("IMAP_URL", "imaps://mail.example.com", "no user"),
        ("MAIL_FROM", "foo", "no address"),
        ("TRUSTED_PROXIES", "yes", "'yes'"),
        ("TRUSTED_PROXIES", "-1", "'-1'"),
        ("PORT", "80000", "from 1 to 65535"),
        ("HOST", "every where", "no host"),
        ("WEB_CONCURRENCY", "two", "'two'"),
        ("WEB_THREADS", "0", "'0'"),
        ("PUSH_PRIVATE_HOSTS", "yes", "neither 0 nor 1"),
        ("OIDC_MATCH_EMAIL", "true", "neither 0 nor 1"),
        ("OIDC_ISSUER", "sign-in.example.com", "https://"),
        ("WEBHOOK_HOSTS", "https://bot.example.com", "port"),
        ("WEBHOOK_HOSTS", "bot.example.com/hook", "more than a host"),
        ("LABEL_FONT", "/nowhere.ttf", "no file /nowhere.ttf"),
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere", "no folder /nowhere"),
        ("TLS_CERTIFICATE", "/nowhere.pem", "No such file"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name_in_one_sentence(
    tmp_path: Path, variable: str, value: str, words: str
) -> None:
    told = refusal(tmp_path, **{variable: value})
    assert told.startswith(f"{variable}: ")
    assert words in told
    assert "It should look like " in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OBJECT_STORE_URL", "s3://KEY:Pa55/word@store:9000/photos"),
        ("OBJECT_STORE_URL", "s3://KEY:Pa55word@store:9000"),
        ("DATABASE_URL", "postgresql://u:Pa55@word@host:5432/name"),
        ("DATABASE_URL", "mysql://u:Pa55word@host/name"),
        ("REDIS_URL", "redis://:Pa55/word@cache/0"),
        ("SMTP_URL", "smtp://u:Pa55word@relay"),
        ("IMAP_URL", "imaps://u:Pa55/word@mail.example.com"),
    ],
)
def test_a_refusal_shows_nothing_of_a_password(tmp_path: Path, variable: str, value: str) -> None:
    assert "Pa55" not in refusal(tmp_path, **{variable: value})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OBJECT_STORE_URL", "s3://KEY:SE%2FCRET+x@store:9000/photos?scheme=http&region=cn-1"),
        ("OBJECT_STORE_URL", "s3://KEY:SECRET@[::1]:9000/my-photos.2026?style=virtual"),
        ("BASE_URL", "https://巡检.example.com:8443/rounds/"),
        ("BASE_URL", "http://[::1]:8000"),
        ("DATABASE_URL", "postgresql://u:p%40ss@db:5432/roundbook?sslmode=require"),
        ("DATABASE_URL", "postgresql:///roundbook?host=/run/postgresql"),
        ("REDIS_URL", "rediss://:p@cache:6380/1"),
        ("REDIS_URL", "redis+unix:///run/redis.sock"),
        ("WEBHOOK_HOSTS", "bot.example.com, 10.0.0.7:8080 [::1]:9 ::1"),
        ("TRUSTED_PROXIES", "2"),
        ("HOST", "::1"),
        ("PUSH_PRIVATE_HOSTS", "0"),
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, variable: str, value: str) -> None:
    settings_from_env({"DATA_DIR": str(tmp_path), variable: value})


def test_the_empty_text_is_none_for_every_variable(tmp_path: Path) -> None:
    variables = """DATABASE_URL OBJECT_STORE_URL REDIS_URL BASE_URL SECRET_KEY SMTP_URL IMAP_URL
        MAIL_FROM PUSH_KEY PUSH_PRIVATE_HOSTS LABEL_FONT TRUSTED_PROXIES WEB_CONCURRENCY WEB_THREADS
        TLS_CERTIFICATE TLS_KEY WEBHOOK_HOSTS METRICS_TOKEN PROMETHEUS_MULTIPROC_DIR OIDC_ISSUER
        OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_NAME OIDC_MATCH_EMAIL OIDC_CREATE_PEOPLE HOST PORT"""
    kept = {"DATA_DIR": str(tmp_path)}
    nothing = settings_from_env(kept | dict.fromkeys(variables.split(), ""))
    assert nothing == settings_from_env(kept)


def test_an_issuer_needs_the_name_that_it_knows_us_by(tmp_path: Path) -> None:
    assert refusal(tmp_path, OIDC_ISSUER="https://sign-in.example.com").startswith("OIDC_CLIENT_ID")


def test_a_data_folder_that_is_a_file_or_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path, DATA_DIR=str(tmp_path / "file")).startswith("DATA_DIR: ")
    assert refusal(tmp_path, DATA_DIR=str(tmp_path / "file/below")).startswith("DATA_DIR: ")
    (tmp_path / "secret_key").mkdir()
    assert "secret_key" in refusal(tmp_path)


def test_certificate_and_key_must_belong_together(tmp_path: Path, tls_files: Path) -> None:
    there, key = str(tls_files / "certificate"), str(tls_files / "key")
    made = settings_from_env({"DATA_DIR": str(tmp_path), "TLS_CERTIFICATE": there, "TLS_KEY": key})
    assert (made.tls_certificate, made.tls_key) == (there, key)
    assert "belong together" in refusal(tmp_path, TLS_CERTIFICATE=there, TLS_KEY=there)
    assert refusal(tmp_path, TLS_KEY=key).startswith("TLS_CERTIFICATE: there is only a TLS_KEY")


@pytest.mark.parametrize(
    "name", ["a?b", "a%41b", "a#b", "a b+c", "会议室", "a@b:c", "%", "a?mode=ro&b"]
)
def test_the_database_lies_in_its_folder_whatever_the_folder_is_called(
    tmp_path: Path, name: str
) -> None:
    settings = settings_from_env({"DATA_DIR": str(tmp_path / name)})
    engine = sa.create_engine(settings.database_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE here (x)")
    engine.dispose()
    assert engine.url.database == str(tmp_path / name / "roundbook.sqlite3")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "roundbook.sqlite3").stat().st_size
