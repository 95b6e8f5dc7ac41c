"""The table of 23 attacks: each has its tests; and those answers that every endpoint has to give."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests import factories
from tests.rounds import made
from tests.security.calls import WITH, call, path_values, who_may
from tests.security.quality import new_check
from tests.security.quotes import new_quote
from tests.security.rules import ANYBODY, CONTRACT, RULES, SIGNED_IN
from tests.security.world import NOBODY, World, new_incoming, new_quarantined, worked
from tests.sync.phone import Phone, inspection
from webapp.db import unit_of_work
from webapp.estate.models import Building, Room
from webapp.extensions import limiter
from webapp.identity.models import Contract, User
from webapp.identity.rules import ADMINISTRATOR

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).parent / "README.md"
MARK = re.compile(r"mark\.attack\(([\d, ]+)\)")
FORMULAS = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "'=1", "=1+1"]
READS = sorted(path for method, path in RULES if method == "GET")
# Those whose body is JSON: not a photo's bytes, a register or a rescue file.
BYTES = (
    "/estate/import",
    "/photos/{photo_uid}",
    "/rescue",
    "/photos/{file_uid}",
    "/photos/{fault_photo_uid}",
    "/manuals",
    "/manuals/{manual_id}/versions",
    "/photos",
)
WRITES_JSON = sorted(
    key
    for key in WITH
    if key[0] != "GET" and not (key[0] in {"PUT", "POST"} and key[1].endswith(BYTES))
)
FORGED: list[dict[str, Any]] = [{"author_id": 1}, {"is_admin": True}, {"seq": 9}, {"role_": "x"}]
# What is reckoned over months, and mails, of which this contract has none.
OF_OTHER_MONTHS = re.compile(r"/figures|/forecast|/repeat-offenders|/mails")
# Lists of figures, dates and keys: nobody types what stands in them.
WITHOUT_FREE_TEXT = {
    "/checklists.csv",
    "/consumables.csv",
    "/devices/{device_id}/changes.csv",
    "/reports.csv",
    "/rounds.csv",
}
# What an old browser sends of a foreign page without asking us, nor saying where it comes from.
OF_FORMS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
]


def marked() -> dict[int, set[str]]:
    """The names of the tests that show the answer to each attack, from their marks."""
    found: dict[int, set[str]] = {}
    for file in TESTS.rglob("test_*.py"):
        numbers: list[int] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            mark = MARK.search(line)
            if mark and line.lstrip().startswith("@"):
                numbers += map(int, mark[1].split(","))
            name = re.match(r"def (test_\w+)", line)
            if name:
                for number in numbers:
                    found.setdefault(number, set()).add(name[1])
                numbers = []
    return found


def test_each_of_the_23_attacks_has_a_test_and_the_table_names_it() -> None:
    lines = re.findall(r"^\| (\d+) \|.*$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in lines] == list(range(1, 24))
    named = {
        int(number): set(re.findall(r"`(test_\w+)`", rest))
        for number, rest in re.findall(
            r"^\| (\d+) \|(.*)$", TABLE.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert named == marked()


@pytest.mark.attack(15)
@pytest.mark.parametrize(
    ("method", "path"), sorted(key for key in RULES if key[0] != "GET"), ids=" ".join
)
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_no_other_site_writes_anything(
    method: str, path: str, headers: dict[str, str], hq: World
) -> None:
    words = {"action": "finish", "step": "close", "quote": "Q1-1", "quote_token": "made-up"}
    url = path.format_map({**hq.names, **words} | dict.fromkeys(NUMBERS, 1))
    answer = hq.browser("project_manager").open(url, method=method, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


NUMBERS = (
    "member_id",
    "session_id",
    "user_id",
    "row_id",
    "other",
    "notification_id",
    "entry_id",
    "entry_number",
    "absence_id",
    "token_id",
    "passkey_id",
    "check_id",
    "action_id",
)


def send(hq: World, method: str, path: str, **change: Any) -> TestResponse:
    """A request that would succeed if ``change`` left its body and kind as they are."""
    rule = RULES[method, path]
    actor = who_may(rule) if "contract_code" in path else ADMINISTRATOR
    url = path.format_map(path_values(hq, path, actor, method))  # it may make what the body names
    body = WITH[method, path](hq).get("json", {}) | change.get("fields", {})
    return hq.browser(actor).open(
        url,
        method=method,
        data=json.dumps(body),
        content_type=change.get("kind", "application/json"),
    )


@pytest.mark.attack(16)
@pytest.mark.parametrize(("method", "path"), WRITES_JSON)
def test_no_endpoint_takes_a_field_that_it_does_not_name(method: str, path: str, hq: World) -> None:
    for forged in FORGED:
        answer = send(hq, method, path, fields=forged)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), forged
        assert next(iter(forged)) in answer.get_data(as_text=True)


@pytest.mark.attack(15)
@pytest.mark.parametrize(
    ("method", "path"),
    [*WRITES_JSON, *(("POST", CONTRACT + BYTES[0]), ("POST", CONTRACT + BYTES[2]))],
)
def test_what_a_foreign_form_can_send_is_taken_nowhere(method: str, path: str, hq: World) -> None:
    for kind in OF_FORMS:
        answer = send(hq, method, path, kind=kind)
        assert (answer.status_code, answer.get_json()["code"]) == (415, "not_json"), kind


@pytest.mark.attack(21)
@pytest.mark.parametrize("path", READS)
def test_a_shared_phone_keeps_no_answer(path: str, hq: World) -> None:
    rule = RULES["GET", path]
    actor = who_may(rule) if "contract_code" in path else ADMINISTRATOR
    answer = call(hq, hq.browser(actor), "GET", path, actor)
    assert answer.status_code == (302 if path.startswith("/api/sign-in/oidc") else 200)
    asks_each_time = "private, no-cache"
    assert answer.headers["Cache-Control"] in ("no-store", asks_each_time)
    # Behind a signed link there is no account that could have signed out.
    if answer.headers["Cache-Control"] == asks_each_time and not path.startswith("/api/links/"):
        mark = {"If-None-Match": answer.headers["ETag"]}
        url = answer.request.path
        assert hq.browser(NOBODY).get(url, headers=mark).status_code == 401


@pytest.mark.attack(13)
def test_guessing_from_one_address_is_throttled_whoever_is_guessed(hq: World) -> None:
    limiter.reset()
    browser = hq.browser(NOBODY)
    answers = [
        browser.post("/api/session", json={"login": f"guess{n}", "password": "x" * 8})
        for n in range(31)
    ]
    limiter.reset()
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert {answer.get_json()["code"] for answer in answers[:30]} == {"sign_in_failed"}


@pytest.mark.attack(23)
def test_a_stranger_reaches_nothing_but_the_sign_in_and_what_a_link_or_a_label_opens(
    hq: World,
) -> None:
    """A public form that comes needs a rule here, and its limits with it, as a label's has."""
    open_to_all = {key for key, rule in RULES.items() if rule == ANYBODY}
    by_link = {key for key in open_to_all if "token}" in key[1]}
    by_label = {key for key in open_to_all if key[1].startswith("/api/links/label/{code}")}
    signing_in = {key for key in open_to_all if key[1].startswith(("/api/session", "/api/sign-in"))}
    assert open_to_all == by_link | by_label | signing_in
    for method, path in by_link | by_label:
        kinds = ("token", "fault_token", "quote_token", "calendar_token")
        tokens = dict.fromkeys(kinds, "made-up")
        names = {**tokens, "code": "XXXXXXXX"}
        url = path.format_map({**hq.names, **names})
        make = WITH.get((method, path))
        answer = hq.app.test_client().open(url, method=method, **(make(hq) if make else {}))
        refusal = "label_unknown" if (method, path) in by_label else "link_invalid"
        assert (answer.status_code, answer.get_json()["code"]) == (404, refusal)
    assert SIGNED_IN != ANYBODY
    writing = [rule for rule in hq.app.url_map.iter_rules() if _writes(rule.methods)]
    outside = [rule.rule for rule in writing if not rule.rule.startswith("/api/")]
    assert outside == []


