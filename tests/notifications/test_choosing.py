"""Which notice goes to whom by which channel, and when: the rule as a table, and what holds of it all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.cases.words import CLOCK_WORDS
from webapp.notifications.choosing import (
    BY_MAIL,
    EVERY,
    GROUP_OF,
    GROUPS,
    NEVER_MAILED,
    Choice,
    after_quiet_hours,
    last_digest_at,
    plan,
)
from webapp.notifications.rules import Language
from webapp.notifications.sentences import SENTENCES, sentence

ZONE = "Asia/Shanghai"
I18N = Path(__file__).parents[2] / "webapp/pwa/client/src/i18n"
NIGHT = {"quiet_from": time(22), "quiet_to": time(7)}


def at(text: str, zone: str = ZONE) -> datetime:
    """A local time as the server has it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


DAY, EVENING, SMALL_HOURS = at("2026-10-08 10:00"), at("2026-10-08 23:30"), at("2026-10-09 05:00")
MORNING = at("2026-10-09 07:00")


@pytest.mark.parametrize(
    ("kind", "urgent", "choice", "now", "mailed", "pushed", "gathered"),
    [
        # Nothing chosen: everything at once.
        ("case_assigned", False, {}, DAY, DAY, DAY, False),
        ("case_assigned", False, {}, EVENING, EVENING, EVENING, False),
        # By group and channel.
        ("case_assigned", False, {"mail": {"cases": "off"}}, DAY, None, DAY, False),
        ("case_assigned", False, {"mail": {"cases": "digest"}}, DAY, None, DAY, True),
        ("case_assigned", False, {"mail": {"clocks": "off"}}, DAY, DAY, DAY, False),
        ("case_assigned", False, {"push": {"cases": False}}, DAY, DAY, None, False),
        ("remind", False, {"mail": {"round": "digest"}, "push": {"round": False}}, DAY, None, None, True),
        # What has a mail of its own, or none, gets no second one, nor a line in the digest.
        ("quote_sent", False, {"mail": {"money": "digest"}}, DAY, None, DAY, False),
        ("mail_failed", False, {}, DAY, None, DAY, False),
        # Quiet hours hold both until their end, over midnight too.
        ("case_breach", False, NIGHT, DAY, DAY, DAY, False),
        ("case_breach", False, NIGHT, EVENING, MORNING, MORNING, False),
        ("case_breach", False, NIGHT, SMALL_HOURS, MORNING, MORNING, False),
        ("case_breach", False, NIGHT, MORNING, MORNING, MORNING, False),
        ("case_breach", False, NIGHT | {"mail": {"clocks": "digest"}}, EVENING, None, MORNING, True),
        # Severity 1 goes through where he lets it, and waits for no digest.
        ("case_opened", True, NIGHT, EVENING, EVENING, EVENING, False),
        ("case_opened", True, NIGHT | {"urgent_through": False}, EVENING, MORNING, MORNING, False),
        ("case_opened", True, {"mail": {"cases": "digest"}}, DAY, DAY, DAY, False),
        ("case_opened", True, {"mail": {"cases": "off"}, "push": {"cases": False}}, DAY, None, None, False),
        # A kind that nobody has put into a group is the team's.
        ("something_new", False, {"mail": {"team": "off"}}, DAY, None, DAY, False),
    ],
)  # fmt: skip
def test_what_becomes_of_a_notice(
    kind: str,
    urgent: bool,
    choice: dict,
    now: datetime,
    mailed: datetime | None,
    pushed: datetime | None,
    gathered: bool,
) -> None:
    found = plan(kind, Choice(**choice), now, ZONE, urgent=urgent)
    assert (found.mail_at, found.push_at, found.digest) == (mailed, pushed, gathered)


@pytest.mark.parametrize(
    ("begin", "end", "now", "free"),
    [
        ("12:00", "14:00", "2026-10-08 13:59", "2026-10-08 14:00"),
        ("12:00", "14:00", "2026-10-08 14:00", "2026-10-08 14:00"),
        ("12:00", "14:00", "2026-10-08 11:59", "2026-10-08 11:59"),
        ("22:00", "22:00", "2026-10-08 22:00", "2026-10-08 22:00"),
        ("22:00", "00:00", "2026-10-08 23:59", "2026-10-09 00:00"),
        ("00:00", "07:00", "2026-10-08 00:00", "2026-10-08 07:00"),
        ("22:00", "07:00", "2026-12-31 22:00", "2027-01-01 07:00"),
    ],
)
def test_quiet_hours_end_by_the_contracts_clock(begin: str, end: str, now: str, free: str) -> None:
    choice = Choice(quiet_from=time.fromisoformat(begin), quiet_to=time.fromisoformat(end))
    assert after_quiet_hours(choice, at(now), ZONE) == at(free)


def test_a_night_in_which_the_clocks_change_still_ends_in_the_morning() -> None:
    choice = Choice(**NIGHT)  # type: ignore[arg-type]
    for night in ("2026-03-28 23:00", "2026-10-24 23:00"):
        free = after_quiet_hours(choice, at(night, "Europe/Berlin"), "Europe/Berlin")
        assert free.astimezone(ZoneInfo("Europe/Berlin")).hour == 7


