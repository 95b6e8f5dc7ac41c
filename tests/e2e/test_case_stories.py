"""Cases from their opening to their end, by both sides: the provider reads Chinese, the client English."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server, copy_of
from tools.check_catalogues import TEXTS, read_texts

Open = Callable[..., BrowserContext]
Fields = dict[str, str]

IN_TEN_DAYS = date.today() + timedelta(days=10)  # noqa: DTZ011 - far from any midnight
EVENING = {"from_at": f"{IN_TEN_DAYS}T19:00", "to_at": f"{IN_TEN_DAYS}T21:00"}


@dataclass
class Story:
    """Who opens a case and what he gives; then step by step: who, what he does, the state after, what he gives."""

    kind: str
    by: str
    opening: Fields
    steps: list[tuple[str, str, str, Fields]]


# Clauses 37-39 · 23-24 · 46 and 48 · 22 · 32-36 · 12 · 13.
STORIES = {
    "a fault": Story(
        "fault",
        "client",
        {},
        [
            ("provider", "take_over", "taken", {}),
            ("provider", "arrive", "on_site", {}),
            ("provider", "explain", "explained", {"cause": "灯泡老化", "plan": "更换灯泡"}),
            ("provider", "solve", "solved", {"cause": "灯泡老化", "solution": "已更换灯泡"}),
            ("client", "reopen", "declared", {"text": "Dark again after an hour"}),
            ("provider", "take_over", "taken", {}),
            ("provider", "solve", "solved", {"cause": "电源板", "solution": "已更换电源板"}),
            ("client", "close", "closed", {"rating": "4"}),
        ],
    ),
    "work after hours": Story(
        "after_hours",
        "client",
        {"occasion": "event", **EVENING},
        [
            ("provider", "plan", "planned", {"owner": "李明"}),
            ("provider", "finish", "done", {"done": "全程保障，无异常"}),
            ("client", "confirm", "confirmed", {"rating": "5"}),
        ],
    ),
    "a complaint": Story(
        "complaint",
        "client",
        {},
        [
            ("provider", "acknowledge", "acknowledged", {}),
            ("provider", "confirm", "confirmed", {"finding": "属实", "justified": "yes"}),
            ("provider", "correct", "corrected", {"measures": "会前半小时专人检查"}),
            ("provider", "answer", "answered", {"answer": "已安排，见附表"}),
            ("client", "close", "closed", {"rating": "5"}),
        ],
    ),
    "a change": Story(
        "change",
        "client",
        {"category": "installation"},
        [
            ("provider", "survey", "surveyed", {"finding": "墙面可承重"}),
            ("provider", "quote", "quoted", {}),
            ("client", "approve", "approved", {}),
            ("provider", "plan", "planned", EVENING),
            ("provider", "execute", "executed", {"done": "已安装并测试"}),
            ("client", "redo", "planned", {"text": "The cable hangs loose"}),
            ("provider", "execute", "executed", {"done": "线缆已固定"}),
            ("client", "accept", "accepted", {"rating": "4"}),
        ],
    ),
    "a repair in warranty": Story(
        "repair",
        "provider",
        {"way": "warranty", "origin": "domestic"},
        [
            ("provider", "send", "sent", {"waybill": "SF123"}),
            ("provider", "arrive_factory", "at_factory", {}),
            (
                "client",
                "consent",
                "at_factory",
                {"expected_on": str(IN_TEN_DAYS), "text": "Agreed"},
            ),
            ("provider", "return", "returned", {}),
            ("provider", "put_in_service", "in_service", {"solution": "更换主板"}),
            ("provider", "report", "reported", {"report": "试运行一周正常"}),
        ],
    ),
    "a repair that the client pays": Story(
        "repair",
        "provider",
        {"way": "paid"},
        [
            ("provider", "ask_vendor", "vendor_asked", {"vendor": "爱普生"}),
            ("client", "approve", "approved", {}),
            ("provider", "send", "sent", {}),
            ("provider", "return", "returned", {}),
            ("provider", "put_in_service", "in_service", {"solution": "更换光学组件"}),
        ],
    ),
    "a proposal": Story(
        "proposal",
        "provider",
        {},
        [
            ("provider", "submit", "submitted", {"proposal": "统一更换为无线话筒"}),
            ("client", "adopt", "adopted", {}),
        ],
    ),
    "a training": Story(
        "training",
        "provider",
        {"from_at": EVENING["from_at"], "audience": "各部门秘书"},
        [("provider", "hold", "held", {"people": "12", "done": "ClickShare 使用"})],
    ),
}


class Side:
    """One of the two sides at a desk, with the words that stand on its screens."""

    def __init__(self, page: Page, server: Server, login: str, language: str) -> None:
        self.page, self.url = page, server.url
        self.words = read_texts(TEXTS / language / "desk_cases.ts")
        page.emulate_media(reduced_motion="reduce")
        sign_in(page, server, login)
        kept = json.dumps({"language": language, "theme": "system"})
        page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)

    def open(self, kind: str, title: str, fields: Fields) -> str:
        """Open a case, and give its name."""
        self.page.goto(f"{self.url}/desk/cases")
        self.page.get_by_role("button", name=self.words["case.new"], exact=True).click()
        sheet = self.page.get_by_role("dialog")
        sheet.get_by_label(self._label("case.kind")).select_option(kind)
        self._fill(sheet, {"title": title, **fields})
        sheet.get_by_role("button", name=self.words["case.new"], exact=True).click()
        head = self.page.locator("div.detail header")
        expect(head.get_by_role("heading", name=title)).to_be_visible()
        return head.locator("p").first.inner_text().split()[0]

    def take(self, name: str, step: str, state: str, fields: Fields) -> None:
        """Take a step of a case that is shown anew, and see what it has become."""
        self.page.goto(f"{self.url}/desk/cases/{name}")
        detail = self.page.locator("div.detail")
        doing = self.words[f"case.step_{step}"]
        actions = detail.locator(".actions").first
        expect(actions).to_be_visible()
        button = actions.get_by_role("button", name=doing, exact=True)
        if button.count() == 0 or not button.first.is_visible():
            detail.get_by_role("button", name=self.words["case.more_steps"], exact=True).click()
        button.first.click()
        sheet = self.page.get_by_role("dialog")
        self._fill(sheet, fields)
        # Its cross may be called the same: Close.
        sheet.locator("button[type=submit]").and_(sheet.get_by_role("button", name=doing)).click()
        expect(sheet).to_have_count(0)
        self.sees(state)

    def sees(self, state: str) -> None:
        """The open case is in this state."""
        told = self.page.locator("div.detail header .cluster")
        expect(told).to_contain_text(self.words[f"case.state_{state}"])

    def _fill(self, sheet: Locator, fields: Fields) -> None:
        for key, value in fields.items():
            control = sheet.get_by_label(self._label(f"case.field_{key}"))
            is_list = control.evaluate("one => one.tagName") == "SELECT"
            control.select_option(value) if is_list else control.fill(value)

    def _label(self, key: str) -> re.Pattern[str]:
        return re.compile(rf"^\s*{re.escape(self.words[key])}")


@pytest.fixture(scope="module")
def server(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all stories: each has a case of its own."""
    folder = tmp_path_factory.mktemp("stories") / "data"
    running = Server(copy_of(demo_template, folder)).start()
    yield running
    running.kill()


@pytest.mark.parametrize(
    "story", STORIES.values(), ids=[name.replace(" ", "-") for name in STORIES]
)
def test_a_case_goes_from_hand_to_hand_until_its_end(
    story: Story, server: Server, open_context: Open
) -> None:
    pages = {"provider": ("wang", "zh"), "client": ("zhou", "en")}
    sides = {
        side: Side(open_context(phone=False).new_page(), server, login, language)
        for side, (login, language) in pages.items()
    }
    name = sides[story.by].open(story.kind, f"Story of {story.kind}", story.opening)
    for side, step, state, fields in story.steps:
        sides[side].take(name, step, state, fields)
    for reader in sides.values():
        reader.page.goto(f"{reader.url}/desk/cases/{name}")
        reader.sees(story.steps[-1][2])
        # Each step stands in the story, in the words of whoever reads it.
        told = reader.page.locator("div.detail").inner_text()
        assert [
            step for _, step, _, _ in story.steps if reader.words[f"case.step_{step}"] not in told
        ] == []
        assert re.findall(r"\bcase\.\w+", told) == []
        assert axe_violations(reader.page) == []
