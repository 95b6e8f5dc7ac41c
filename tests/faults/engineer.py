"""Engineers with their phones: the client's own code in Node, and a plain one that speaks the wire.

``NodePhone`` is what the fault suite and the storm drive: drafts, outbox, sender and pull are the
client's, on a fake IndexedDB. ``WirePhone`` says word for word what a test wants to be said.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import queue
import random
import subprocess
import threading
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests import factories
from tests.faults.oracle import Told
from tests.sync.phone import Operation, digest, picture
from tools.client import CLIENT, environment_with_node

_ANSWER_SECONDS = 90.0
_JPEG = picture(side=8)


def build_phone(folder: Path) -> Path:
    """The phone's program as one file: the client's sources, as they are now."""
    script = folder / "phone.mjs"
    command = ["node_modules/.bin/rolldown", "testing/phone.ts", "-o", str(script)]
    command += ["--platform", "node", "--format", "esm"]
    # What the client's own build writes into its sources.
    command += ["--banner", "globalThis.__APP_VERSION__ = 'faults';"]
    subprocess.run(
        command,
        cwd=CLIENT,
        env=environment_with_node(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    return script


def photo_bytes(seed: int, length: int = 3000) -> bytes:
    """A picture that every reader can open, with bytes behind its end that are like no other's."""
    return _JPEG + random.Random(seed).randbytes(length)


def coded(photos: Iterable[bytes]) -> list[str]:
    """Pictures as a phone's command takes them."""
    return [base64.b64encode(data).decode() for data in photos]


def address_of(login: str) -> str:
    """Where a person signs in from: each contract at a place of its own, as the limiter expects."""
    number = zlib.crc32(login.rpartition(".")[2].encode()) % 65_000
    return f"10.0.{number // 250}.{number % 250}"


class PhoneError(Exception):
    """What the phone's own code threw."""


class NodePhone:
    """One phone; its disk lives as long as its process."""

    def __init__(self, script: Path, server: str) -> None:
        self.told = Told()
        self._number = 0
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._process = subprocess.Popen(
            ["node", str(script)],
            env=environment_with_node(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ask("connect", server=server)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            answer = json.loads(line)
            self._answers[answer["n"]].put(answer)

    def begin(self, do: str, **given: Any) -> int:
        """Ask for something without waiting for it; the number is for ``end``."""
        assert self._process.stdin
        self._number += 1
        self._answers[self._number] = queue.SimpleQueue()
        self._process.stdin.write(json.dumps({"n": self._number, "do": do, **given}) + "\n")
        self._process.stdin.flush()
        return self._number

    def end(self, number: int) -> Any:
        """The answer. :raise PhoneError: what the phone's code threw"""
        answer = self._answers[number].get(timeout=_ANSWER_SECONDS)
        del self._answers[number]
        if "error" in answer:
            raise PhoneError(answer["error"])
        return answer["answer"]

    def ask(self, do: str, **given: Any) -> Any:
        """Ask for something and wait for the answer."""
        return self.end(self.begin(do, **given))

    def sign_in(self, login: str, password: str = factories.PASSWORD) -> Any:
        """Sign in and open the app."""
        return self.ask("sign_in", login=login, password=password, address=address_of(login))

    def save(self, task: int, *photos: bytes, remark: str = "") -> dict[str, Any]:
        """Inspect a device; what the screen said "saved" of is noted for the oracle."""
        saved: dict[str, Any] = self.ask("save", task=task, photos=coded(photos), remark=remark)
        self.told.save(saved)
        return saved

    def amend(self, uid: str, remark: str, *photos: bytes) -> dict[str, Any]:
        """Amend an inspection."""
        saved: dict[str, Any] = self.ask("amend", uid=uid, remark=remark, photos=coded(photos))
        self.told.save(saved)
        return saved

    def sign(self, task: int) -> dict[str, Any]:
        """Sign the self-check of the room that a task is in; everything in it is finished."""
        saved: dict[str, Any] = self.ask("sign", task=task)
        self.told.save(saved)
        return saved

    def sync(self, **options: Any) -> dict[str, Any]:
        """One run of the sender."""
        result: dict[str, Any] = self.ask("sync", **options)
        return result

    def look(self) -> dict[str, Any]:
        """What the phone has and believes; noted for the oracle."""
        report: dict[str, Any] = self.ask("report")
        self.told.look(report)
        return report

    def settle(self, runs: int = 8) -> dict[str, Any]:
        """Send until nothing is left, on a network that is whole again."""
        for _ in range(runs):
            result = self.sync()
            report = self.look()
            left = [o for o in report["operations"] if o["state"] != "done"]
            left += [p for p in report["photos"] if p["state"] == "waiting"]
            if result["ok"] and not left:
                return report
        raise AssertionError(f"the phone did not come to rest: {result} {left}")

    def stop(self) -> None:
        """End the process; the disk is gone with it."""
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


Reply = tuple[int, dict[str, Any], http.client.HTTPMessage]


class WirePhone:
    """A phone as the server meets it, over real HTTP."""

    def __init__(self, port: int, contract: str = "HQ") -> None:
        self.port = port
        self.contract = contract
        self.cookie = ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One request on a connection of its own: status, JSON, headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {"Cookie": self.cookie, **headers}
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            data = answer.read()
            kind = answer.headers.get_content_type()
            return (
                answer.status,
                json.loads(data) if data and "json" in kind else {},
                answer.headers,
            )
        finally:
            connection.close()

    def sign_in(self, login: str, password: str = factories.PASSWORD) -> None:
        """Sign in."""
        body = {"login": login, "password": password}
        status, _, headers = self.post("/api/session", body, address_of(login))
        assert status == 200, status
        self.cookie = str(headers["Set-Cookie"]).partition(";")[0]

    def post(self, path: str, body: Any, address: str = "") -> Reply:
        """Send JSON, as from an address."""
        headers = {"Content-Type": "application/json"}
        if address:
            headers["X-Forwarded-For"] = address
        return self.ask("POST", path, json.dumps(body).encode(), **headers)

    def url(self, path: str) -> str:
        """A path of the contract."""
        return f"/api/contracts/{self.contract}/{path}"

    def push(self, *operations: Operation) -> Reply:
        """Push operations."""
        body = {"envelope": 1, "phone_id": "wire", "operations": list(operations)}
        return self.post(self.url("sync/push"), body)

    def results(self, *operations: Operation) -> list[str]:
        """Push operations, and give what became of each."""
        status, answer, _ = self.push(*operations)
        assert status == 200, answer
        return [row["result"] for row in answer["results"]]

    def put(self, uid: str, data: bytes, **headers: str) -> Reply:
        """Upload a photo's bytes."""
        sent = {"Repr-Digest": digest(data), "Content-Type": "image/jpeg", **headers}
        return self.ask("PUT", self.url(f"photos/{uid}"), data, **sent)


def told_of(operations: list[Operation], photos: dict[str, bytes]) -> Told:
    """What a plain phone was told when the server has acknowledged all of this."""
    hashes = {one["id"]: one["hash"] for one in operations}
    sums = {uid: hashlib.sha256(data).hexdigest() for uid, data in photos.items()}
    return Told(hashes, sums, hashes, sums)
