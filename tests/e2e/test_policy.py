"""Every screen of the phone and the desk under the enforced policy: not one violation is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, sign_in
from tests.e2e.server import ROOT, Server
from webapp.pwa.views import CSP

Open = Callable[..., BrowserContext]
ROUTES = ROOT / "webapp/pwa/client/src/routes.ts"
LISTEN = """
addEventListener("securitypolicyviolation", (event) =>
  noteViolation(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def screens() -> list[str]:
    """The address of every screen, from the client's own table."""
    table = re.search(r"const paths = \{(.*?)\} as const", ROUTES.read_text("utf-8"), re.DOTALL)
    assert table
    found = re.findall(r': "(/[^"]*)"', table[1])
    assert len(found) >= 26
    return found


@pytest.fixture
def violations() -> list[str]:
    """What the browser has complained of, whichever page it was on."""
    return []


def listening(context: BrowserContext, violations: list[str]) -> Page:
    def note(violation: str) -> None:
        violations.append(violation)

    context.expose_function("noteViolation", note)
    context.add_init_script(LISTEN)
    return context.new_page()


def names(page: Page, server: Server, *, phone: bool) -> dict[str, Any]:
    """Something that is there for each name in an address, as the API tells it."""

    def first(path: str) -> dict[str, Any]:
        found: Any = page.request.get(f"{base}/{path}").json()
        row: dict[str, Any] = (found if isinstance(found, list) else found["items"])[0]
        return row

    [contract, *_] = page.request.get(f"{server.url}/api/contracts").json()
    base = f"{server.url}/api/contracts/{contract['code']}"
    month = first("rounds")["month"]
    return {
        "/desk/rounds/:month": month,
        "/desk/ready/:month": month,
        "/desk/acceptance/:month": month,
        "/desk/report/:month": month,
        "/desk/inspections/:id": first("inspections")["id"],
        "/desk/open-items/:number": first("open-items")["number"],
        "/desk/cases/:name": first("cases")["name"],
        "/desk/knowledge/:number": first("articles")["number"],
        "/desk/quotes/:name": first("quotes")["name"],
        "/desk/quotes/:name/edit": first("quotes")["name"],
        "/desk/devices/:id": first("devices")["id"],
        "/desk/checklists/:number": first("checklists")["number"],
        "/l/report/:token": "no-such-link",
        "/l/quote/:token": "no-such-link",
        "/f/:token": "no-such-link",
        # What is asked of who has no account is shown to anybody; the label itself is the engineer's.
        "/d/:code/report": first("labels")["code"],
    } | (on_the_phone(page, base) if phone else {})


def on_the_phone(page: Page, base: str) -> dict[str, Any]:
    """What only who inspects is given, as his phone pulls it."""
    pulled = page.request.get(f"{base}/sync/pull?cursor=0").json()["rows"]
    return {
        "/rooms/:id": pulled["rooms"][0]["id"],
        "/inspect/:taskId": pulled["tasks"][0]["id"],
        "/d/:code": pulled["labels"][0]["code"],
        "/cases/:uid": pulled["cases"][0]["uid"],
    }


@pytest.mark.parametrize(
    ("login", "phone"),
    [("zhang", True), ("wang", False), ("admin", False), ("zhou", False)],
    ids=["engineer", "manager", "administrator", "client's IT lead"],
)
def test_no_screen_breaks_the_policy(
    login: str,
    phone: bool,
    shared_demo_server: Server,
    open_context: Open,
    violations: list[str],
) -> None:
    page = listening(open_context(phone=phone), violations)
    sign_in(page, shared_demo_server, login)
    known = names(page, shared_demo_server, phone=phone)
    for path in screens():
        if path.startswith("/desk") == phone:
            continue
        assert ":" not in path or path in known, f"what stands for the name in {path}?"
        address = re.sub(r":\w+", str(known.get(path, "")), path)
        answer = page.goto(shared_demo_server.url + address)
        assert answer
        assert answer.headers["content-security-policy"] == CSP
        expect(page.locator("h1").first).to_be_visible()
        page.wait_for_load_state("networkidle")
    assert violations == []


def test_a_violation_would_be_noticed(
    shared_demo_server: Server, browser: Any, violations: list[str]
) -> None:
    context = browser.new_context()
    page = listening(context, violations)
    page.goto(f"{shared_demo_server.url}/sign-in")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))"
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.bad") is None
    context.close()
    assert len(violations) == 1
    assert "script-src" in violations[0]


@pytest.mark.attack(12)
@pytest.mark.parametrize("to", ["//evil.example/x", "/\\evil.example", "https://evil.example"])
def test_signing_in_leads_to_no_other_site(
    to: str, shared_demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{shared_demo_server.url}/sign-in?next={quote(to, safe='')}")
    page.locator("input[autocomplete=username]").fill("zhang")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    assert page.url.startswith(shared_demo_server.url + "/")
    expect(page.locator("h1").first).to_be_visible()


@pytest.mark.attack(8)
def test_a_script_in_a_name_is_shown_as_text(
    demo_server: Server, open_context: Open, violations: list[str]
) -> None:
    page = listening(open_context(phone=False), violations)
    sign_in(page, demo_server, "wang")
    [contract, *_] = page.request.get(f"{demo_server.url}/api/contracts").json()
    base = f"{demo_server.url}/api/contracts/{contract['code']}"
    evil = "<img src=x onerror='window.bad=1'><script>window.bad=1</script>"
    answer = page.request.post(f"{base}/buildings", data={"name_zh": evil, "position": 1})
    assert answer.status == 201
    page.goto(f"{demo_server.url}/desk/estate")
    expect(page.get_by_text(evil).first).to_be_visible()
    assert page.evaluate("window.bad") is None
    assert page.locator("img[src=x]").count() == 0
    assert violations == []