@pytest.mark.parametrize(
    ("choice", "now", "moment"),
    [
        ({}, "2026-10-08 08:00", "2026-10-08 08:00"),
        ({}, "2026-10-08 07:59", "2026-10-07 08:00"),
        ({"digest_hour": 18}, "2026-10-08 20:00", "2026-10-08 18:00"),
        # 8 October 2026 is a Thursday.
        ({"digest_every": "week"}, "2026-10-08 20:00", "2026-10-05 08:00"),
        ({"digest_every": "week", "digest_weekday": 3}, "2026-10-08 08:00", "2026-10-08 08:00"),
        ({"digest_every": "week", "digest_weekday": 3}, "2026-10-08 07:00", "2026-10-01 08:00"),
        ({"digest_every": "week", "digest_weekday": 6}, "2026-10-08 20:00", "2026-10-04 08:00"),
    ],
)
def test_a_digest_falls_due_at_its_hour(choice: dict, now: str, moment: str) -> None:
    assert last_digest_at(Choice(**choice), at(now), ZONE) == at(moment)


choices = st.builds(
    Choice,
    mail=st.dictionaries(st.sampled_from(GROUPS), st.sampled_from(BY_MAIL)),
    push=st.dictionaries(st.sampled_from(GROUPS), st.booleans()),
    quiet_from=st.times() | st.none(),
    quiet_to=st.times() | st.none(),
    urgent_through=st.booleans(),
    digest_every=st.sampled_from(EVERY),
    digest_weekday=st.integers(0, 6),
    digest_hour=st.integers(0, 23),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.sampled_from(sorted(GROUP_OF)), choices, moments, st.booleans())
def test_no_notice_waits_longer_than_a_day_nor_is_told_before_it_is_there(
    kind: str, choice: Choice, now: datetime, urgent: bool
) -> None:
    found = plan(kind, choice, now, ZONE, urgent=urgent)
    for moment in (found.mail_at, found.push_at):
        assert moment is None or now <= moment < now + timedelta(days=1)
    assert not (found.digest and found.mail_at), "one mail, not two"
    assert not (urgent and found.digest)
    digest_at = last_digest_at(choice, now, ZONE)
    assert digest_at <= now < digest_at + timedelta(days=7 if choice.digest_every == "week" else 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_push_and_a_digest_say_what_the_app_says(language: Language) -> None:
    text = (I18N / f"{language}/told.ts").read_text("utf-8")
    assert dict(re.findall(r'"notify\.(\w+)": "([^"]*)"', text)) == SENTENCES[language]


def test_every_kind_has_its_group() -> None:
    assert set(GROUP_OF) == set(SENTENCES["zh"]) - {"remind_all", "other"}
    assert set(GROUP_OF.values()) == set(GROUPS)
    assert set(GROUP_OF) >= NEVER_MAILED


def test_a_sentence_is_in_the_readers_words_and_fills_nothing_twice() -> None:
    details = {"name": "F-7", "title": "{due}", "clock": "response", "due": "10:00"}
    clock = CLOCK_WORDS["response"]
    assert (
        sentence("case_breach", details, "zh", CLOCK_WORDS)
        == f"F-7 {{due}}：{clock[0]}已超时（10:00）"
    )
    assert (
        sentence("case_breach", details, "en", CLOCK_WORDS)
        == f"F-7 {{due}}: {clock[1]} is overdue (10:00)"
    )
    left = {"month": "2026-10", "days_left": 1, "count": 1}
    assert sentence("remind", left, "zh") == "2026年10月巡检还剩 1 天：你还有 1 项待办"
    assert (
        sentence("remind", left, "en")
        == "Round of October 2026, 1 day left: 1 thing left for you to do"
    )
    assert sentence("never_heard_of", {}, "en") == "Something new"


@pytest.mark.parametrize(
    ("english", "zh", "en"),
    [
        (
            {"name_en": "Li Ming", "stand_in_en": "Wang Fang"},
            "王芳 代班 李明：1 至 2",
            "Wang Fang stands in for Li Ming, 1 to 2",
        ),
        # Nobody knows his English name; a notice of before held none at all.
        (
            {"name_en": "", "stand_in_en": "Wang Fang"},
            "王芳 代班 李明：1 至 2",
            "Wang Fang stands in for 李明, 1 to 2",
        ),
        ({}, "王芳 代班 李明：1 至 2", "王芳 stands in for 李明, 1 to 2"),
    ],
)
def test_people_are_named_in_the_readers_language(english: dict, zh: str, en: str) -> None:
    details = {"name": "李明", "stand_in": "王芳", "from": "1", "to": "2", **english}
    assert sentence("stand_in_begins", details, "zh") == zh
    assert sentence("stand_in_begins", details, "en") == en


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        ("CNY 999.00", "CNY 999.00"),
        ("CNY 1272.00", "CNY 1,272.00"),
        ("USD 123456.78", "USD 123,456.78"),
        ("CNY 90071992547409931.05", "CNY 90,071,992,547,409,931.05"),
        ("to be agreed", "to be agreed"),
    ],
)
def test_a_sum_stands_with_its_currency_and_its_thousands(total: str, shown: str) -> None:
    details = {"number": "Q1-1", "title": "1234.50", "name": "周敏", "total": total}
    assert sentence("quote_sent", details, "zh") == f"Q1-1 待您批准：1234.50（{shown}）"
    assert (
        sentence("quote_sent", details, "en") == f"Q1-1 waits for your approval: 1234.50 ({shown})"
    )
    assert sentence("quote_declined", details, "en") == f"周敏 has declined Q1-1 ({shown})"
