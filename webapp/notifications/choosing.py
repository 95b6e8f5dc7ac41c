"""How a person wants to hear of what he is told: by which channel, when, and what is gathered. Pure.

The app's list has every notice, always: it makes no noise, and what is somebody's duty is never kept
from him. E-mail and push are his own choice, by the group that a notice belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

Group = Literal["round", "cases", "clocks", "money", "team"]
ByMail = Literal["now", "digest", "off"]
Every = Literal["day", "week"]
GROUPS: tuple[Group, ...] = get_args(Group)
BY_MAIL: tuple[ByMail, ...] = get_args(ByMail)
EVERY: tuple[Every, ...] = get_args(Every)

# Every kind of notice, by the group that a person chooses for; a test holds that none is missing.
GROUP_OF: Mapping[str, Group] = {
    "remind": "round",
    "escalate": "round",
    "sent_back": "round",
    "round_ready": "round",
    "report_confirmed": "round",
    "report_commented": "round",
    "case_opened": "cases",
    "case_assigned": "cases",
    "case_answered": "cases",
    "case_said": "cases",
    "case_reopened": "cases",
    "case_warning": "clocks",
    "case_breach": "clocks",
    "case_escalation": "clocks",
    "quote_sent": "money",
    "quote_approved": "money",
    "quote_declined": "money",
    "quote_ends_soon": "money",
    "quote_expired": "money",
    "hours_low": "money",
    "hours_used_up": "money",
    "hours_after_confirming": "money",
    "hours_planned": "team",
    "hours_withdrawn": "team",
    "loan_overdue": "team",
    "stand_in_begins": "team",
    "stand_in_ends": "team",
    "manual_to_read": "team",
    "stock_low": "team",
    "quality_check_soon": "team",
    "quality_check_overdue": "team",
    "quality_action_soon": "team",
    "quality_action_overdue": "team",
    "mail_failed": "team",
    "webhook_off": "team",
    "mail_to_sort": "cases",
}
# Told by the app and by push alone: one is of a mail that failed, the other's mail has a link of its own.
NEVER_MAILED = frozenset({"mail_failed", "quote_sent"})


def group_of(kind: str) -> Group:
    """The group of a kind; one that nobody has put anywhere is told like the team's matters."""
    return GROUP_OF.get(kind, "team")


@dataclass(frozen=True, slots=True)
class Choice:
    """What one person has chosen; without a word from him, everything comes at once.

    ``mail`` and ``push`` are by group. From ``quiet_from`` to ``quiet_to`` (local times, over midnight
    too; None or equal: never) nothing comes but what is ``urgent``, if ``urgent_through``. The digest
    comes every day, or in the week on ``digest_weekday`` (0 is Monday), at ``digest_hour``.
    """

    mail: Mapping[str, str] = field(default_factory=dict)
    push: Mapping[str, bool] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_to: time | None = None
    urgent_through: bool = True
    digest_every: Every = "day"
    digest_weekday: int = 0
    digest_hour: int = 8

    def by_mail(self, group: Group) -> ByMail:
        """Whether what belongs to a group is mailed at once, gathered in the digest, or not at all."""
        chosen = self.mail.get(group, "now")
        return chosen if chosen in BY_MAIL else "now"

    def by_push(self, group: Group) -> bool:
        """Whether it is pushed to the devices that he has set up for it."""
        return self.push.get(group, True)


STANDARD = Choice()


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one notice: when it is mailed and pushed (UTC; None: not), and whether the digest has it.

    A time that is the present one means at once. The app has it in any case.
    """

    mail_at: datetime | None
    push_at: datetime | None
    digest: bool


def plan(kind: str, choice: Choice, now: datetime, zone: str, *, urgent: bool = False) -> Plan:
    """By which channels a notice goes to a person, and when.

    What is urgent (a fault of severity 1) is never kept for the digest.

    :param zone: of the contract that the notice is about, by which his quiet hours are reckoned
    """
    group = group_of(kind)
    way = choice.by_mail(group)
    if kind in NEVER_MAILED:
        way = "off"
    elif way == "digest" and urgent:
        way = "now"
    at = now if urgent and choice.urgent_through else after_quiet_hours(choice, now, zone)
    return Plan(
        mail_at=at if way == "now" else None,
        push_at=at if choice.by_push(group) else None,
        digest=way == "digest",
    )


def after_quiet_hours(choice: Choice, now: datetime, zone: str) -> datetime:
    """When a person may be disturbed: now, or at the end of the quiet hours that it is in."""
    begin, end = choice.quiet_from, choice.quiet_to
    if begin is None or end is None or begin == end:
        return now
    there = now.astimezone(ZoneInfo(zone))
    clock = there.time().replace(tzinfo=None)
    over_midnight = begin > end
    if not (clock >= begin or clock < end if over_midnight else begin <= clock < end):
        return now
    day = there.date() + timedelta(days=1) if over_midnight and clock >= begin else there.date()
    return max(now, datetime.combine(day, end, there.tzinfo).astimezone(now.tzinfo))


def last_digest_at(choice: Choice, now: datetime, zone: str) -> datetime:
    """The latest moment, not after ``now``, at which a person's digest falls due.

    What was told before it and is not gathered yet belongs into the digest of that moment; so a server
    that was down then makes up for it.
    """
    there = now.astimezone(ZoneInfo(zone))
    day = there.date()
    if choice.digest_every == "week":
        day -= timedelta(days=(day.weekday() - choice.digest_weekday) % 7)
    moment = datetime.combine(day, time(choice.digest_hour), there.tzinfo)
    if moment > there:
        moment -= timedelta(days=7 if choice.digest_every == "week" else 1)
    return moment.astimezone(now.tzinfo)


def clock_of(text: str | None) -> time | None:
    """A stored ``HH:MM`` as a time of day."""
    return time.fromisoformat(text) if text else None


def choice_of(row: Mapping[str, Any] | None) -> Choice:
    """The choice that a stored row stands for; :data:`STANDARD` where there is none."""
    if row is None:
        return STANDARD
    return Choice(
        mail=row["mail"],
        push=row["push"],
        quiet_from=clock_of(row["quiet_from"]),
        quiet_to=clock_of(row["quiet_to"]),
        urgent_through=row["urgent_through"],
        digest_every=row["digest_every"],
        digest_weekday=row["digest_weekday"],
        digest_hour=row["digest_hour"],
    )
