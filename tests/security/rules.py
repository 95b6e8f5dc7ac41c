"""Who may call what, written once: each endpoint of the API with the right that it takes.

An endpoint of the document that has no line here fails ``test_authorisation``; so does a line whose
endpoint is gone. Rights are those of ``webapp.identity.rules``; three kinds of endpoint lie outside
of any contract.
"""

from __future__ import annotations

ANYBODY, SIGNED_IN, ADMINISTRATORS = "anybody", "signed in", "administrators"
CONTRACT = "/api/contracts/{contract_code}"

OUTSIDE: dict[tuple[str, str], str] = {
    ("POST", "/api/session"): ANYBODY,
    ("GET", "/api/session"): SIGNED_IN,
    ("DELETE", "/api/session"): SIGNED_IN,
    ("GET", "/api/sessions"): SIGNED_IN,
    ("DELETE", "/api/sessions/{session_id}"): SIGNED_IN,
    ("PATCH", "/api/me"): SIGNED_IN,
    ("GET", "/api/contracts"): SIGNED_IN,
    ("POST", "/api/contracts"): ADMINISTRATORS,
    ("GET", "/api/users"): ADMINISTRATORS,
    ("PATCH", "/api/users/{user_id}"): ADMINISTRATORS,
}
_OF_A_CONTRACT: dict[tuple[str, str], str] = {
    ("PATCH", ""): "manage_people",
    ("GET", "/members"): "view",
    ("POST", "/members"): "manage_people",
    ("PATCH", "/members/{member_id}"): "manage_people",
    ("DELETE", "/members/{member_id}"): "manage_people",
    ("GET", "/estate"): "view",
    ("GET", "/estate/export.csv"): "view",
    ("GET", "/estate/export.xlsx"): "view",
    ("POST", "/estate/import"): "manage_estate",
    ("GET", "/buildings"): "view",
    ("POST", "/buildings"): "manage_estate",
    ("PATCH", "/buildings/{building_id}"): "manage_estate",
    ("GET", "/rooms"): "view",
    ("POST", "/rooms"): "manage_estate",
    ("GET", "/rooms/{room_id}"): "view",
    ("PATCH", "/rooms/{room_id}"): "manage_estate",
    ("GET", "/devices"): "view",
    ("POST", "/devices"): "manage_estate",
    ("GET", "/devices/{device_id}"): "view",
    ("PATCH", "/devices/{device_id}"): "manage_estate",
    ("GET", "/devices/{device_id}/life"): "view",
    ("GET", "/devices/{device_id}/label.png"): "view",
    ("POST", "/devices/{device_id}/label"): "manage_estate",
    ("GET", "/labels"): "view",
    ("GET", "/labels.csv"): "view",
    ("GET", "/labels/presets"): "view",
    ("GET", "/labels/sheet.pdf"): "view",
    ("POST", "/labels/issue"): "manage_estate",
    ("GET", "/labels/{code}"): "view",
    ("POST", "/labels/{code}/relink"): "manage_estate",
    ("POST", "/labels/{code}/revoke"): "manage_estate",
    ("GET", "/checklists"): "view",
    ("POST", "/checklists"): "manage_checklists",
    ("GET", "/checklists/{number}"): "view",
    ("PATCH", "/checklists/{number}"): "manage_checklists",
    ("GET", "/checklists/{number}/compare/{other}"): "view",
    ("POST", "/checklists/{number}/publish"): "manage_checklists",
    ("POST", "/checklists/{number}/retire"): "manage_checklists",
    ("GET", "/rounds"): "view",
    ("POST", "/rounds"): "manage_round",
    ("GET", "/rounds/{month}"): "view",
    ("GET", "/rounds/{month}/board"): "view",
    ("PATCH", "/rounds/{month}/rooms"): "manage_round",
    # Finishing an open round; what else there is to a round's states has a test of its own.
    ("POST", "/rounds/{month}/{action}"): "manage_round",
    ("GET", "/inspections"): "view",
    ("GET", "/inspections.csv"): "view",
    ("GET", "/inspections/{inspection_id}"): "view",
    ("POST", "/inspections/{inspection_id}/pick"): "review",
    ("GET", "/open-items"): "view",
    ("GET", "/open-items.csv"): "view",
    ("GET", "/open-items/{number}"): "view",
    ("PATCH", "/open-items/{number}"): "manage_round",
    ("GET", "/consumables"): "view",
    ("GET", "/photos"): "view",
    ("GET", "/photos/{photo_uid}"): "view",
    ("GET", "/photos/{photo_uid}/image"): "view",
    ("PUT", "/photos/{photo_uid}"): "inspect",
    ("POST", "/photos/{photo_uid}/review"): "review",
    ("GET", "/quarantine"): "review",
    ("GET", "/quarantine.csv"): "review",
    ("GET", "/quarantine/{row_id}"): "review",
    ("POST", "/quarantine/{row_id}/apply"): "review",
    ("POST", "/quarantine/{row_id}/dismiss"): "review",
    ("POST", "/rescue"): "manage_round",
    ("GET", "/phones"): "manage_round",
    ("GET", "/missing-photos"): "manage_round",
    ("POST", "/sync/push"): "inspect",
    ("POST", "/sync/missing"): "inspect",
    ("GET", "/sync/pull"): "view",
}
INSIDE = {(method, CONTRACT + path): right for (method, path), right in _OF_A_CONTRACT.items()}
RULES = OUTSIDE | INSIDE
