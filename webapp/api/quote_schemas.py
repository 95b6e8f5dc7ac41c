"""What quotes look like over HTTP; money, quantities and rates are decimal texts, never numbers."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import UID
from webapp.api.http import PageArgs, Schema
from webapp.api.listing import sort_of, state_of
from webapp.api.openings import openings_field
from webapp.cases.kinds import KINDS
from webapp.identity.contract_settings import REPORT_LANGUAGES
from webapp.quotes.lists import QUOTES
from webapp.quotes.rates import CURRENCIES, MOST_DAYS, MOST_RATES, RATE_UNITS
from webapp.quotes.rules import DECISIONS, DOCUMENT_KINDS, LINE_KINDS, MOST_LINES, STATES

KIND = validate.OneOf(DOCUMENT_KINDS)
LANGUAGE = validate.OneOf(REPORT_LANGUAGES)
_CASE_KIND = validate.OneOf(list(KINDS))
_LINE_KIND = validate.OneOf(LINE_KINDS)
_FIGURE = validate.Length(max=20)


class QuoteArgs(PageArgs):
    """Which quotes; ``kind`` tells quotes from expense requests, ``case_kind`` of what they are."""

    state = state_of(QUOTES)
    kind = fields.String(validate=KIND)
    case_kind = fields.String(validate=_CASE_KIND)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(QUOTES)


class QuoteSchema(ma.Schema):
    """A version of a quote; ``name`` is what people call it by, ``gross`` what is to be paid."""

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=KIND)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    case = fields.String(required=True)
    case_kind = fields.String(required=True, validate=_CASE_KIND)
    title = fields.String(required=True)
    currency = fields.String(required=True)
    net = fields.String(required=True)
    tax = fields.String(required=True)
    gross = fields.String(required=True)
    valid_until = fields.Date(required=True)
    written_by_zh = fields.String(required=True)
    written_by_en = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    sent_by_zh = fields.String(required=True)
    sent_by_en = fields.String(required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    answer_name = fields.String(required=True)


class QuoteLineSchema(ma.Schema):
    """A line; ``rate`` is the rate card's key of labour, whose ``unit`` is hour or day."""

    kind = fields.String(required=True, validate=_LINE_KIND)
    text = fields.String(required=True)
    detail = fields.String(required=True)
    rate = fields.String(required=True)
    quantity = fields.String(required=True)
    unit = fields.String(required=True)
    unit_price = fields.String(required=True)
    tax_rate = fields.String(required=True)
    net = fields.String(required=True)
    tax = fields.String(required=True)
    gross = fields.String(required=True)


class QuoteDetailSchema(QuoteSchema):
    """A version with its lines, the client's answer, and what the reader may do with it now."""

    lines = fields.List(fields.Nested(QuoteLineSchema), required=True)
    remark = fields.String(required=True)
    language = fields.String(required=True, validate=LANGUAGE)
    revision = fields.Integer(required=True)
    sent_to = fields.List(fields.String(), required=True)
    content_sha256 = fields.String(required=True)
    openings = openings_field()
    answer_text = fields.String(required=True)
    answer_via = fields.String(required=True)
    wants_another = fields.Boolean(required=True)
    may_write = fields.Boolean(required=True)
    may_replace = fields.Boolean(required=True)
    may_answer = fields.Boolean(required=True)


class CaseQuotesSchema(ma.Schema):
    """The quotes of a case; ``kind`` is what it may cost the client by, null where it costs him nothing."""

    kind = fields.String(required=True, allow_none=True, validate=KIND)
    may_write = fields.Boolean(required=True)
    quotes = fields.List(fields.Nested(QuoteDetailSchema), required=True)


class BeginQuoteSchema(Schema):
    """``uid`` keeps the same from being begun twice."""

    uid = fields.String(required=True, validate=UID)


class WriteLineSchema(Schema):
    """A line as it is written; the price and unit of labour are the rate card's, and not asked for."""

    kind = fields.String(required=True, validate=_LINE_KIND)
    text = fields.String(load_default="", validate=validate.Length(max=400))
    detail = fields.String(load_default="", validate=validate.Length(max=400))
    rate = fields.String(load_default="", validate=validate.Length(max=32))
    quantity = fields.String(required=True, validate=_FIGURE)
    unit = fields.String(load_default="", validate=validate.Length(max=40))
    unit_price = fields.String(load_default="0", validate=_FIGURE)
    tax_rate = fields.String(required=True, validate=_FIGURE)


class WriteQuoteSchema(Schema):
    """A draft as it is to be; ``revision`` is the one that its writer had before him."""

    revision = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1))
    lines = fields.List(
        fields.Nested(WriteLineSchema), required=True, validate=validate.Length(max=MOST_LINES)
    )
    language = fields.String(required=True, validate=LANGUAGE)
    valid_until = fields.Date(required=True)
    remark = fields.String(load_default="", validate=validate.Length(max=4000))


class QuoteFileSchema(Schema):
    """In which language the file is wanted."""

    language = fields.String(load_default="zh", validate=LANGUAGE)


class AnswerQuoteSchema(Schema):
    """The client's decision; who declines says why. ``wants_another``: he asks for another version."""

    decision = fields.String(required=True, validate=validate.OneOf(DECISIONS))
    text = fields.String(load_default="", validate=validate.Length(max=4000))
    wants_another = fields.Boolean(load_default=False)

    @ma.validates_schema
    def _reason(self, data: dict[str, object], **_kwargs: object) -> None:
        if data["decision"] == "declined" and not str(data["text"]).strip():
            raise ma.ValidationError("required", "text")


class RateSchema(Schema):
    """What an hour or a day of somebody costs, without tax."""

    key = fields.String(required=True, validate=validate.Length(1, 32))
    name_zh = fields.String(required=True, validate=validate.Length(1, 80))
    name_en = fields.String(load_default="", validate=validate.Length(max=80))
    unit = fields.String(required=True, validate=validate.OneOf(RATE_UNITS))
    price = fields.String(required=True, validate=_FIGURE)


class SettleQuotesSchema(Schema):
    """What is settled; what is left out stays."""

    currency = fields.String(validate=validate.OneOf(CURRENCIES))
    tax_rate = fields.String(validate=_FIGURE)
    valid_days = fields.Integer(validate=validate.Range(1, MOST_DAYS))
    rates = fields.List(fields.Nested(RateSchema), validate=validate.Length(max=MOST_RATES))


class QuoteSettingsSchema(ma.Schema):
    """What holds: currency, the tax that a new line begins with, the days a quote holds, the rate card."""

    currency = fields.String(required=True, validate=validate.OneOf(CURRENCIES))
    tax_rate = fields.String(required=True)
    valid_days = fields.Integer(required=True)
    rates = fields.List(fields.Nested(RateSchema), required=True)
