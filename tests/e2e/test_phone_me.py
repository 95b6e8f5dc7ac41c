"""What a person looks after himself, on a phone as at the desk: his password, his sessions."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import APIRequestContext, BrowserContext, Page, Playwright, expect

from tests.e2e.conftest import PASSWORD, axe_violations, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
LOGIN = "zhang"
OWN = "a much better one"


def elsewhere(
    playwright: Playwright, server: Server, device: str, password: str = PASSWORD
) -> APIRequestContext:
    """The same person, signed in on another device."""
    request = playwright.request.new_context(base_url=server.url)
    body = {"login": LOGIN, "password": password, "device_name": device}
    assert request.post("/api/session", data=body).status == 200
    return request


def status(request: APIRequestContext, server: Server) -> int:
    """What this device hears when it asks who is signed in."""
    return request.get(f"{server.url}/api/session").status


def test_the_session_of_a_lost_phone_is_ended_from_another(
    playwright: Playwright, open_context: Open, demo_server: Server
) -> None:
    lost = elsewhere(playwright, demo_server, "丢失的手机")
    page = open_context(phone=True).new_page()
    sign_in(page, demo_server, LOGIN, "/me")
    row = page.locator("main .row").filter(has_text="丢失的手机")
    row.get_by_role("button", name="结束登录").click()
    expect(page.get_by_text("已结束登录")).to_be_visible()
    expect(row).to_have_count(0)
    assert (status(lost, demo_server), status(page.request, demo_server)) == (401, 200)


def test_the_first_password_is_changed_for_ones_own_and_the_other_devices_are_out(
    playwright: Playwright, open_context: Open, demo_server: Server
) -> None:
    other = elsewhere(playwright, demo_server, "另一部手机")
    page = open_context(phone=True).new_page()
    sign_in(page, demo_server, LOGIN, "/me")
    page.get_by_role("button", name="更改密码").click()
    change(page, "not this one", "short")
    expect(page.get_by_label("新密码")).to_have_attribute("aria-invalid", "true")
    change(page, "not this one", OWN)
    expect(page.get_by_role("dialog")).to_contain_text("当前密码不正确")
    assert axe_violations(page) == []
    change(page, PASSWORD, OWN)
    expect(page.get_by_text("密码已更改")).to_be_visible()
    expect(page.locator("main .row").filter(has_text="另一部手机")).to_have_count(0)
    assert (status(other, demo_server), status(page.request, demo_server)) == (401, 200)
    elsewhere(playwright, demo_server, "另一部手机", OWN)


def change(page: Page, present: str, chosen: str) -> None:
    """Fill the sheet, and send it."""
    page.get_by_label("当前密码").fill(present)
    page.get_by_label("新密码").fill(chosen)
    page.get_by_role("dialog").get_by_role("button", name="更改", exact=True).click()