def _writes(methods: set[str] | None) -> bool:
    return bool({"POST", "PUT", "PATCH", "DELETE"} & (methods or set()))


def sow(hq: World) -> None:
    """Have formulas stand wherever somebody may write: in names, remarks, and what a phone tells."""
    for text in FORMULAS:
        factories.device(
            hq.names["room"],
            name=text,
            serial=text,
            remark=text,
            model=text,
            asset_number=made.uid(),
        )
    with unit_of_work() as session:
        session.get_one(User, hq.people["inspection_engineer"].id).name = FORMULAS[0]
        session.get_one(Room, hq.names["room_id"]).name_zh = FORMULAS[1]
        session.get_one(Contract, hq.contract.id).name_zh = FORMULAS[3]
        session.get_one(Building, hq.names["building_id"]).name_zh = FORMULAS[4]
    phone = Phone(hq.browser("inspection_engineer"), hq.code, FORMULAS[2])
    payload = made.visit(hq.names["round"], hq.names["second_device"], photos=[made.photo()])
    made.reading(payload, "image", "dim", "abnormal", cause=FORMULAS[3], remark=FORMULAS[0])
    phone.push(inspection(payload), app_version=FORMULAS[5])
    new_quarantined(hq)
    for text in FORMULAS:
        part = {"uid": made.uid(), "name": text}
        stock = f"{CONTRACT}/spare-parts".format_map(hq.names)
        assert hq.browser("project_manager").post(stock, json=part).status_code == 201
    moved = {"uid": made.uid(), "kind": "received", "quantity": 1, "note": FORMULAS[0]}
    moves = f"{CONTRACT}/spare-parts/{{part_id}}/movements".format_map(hq.names)
    assert hq.browser("project_manager").post(moves, json=moved).status_code == 201
    lent = {"uid": made.uid(), "what": FORMULAS[0]}
    loans = f"{CONTRACT}/cases/{{repair}}/loans".format_map(hq.names)
    assert hq.browser("project_manager").post(loans, json=lent).status_code == 201
    ledger = f"{CONTRACT}/cases/{{event}}/hours".format_map(hq.names)
    hours = {"uid": made.uid(), **worked(hq), "note": FORMULAS[0]}
    assert hq.browser("inspection_engineer").post(ledger, json=hours).status_code == 201
    article = {"uid": made.uid(), "title": FORMULAS[0], "solution": FORMULAS[1]}
    hq.browser("on_site_engineer").post(f"/api/contracts/{hq.code}/articles", json=article)
    new_quote(hq, title=FORMULAS[0])
    new_incoming(hq, FORMULAS[0])
    new_check(hq, "project_manager", title=FORMULAS[0])


