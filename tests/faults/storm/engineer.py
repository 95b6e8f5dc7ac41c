"""An engineer in a storm: works on, whatever his phone, the network or the server do."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from tests.faults.engineer import NodePhone, PhoneError, coded, photo_bytes
from tests.faults.storm.plan import Deed
from webapp.db import now_utc

# What a finished inspection's photo may be on the phone, other than taken back out of it.
LISTED = {"waiting", "sent", "refused", "damaged", "gone"}
HOUR_MS = 3_600_000
RUNS_TO_REST = 60
UNAUTHENTICATED = 401


@dataclass
class Engineer:
    """One phone in one person's hand; ``salt`` makes its photos unlike all others."""

    phone: NodePhone
    login: str
    salt: int
    done: Counter[str] = field(default_factory=Counter)
    _signed_in: bool = False
    _under_way: list[int] = field(default_factory=list)
    _mine: list[dict[str, Any]] = field(default_factory=list)
    _acts: list[str] = field(default_factory=list)
    _tasks: list[int] = field(default_factory=list)
    _pictures: count[int] = field(default_factory=count)

    def begin(self) -> None:
        """Sign in, and have the round on the phone."""
        self._sign_in()
        assert self.phone.sync()["ok"]
        self._tasks = self.phone.ask("tasks")

    def work(self, deeds: tuple[Deed, ...]) -> None:
        """Do these, one after another; then wait for what was begun besides."""
        for deed in deeds:
            if not self._signed_in:
                self._sign_in()
            if getattr(self, f"_{deed.what}")(deed) is not False:
                self.done[deed.what] += 1
        self._end_all()

    def _sign_in(self) -> None:
        """As a person does: it may fail, and is tried again later."""
        self._end_all()
        try:
            self.phone.sign_in(self.login)
            self._signed_in = True
        except PhoneError:
            self._signed_in = False
        if self._tasks:
            self._adopt()

    # What can be done on the phone.

    def _pick(self, deed: Deed, among: list[Any]) -> Any:
        return among[int(deed.draw * len(among))]

    def _photos(self, deed: Deed) -> list[bytes]:
        return [photo_bytes(self.salt + next(self._pictures), length) for length in deed.photos]

    def _save(self, deed: Deed) -> None:
        task = self._pick(deed, self._tasks)
        self._mine.append(self.phone.save(task, *self._photos(deed), remark=f"{deed.draw:.6f}"))

    def _amend(self, deed: Deed) -> bool:
        if not self._mine:
            return False
        uid = self._pick(deed, self._mine)["uid"]
        if uid not in self._uids():
            return False
        self._mine.append(self.phone.amend(uid, f"{deed.draw:.6f}", *self._photos(deed)))
        return True

    def _uids(self) -> set[str]:
        """The inspections that are finished; undoing may have made one a draft again."""
        return {record["uid"] for record in self.phone.ask("report")["records"]}

    def _undo(self, deed: Deed) -> bool:
        if not self._mine:
            return False
        last = self._mine[-1]
        undone = self.phone.ask("undo", uid=last["uid"])
        if undone is None:
            return False
        self._mine.pop()
        self.phone.told.saved.pop(undone["operation"])
        # An unsent signature over it goes along.
        for signature in undone["signatures"]:
            self.phone.told.saved.pop(signature, None)
        self.forget_photos(set(undone["photos"]))
        return True

    def _amend_and_undo(self, deed: Deed) -> bool:
        """While the sender is at work on what came before."""
        self._save(deed)
        self._sync_meanwhile(deed)
        time.sleep(deed.draw / 20)
        return self._amend(Deed("amend", 0.999999, deed.photos)) and self._undo(deed)

    def _sign(self, deed: Deed) -> bool:
        """The room that a task is in, where everything in it is finished as far as the phone knows."""
        try:
            self.phone.sign(self._pick(deed, self._tasks))
        except PhoneError as error:
            if "is not finished" not in str(error):
                raise
            return False
        return True

    def _scan(self, deed: Deed) -> None:
        scanned = self.phone.ask("scan", code=f"SCAN{deed.draw:.6f}", device=1)
        self.phone.told.save(scanned)

    def _photo(self, deed: Deed) -> None:
        """A photo into a draft, which stays one for now."""
        task = self._pick(deed, self._tasks)
        self.phone.ask("photo", task=task, bytes=coded(self._photos(Deed("", 0, (3000,))))[0])

    def _declare(self, deed: Deed) -> None:
        """A fault, of a device that a task is about."""
        self._act(
            "declare", deed, task=self._pick(deed, self._tasks), title=f"没有画面 {deed.draw:.6f}"
        )

    def _step(self, deed: Deed) -> bool:
        """Any step that a case which this phone knows has now, whoever else may take it meanwhile."""
        known = self.phone.ask("cases")
        return bool(known) and self._act("step", deed, uid=self._pick(deed, known), draw=deed.draw)

    def _act(self, what: str, deed: Deed, **given: Any) -> bool:
        saved = self.phone.ask(what, photos=coded(self._photos(deed)), **given)
        if saved is None:
            return False
        self.phone.told.save(saved)
        self._acts.append(saved["uid"])
        return True

    def _log_hours(self, deed: Deed) -> bool:
        """Of a day in the last four weeks; his other phone, which he forgot, may have them already."""
        [event] = self.phone.ask("cases", after_hours=True)
        minute = int(deed.draw * 28 * 24) * 60
        began = now_utc() - timedelta(days=30) + timedelta(minutes=minute)
        given = {"day": f"{began:%Y-%m-%d}", "begin": f"{began:%H:%M}"}
        ended = began + timedelta(minutes=45)
        hours = given | {"end": f"{ended:%H:%M}", "break": "", "note": f"{deed.draw:.6f}"}
        try:
            saved = self.phone.ask("work", uid=event, **hours)
        except PhoneError as error:
            if "can't be logged" not in str(error):
                raise
            return False
        self.phone.told.save(saved)
        self._acts.append(saved["uid"])
        return True

    def _undo_case(self, deed: Deed) -> bool:
        if not self._acts:
            return False
        undone = self.phone.ask("undo_case", uid=self._acts[-1])
        if undone is None:
            return False
        self._acts.pop()
        self.phone.told.saved.pop(undone["operation"])
        self.forget_photos(set(undone["photos"]))
        return True

    def _killed_while_declaring(self, deed: Deed) -> None:
        task = self._pick(deed, self._tasks)
        title = f"断电 {deed.draw:.6f}"
        self.phone.begin("declare", task=task, title=title, photos=coded(self._photos(deed)))
        time.sleep(deed.draw / 25)
        self._crash()

    def _sync(self, deed: Deed) -> None:
        self._note(self.phone.sync(parallel=1 + int(deed.draw * 4)))

    def _sync_meanwhile(self, deed: Deed) -> None:
        """Send while the engineer goes on; what he may still undo waits, or goes at once."""
        self._under_way.append(self.phone.begin("sync", everything=deed.draw < 0.5))

    def _worker(self, deed: Deed) -> None:
        self._under_way.append(self.phone.begin("worker"))

    def _restart(self, deed: Deed) -> None:
        self._end_all()
        self._crash()

    def _killed_while_saving(self, deed: Deed) -> None:
        task = self._pick(deed, self._tasks)
        self.phone.begin("save", task=task, photos=coded(self._photos(deed)), remark="")
        time.sleep(deed.draw / 25)
        self._crash()

    def _killed_while_sending(self, deed: Deed) -> None:
        self.phone.begin("sync")
        time.sleep(deed.draw / 5)
        self._crash()

    def _set_clock(self, deed: Deed) -> None:
        """Up to a year ahead or back."""
        self.phone.ask("set_clock", offset_ms=int((deed.draw - 0.5) * 2 * 8760) * HOUR_MS)

    def _forget_session(self, deed: Deed) -> None:
        self._end_all()
        self.phone.ask("forget_session")

    def _crash(self) -> None:
        """The app is gone, with all that it had begun; then it is opened on its disk."""
        self._under_way.clear()
        self.phone.ask("crash")
        self.phone.ask("open")
        self._adopt()

    def _adopt(self) -> None:
        """What the disk lists as finished was saved, though nobody may have seen it say so."""
        report, told = self.phone.look(), self.phone.told
        told.saved |= {one["id"]: one["hash"] for one in report["operations"]}
        listed = [photo for photo in report["photos"] if photo["state"] in LISTED]
        told.saved_photos |= {photo["id"]: photo["sha256"] for photo in listed}

    def _end_all(self) -> None:
        for number in self._under_way:
            # What the service worker could not send it reports as a failure, to be woken again.
            with suppress(PhoneError):
                self._note(self.phone.end(number))
        self._under_way.clear()

    def _note(self, result: dict[str, Any] | None) -> None:
        failure = (result or {}).get("failure") or {}
        if failure.get("status") == UNAUTHENTICATED:
            self._signed_in = False

    def forget_photos(self, ids: set[str]) -> None:
        """They need not be on the server."""
        for uid in ids:
            self.phone.told.saved_photos.pop(uid, None)

    # What the oracle asks.

    def look(self) -> set[str]:
        """Note what the phone believes; gives the photos that its last word leaves out."""
        report = self.phone.look()
        return {photo["id"] for photo in report["photos"] if photo["state"] not in LISTED}

    def rest(self) -> None:
        """Send until nothing is left, signing in where that is wanted."""
        self.phone.ask("set_clock", offset_ms=0)
        for _ in range(RUNS_TO_REST):
            if not self._signed_in:
                self._sign_in()
            result = self.phone.sync()
            self._note(result)
            left = self._left()
            if result["ok"] and not left:
                return
            time.sleep(min((result["failure"] or {}).get("wait_seconds") or 0.2, 3))
        raise AssertionError(f"{self.login}'s phone did not come to rest: {result} {left[:5]}")

    def _left(self) -> list[dict[str, Any]]:
        report = self.phone.look()
        operations = [one for one in report["operations"] if one["state"] != "done"]
        return operations + [one for one in report["photos"] if one["state"] in LISTED - {"sent"}]
