"""The knowledge base over HTTP: written, searched in Chinese too, offered to a fault, linked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.knowledge.models import Article

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
ARTICLES = f"{HQ}/articles"


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def device(contract: Contract) -> Device:
    room = factories.room(factories.building(contract))
    return factories.device(room, "microphone", name="话筒甲", model="ULXD4")


def written(browser: FlaskClient, status: int = 201, **more: Any) -> Any:
    body = {
        "uid": made.uid(),
        "title": "话筒有啸叫",
        "problem": "音量开大就叫",
        "cause": "增益过高，扬声器对着话筒",
        "solution": "降低增益 6 dB，打开反馈抑制",
        "device_types": ["microphone"],
        "models": ["ULXD4"],
        **more,
    }
    answer = browser.post(ARTICLES, json=body)
    assert answer.status_code == status, answer.data
    return answer.get_json()


def found(browser: FlaskClient, **query: Any) -> list[str]:
    answer = browser.get(ARTICLES, query_string=query)
    assert answer.status_code == 200, answer.data
    return [row["name"] for row in answer.get_json()["items"]]


def changed(browser: FlaskClient, status: int = 200, **more: Any) -> Any:
    body = {"title": "话筒有啸叫", "solution": "打开反馈抑制", "version": 1, **more}
    answer = browser.patch(f"{ARTICLES}/1", json=body)
    assert answer.status_code == status, answer.data
    return answer.get_json()


@pytest.fixture
def shelf(li: FlaskClient) -> FlaskClient:
    """Some articles: K1 of feedback, K2 of a projector, K3 of ClickShare."""
    written(li)
    written(
        li,
        title="投影机没有画面",
        problem="指示灯红",
        cause="灯泡到寿命",
        solution="更换灯泡并清零计时",
        device_types=["projector"],
        models=[],
    )
    written(
        li,
        title="ClickShare 断连",
        problem="投屏十分钟后断开，话筒正常",
        cause="固件 v02.20 的缺陷",
        solution="升级到 v02.21",
        device_types=["clickshare"],
        models=["CSE-200"],
    )
    return li


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("啸叫", ["K1"]),
        ("话筒啸叫", ["K1"]),
        ("投影无画面", ["K2"]),
        ("灯", ["K2"]),
        ("clickshare", ["K3"]),
        ("ＣｌｉｃｋＳｈａｒｅ　断连", ["K3"]),
        ("clickshare 啸叫", []),
        ("v02.21", ["K3"]),
        ("ulxd4", ["K1"]),
        ("话筒", ["K1", "K3"]),
        ("100%", []),
        ("_", []),
        ("，", []),
    ],
)
def test_a_question_finds_what_answers_it_best_first(
    shelf: FlaskClient, question: str, names: list[str]
) -> None:
    assert found(shelf, q=question) == names


def test_filters_sorts_and_files(shelf: FlaskClient) -> None:
    assert found(shelf, type="projector") == ["K2"]
    assert found(shelf, type="pro") == []
    assert found(shelf) == ["K3", "K2", "K1"]
    assert found(shelf, sort="number") == ["K1", "K2", "K3"]
    assert found(shelf, q="话筒", sort="-number") == ["K3", "K1"]
    text = shelf.get(f"{ARTICLES}.csv").text
    assert "更换灯泡并清零计时" in text
    assert "microphone" in text


def test_an_article_has_versions_and_two_who_change_it_are_told(
    shelf: FlaskClient, manager: User, signed_in: SignIn
) -> None:
    wang = signed_in(manager)
    article = changed(wang, note="补上步骤", device_types=["microphone"])
    assert (article["version"], article["author"]) == (2, "王建国")
    assert [version["number"] for version in article["versions"]] == [2, 1]
    assert article["versions"][1]["content"]["solution"] == "降低增益 6 dB，打开反馈抑制"
    assert changed(shelf, 409)["code"] == "article_changed"
    # The same again makes no version.
    assert changed(shelf, version=2, device_types=["microphone"])["version"] == 2
    assert found(shelf, q="降低增益") == []
    assert found(shelf, q="反馈抑制") == ["K1"]
    actions = list(
        db.session.scalars(
            sa.select(AuditRow.action).where(AuditRow.entity_id == "K1").order_by(AuditRow.id)
        )
    )
    assert actions == ["article_write", "article_change"]


def test_what_no_longer_holds_is_withdrawn_and_may_come_back(
    shelf: FlaskClient, manager: User, signed_in: SignIn
) -> None:
    assert shelf.post(f"{ARTICLES}/1/withdraw").status_code == 403
    wang = signed_in(manager)
    assert wang.post(f"{ARTICLES}/1/withdraw").get_json()["state"] == "withdrawn"
    assert found(shelf, q="啸叫") == []
    assert found(shelf, state="withdrawn") == ["K1"]
    assert changed(shelf, 409)["code"] == "article_withdrawn"
    assert wang.post(f"{ARTICLES}/1/restore").get_json()["state"] == "live"
    assert found(shelf, q="啸叫") == ["K1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"title": "x" * 201},
        {"solution": ""},
        {"problem": "x" * 4001},
        {"models": ["x"] * 21},
        {"uid": "x"},
        {"case": "F9"},
        {"colour": "red"},
    ],
)
def test_what_is_wrong_is_refused_and_nothing_kept(li: FlaskClient, wrong: dict[str, Any]) -> None:
    written(li, 422, **wrong)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0


def test_the_same_request_again_writes_nothing_new(li: FlaskClient) -> None:
    uid = made.uid()
    assert [written(li, uid=uid)["name"] for _ in range(2)] == ["K1", "K1"]


def test_a_solved_fault_becomes_an_article_and_the_next_is_offered_it(
    contract: Contract, engineer: User, device: Device, li: FlaskClient
) -> None:
    author = made.author(contract, engineer)
    first = made.opened(contract, author, title="话筒啸叫", device_id=device.id)
    made.taken(first, author, "take_over")
    made.taken(first, author, "solve", cause="增益过高", solution="降低增益")
    article = written(li, case="F1")
    assert (article["source"], [case["name"] for case in article["cases"]]) == ("F1", ["F1"])
    made.opened(contract, author, title="三号厅话筒乱叫", device_id=device.id)
    made.opened(contract, author, title="空调不冷")
    offered = li.get(f"{HQ}/cases/F2/articles").get_json()
    assert [one["name"] for one in offered["suggested"]] == ["K1"]
    assert li.get(f"{HQ}/cases/F3/articles").get_json()["suggested"] == []
    linked = li.put(f"{HQ}/cases/F2/articles/1").get_json()
    assert ([one["name"] for one in linked["linked"]], linked["suggested"]) == (["K1"], [])
    assert li.put(f"{HQ}/cases/F2/articles/1").status_code == 200
    assert li.get(f"{ARTICLES}/1").get_json()["uses"] == 2
    assert li.delete(f"{HQ}/cases/F2/articles/1").get_json()["linked"] == []
    assert li.delete(f"{HQ}/cases/F2/articles/9").status_code == 404


def test_the_client_reads_and_does_not_write(
    shelf: FlaskClient, it_lead: User, signed_in: SignIn
) -> None:
    chen = signed_in(it_lead)
    assert found(chen, q="啸叫") == ["K1"]
    assert chen.get(f"{ARTICLES}/1").get_json()["may_change"] is False
    written(chen, 403)
    changed(chen, 403)
    assert chen.post(f"{ARTICLES}/1/restore").status_code == 403


def test_strangers_find_nothing(shelf: FlaskClient, stranger: User, signed_in: SignIn) -> None:
    theirs = signed_in(stranger)
    for path in (ARTICLES, f"{ARTICLES}/1", f"{ARTICLES}.csv"):
        assert theirs.get(path).status_code == 404
    assert theirs.get("/api/contracts/OTHER/articles/1").status_code == 404


def test_list_article_and_offer_take_a_fixed_number_of_statements(
    contract: Contract,
    engineer: User,
    device: Device,
    shelf: FlaskClient,
    count_queries: Callable[[], int],
) -> None:
    made.opened(contract, made.author(contract, engineer), title="话筒啸叫", device_id=device.id)

    def asked() -> list[int]:
        counts = []
        for path in (f"{ARTICLES}?q=话筒", f"{ARTICLES}/1", f"{HQ}/cases/F1/articles"):
            count_queries()
            assert shelf.get(path).status_code == 200
            counts.append(count_queries())
        return counts

    shelf.put(f"{HQ}/cases/F1/articles/3")
    before = asked()
    for _ in range(4):
        written(shelf)
    for number in (1, 2):
        shelf.put(f"{HQ}/cases/F1/articles/{number}")
    assert asked() == before