@pytest.mark.attack(9)
def test_no_export_runs_a_formula(hq: World) -> None:
    sow(hq)
    manager = hq.browser("project_manager")
    base = CONTRACT.format_map(hq.names)
    book = manager.get(f"{base}/estate/export.xlsx").data
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/" in name]
        links = [name for name in archive.namelist() if "externalLink" in name]
    assert sheets
    assert links == []
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]
    texts = [path for path in READS if path.endswith(".csv")]
    assert len(texts) > 1
    without: set[str] = set()
    for path in texts:
        reader = manager if CONTRACT in path else hq.browser(ADMINISTRATOR)
        answer = reader.get(path.format_map(hq.names))
        assert answer.status_code == 200, path
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        cells = [cell for row in rows for cell in row]
        if not [cell for cell in cells if cell.removeprefix("'") in FORMULAS]:
            without.add(path.removeprefix(CONTRACT))
        assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
        assert [cell for cell in cells if re.match(r"-\D|-\d+[^\d.]", cell)] == []
    told = {path for path in without if not OF_OTHER_MONTHS.search(path)}
    assert told <= WITHOUT_FREE_TEXT, "nothing was sown there"


@pytest.mark.attack(9)
@pytest.mark.parametrize("text", ["a\0b", "a\x01b", "a\x1bb"])
def test_what_no_screen_can_show_is_never_stored(text: str, hq: World) -> None:
    url = f"{CONTRACT}/devices".format_map(hq.names)
    body = {"room_id": hq.names["room_id"], "type": "codec", "name": text}
    assert hq.browser("project_manager").post(url, json=body).status_code == 422
