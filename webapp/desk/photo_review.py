"""A supervisor accepts photos, or sends them back to their authors with words and marks (feature 5).

Several look at the same photos at once. Each word names the review that its reviewer saw, and
nothing that a colleague has said meanwhile is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.desk.photo_list import review_of
from webapp.errors import AppError
from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.rounds.models import Inspection, Photo, Round
from webapp.rounds.rules import TAKING

Found = Mapping[str, tuple[Photo, str, str | None]]


@dataclass(frozen=True)
class Review:
    """The supervisor's word on a photo; ``marks`` are drawn on it, in shares of its sides (0..1).

    ``seen_at`` is when the review that he saw was given, None for a photo that nobody had reviewed;
    ``unseen`` when he doesn't say: then only his own word, or none, may be in its place.
    """

    state: Literal["accepted", "returned", "none"]
    remark: str = ""
    marks: tuple[dict[str, Any], ...] = ()
    seen_at: datetime | Literal["unseen"] | None = "unseen"


@dataclass(frozen=True)
class Answer:
    """What came of one review: ``done``, ``unchanged``, or why not, by an error's code.

    ``shown`` is the word that now stands, as :func:`webapp.desk.photo_list.review_of` tells it.
    """

    uid: str
    result: str
    shown: dict[str, Any] | None = None


def review_photo(session: Session, access: Access, uid: str, review: Review, now: datetime) -> None:
    """Accept or return a photo, or take that back with ``none``.

    A returned one reaches its author by the next pull, until the round is accepted; one that is
    accepted afterwards leaves the author's list.

    :raise AppError: ``not_found``; ``photo_missing`` before its bytes have come; ``round_not_open``;
        ``photo_reviewed`` when a colleague has said something else meanwhile, with his name and word
    """
    (answer,) = review_photos(session, access, [(uid, review)], now)
    if answer.result in ("done", "unchanged"):
        return
    shown = answer.shown or {}
    details = {name: shown[name] for name in ("review", "reviewer") if name in shown}
    raise AppError(answer.result, **details)


def review_photos(
    session: Session, access: Access, reviews: Sequence[tuple[str, Review]], now: datetime
) -> list[Answer]:
    """Several photos' reviews at once, by uid; each has an answer, and one that fails spoils no other.

    A fixed number of statements, whatever their number. Of two words on one photo the first counts.
    """
    # Before the photos, as who sends them does: two that wait for each other would break both off.
    take_sequence(session, access.contract_id)
    found = _photos(session, access.contract_id, [uid for uid, _review in reviews])
    diffs: dict[str, dict[str, Any]] = {}
    answers = [_review(access, uid, review, found, diffs, now) for uid, review in reviews]
    audit.record_each(
        session,
        diffs,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action="review",
        entity="photo",
    )
    return answers


def _photos(session: Session, contract_id: int, uids: Sequence[str]) -> Found:
    """The photos with their round's state and their reviewer; locked in one order for all."""
    rows = session.execute(
        sa.select(Photo, Round.state)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(Photo.contract_id == contract_id, Photo.uid.in_(uids))
        .order_by(Photo.id)
        .with_for_update(of=Photo)
        # Another reviewer may have been waited for: what was read before is old.
        .execution_options(populate_existing=True)
    ).all()
    reviewers = {photo.reviewed_by_id for photo, _state in rows}
    people = session.execute(sa.select(User.id, User.name).where(User.id.in_(reviewers)))
    names: dict[int | None, str] = dict(people.all())
    return {photo.uid: (photo, state, names.get(photo.reviewed_by_id)) for photo, state in rows}


def _review(
    access: Access,
    uid: str,
    review: Review,
    found: Found,
    diffs: dict[str, dict[str, Any]],
    now: datetime,
) -> Answer:
    if uid not in found:
        return Answer(uid, "not_found")
    photo, round_state, reviewer = found[uid]
    if photo.received_at is None:
        return Answer(uid, "photo_missing")
    if round_state not in TAKING:
        return Answer(uid, "round_not_open", review_of(photo, reviewer))
    said = {"review": review.state, "remark": review.remark, "marks": list(review.marks)}
    before = _said_of(photo)
    if before == said:
        return Answer(uid, "unchanged", review_of(photo, reviewer))
    if not _saw(photo, review, access.user_id, now):
        return Answer(uid, "photo_reviewed", review_of(photo, reviewer))
    photo.review, photo.review_remark = review.state, review.remark
    photo.review_marks = list(review.marks)
    photo.reviewed_by_id, photo.reviewed_at = access.user_id, now
    diffs[uid] = audit.differences(before, said)
    return Answer(uid, "done", review_of(photo, access.user_name))


def _saw(photo: Photo, review: Review, user_id: int, now: datetime) -> bool:
    """Whether the reviewer speaks of the word that stands now."""
    if review.seen_at == "unseen":
        return photo.reviewed_by_id in (None, user_id) and photo.reviewed_at != now
    return photo.reviewed_at == review.seen_at


def _said_of(photo: Photo) -> dict[str, Any]:
    return {
        "review": photo.review,
        "remark": photo.review_remark,
        "marks": list(photo.review_marks),
    }
