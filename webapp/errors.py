"""The catalogue of errors: string code, HTTP status; the message key is ``error.<code>``.

The server returns codes and details, never sentences: the clients hold the texts in both languages.
"""

from __future__ import annotations

from typing import Any

CATALOGUE: dict[str, int] = {
    # asked wrongly
    "invalid": 422,
    "unknown_field": 422,
    "not_json": 415,
    "too_large": 413,
    "too_many_operations": 413,
    "too_many_requests": 429,
    "cross_site": 403,
    "method_not_allowed": 405,
    "not_found": 404,
    "unauthenticated": 401,
    "forbidden": 403,
    "conflict": 409,
    "busy": 503,
    "disk_full": 507,
    "unexpected": 500,
    # people
    "sign_in_failed": 401,
    "login_taken": 409,
    "code_taken": 409,
    "password_too_short": 422,
    "password_wrong": 422,
    "already_member": 409,
    "last_project_manager": 409,
    "own_administration": 409,
    # open to others
    "oidc_unreachable": 503,
    "oidc_failed": 401,
    "oidc_denied": 401,
    "oidc_unknown": 401,
    "subject_taken": 409,
    "passkey_refused": 422,
    "passkey_not_here": 409,
    "too_many_passkeys": 409,
    "scope_missing": 403,
    "token_not_here": 403,
    "too_many_tokens": 409,
    "too_many_webhooks": 409,
    "webhook_waiting": 409,
    "webhook_address": 422,
    "webhook_not_https": 422,
    "webhook_inside": 422,
    # estate and labels
    "import_too_large": 413,
    "import_unreadable": 422,
    "import_no_header": 422,
    "asset_number_taken": 409,
    "room_taken": 409,
    "building_taken": 409,
    "label_unknown": 404,
    "label_revoked": 409,
    "label_elsewhere": 409,
    "device_replaced": 409,
    "label_sheet_does_not_fit": 422,
    "label_sheet_empty": 422,
    "font_missing": 500,
    # mail
    "address_invalid": 422,
    "mail_sorted": 409,
    "mail_unreadable": 422,
    "push_address_invalid": 422,
    "no_push_here": 409,
    # checklists
    "checklist_invalid": 422,
    "checklist_published_immutable": 409,
    "checklist_not_draft": 409,
    "checklist_in_use": 409,
    # rounds
    "round_exists": 409,
    "round_transition_refused": 409,
    "round_not_complete": 409,
    "round_not_open": 409,
    "checklist_missing": 409,
    "not_a_member": 422,
    "pair_required": 409,
    # acceptance
    "sign_off_refused": 409,
    "signature_missing": 422,
    "signature_unreadable": 422,
    "recheck_refused": 409,
    "inspection_changed": 409,
    # sent back
    "already_returned": 409,
    "return_changed": 409,
    "inspection_set_aside": 409,
    # the service desk
    "kind_unknown": 422,
    "step_unknown": 422,
    "step_not_now": 409,
    "room_unknown": 422,
    "device_unknown": 422,
    "open_item_unknown": 422,
    "case_unknown": 422,
    "case_over": 409,
    "case_without_device": 409,
    "person_unknown": 422,
    # the service log
    "log_day_to_come": 409,
    "log_day_signed": 409,
    "log_day_not_signed": 409,
    "log_day_empty": 409,
    "log_month_empty": 409,
    # work after hours
    "hours_not_here": 409,
    "hours_overlap": 409,
    "hours_elsewhere": 409,
    "hours_voided": 409,
    "plan_overlaps": 409,
    # the team
    "absence_overlaps": 409,
    "stand_in_absent": 409,
    "absence_handed_over": 409,
    "absence_not_running": 409,
    "nothing_to_hand_over": 409,
    "nothing_to_give_back": 409,
    "manual_unreadable": 422,
    "manual_unchanged": 409,
    "manual_not_approved": 409,
    # firmware
    "upgrade_over": 409,
    # quality checks
    "check_not_planned": 409,
    "check_not_held": 409,
    # the knowledge base
    "article_changed": 409,
    "article_withdrawn": 409,
    # spare parts and loaners
    "stock_short": 409,
    "loan_returned": 409,
    # quotes
    "quote_not_here": 409,
    "quote_case_over": 409,
    "quote_choose": 409,
    "quote_none_open": 409,
    "quote_issued": 409,
    "quote_empty": 422,
    "quote_expired": 409,
    "quote_answered": 409,
    "quote_superseded": 409,
    "quote_not_replaceable": 409,
    "quote_rate_changed": 409,
    "quote_nobody_to_send": 422,
    # reports and the links that lead to them
    "round_not_accepted": 409,
    "nothing_to_correct": 409,
    "report_damaged": 500,
    "report_confirmed": 409,
    "report_corrected": 409,
    "report_not_ready": 409,
    "report_nobody_to_send": 422,
    "document_unknown": 422,
    "page_unknown": 404,
    "link_invalid": 404,
    "link_expired": 410,
    # the service desk's clocks
    "calendar_year_unknown": 409,
    "clock_not_started": 409,
    "clock_started": 409,
    "clock_ended": 409,
    "clock_not_ended": 409,
    "clock_paused": 409,
    "clock_not_paused": 409,
    "clock_pause_not_allowed": 409,
    "clock_reason_missing": 422,
    "clock_overdue": 409,
    "clock_not_longer": 422,
    "clock_contradicts": 409,
    # photos and sync
    "photo_not_expected": 409,
    "photo_missing": 404,
    "photo_reviewed": 409,
    "digest_missing": 422,
    "digest_mismatch": 422,
    "photo_size_mismatch": 422,
    "photo_empty": 422,
    "too_many_photos": 422,
    "photo_unreadable": 422,
    "photo_too_many_pixels": 422,
    "photo_kind_unsupported": 415,
    "quarantine_closed": 409,
    "quarantine_refused": 422,
    "payload_invalid": 422,
    "envelope_unknown": 422,
    # rescue files
    "rescue_unreadable": 422,
    "rescue_format_unknown": 422,
    "rescue_other_contract": 422,
    "rescue_author_unknown": 422,
    "rescue_too_large": 413,
}


class AppError(Exception):
    """A refusal with a code of the catalogue, and details that the client's text can name."""

    def __init__(
        self,
        code: str,
        *,
        fields: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        **details: Any,
    ) -> None:
        self.code = code
        self.status = CATALOGUE[code]
        self.fields = fields or {}
        self.headers = headers or {}
        self.details = details
        super().__init__(code)

    def __str__(self) -> str:
        return f"{self.code} {self.details}" if self.details else self.code


def problem(error: AppError, request_id: str) -> dict[str, Any]:
    """The body of ``application/problem+json`` (RFC 9457) for one error."""
    body: dict[str, Any] = {
        "type": f"urn:roundbook:error:{error.code}",
        "title": f"error.{error.code}",
        "status": error.status,
        "code": error.code,
        "details": error.details,
        "request_id": request_id,
    }
    if error.fields:
        body["fields"] = error.fields
    return body
