"""Signing in by a passkey, with Chromium's own virtual authenticator, and at another's sign-in service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server
from tests.identity.issuer import CLIENT, SECRET, Issuer

Open = Callable[..., BrowserContext]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WORDS = {
    "zh": ("在本机添加通行密钥", "已添加", "退出登录", "用通行密钥登录", "用飞书登录",
           "还没有与本系统的人员绑定", "移除"),
    "en": ("Add a passkey", "needs no password", "Sign out", "Sign in with a passkey", "Sign in with 飞书",
           "belongs to nobody here", "Remove"),
}  # fmt: skip


def speak(page: Page, language: str) -> None:
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)


def sign_out_by_hand(page: Page, name: str) -> None:
    """Once no notice lies over the button; one stays for as long as the pointer rests on it."""
    page.mouse.move(0, 0)
    expect(page.locator(".toast")).to_have_count(0)
    page.get_by_role("button", name=name).click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_passkey_and_a_sign_in_elsewhere_need_no_password(
    language: str, demo_template: Path, tmp_path: Path, open_context: Open
) -> None:
    add, added, sign_out, by_passkey, by_issuer, unknown, remove = WORDS[language]
    with Issuer() as issuer:
        settings = {"OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_NAME": "飞书"}
        server = Server(servers.copy_of(demo_template, tmp_path / "data"))
        server.settings = {**settings, "OIDC_CLIENT_SECRET": SECRET, "BASE_URL": server.url}
        server.start()
        try:
            page = open_context(phone=True).new_page()
            devtools = page.context.new_cdp_session(page)
            devtools.send("WebAuthn.enable")
            devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
            sign_in(page, server, "zhang")
            speak(page, language)
            page.goto(f"{server.url}/me")
            page.get_by_role("button", name=add).click()
            expect(page.get_by_text(added)).to_be_visible()
            assert axe_violations(page) == []
            sign_out_by_hand(page, sign_out)
            page.get_by_role("button", name=by_passkey).click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            assert page.request.get(f"{server.url}/api/session").json()["user"]["login"] == "zhang"
            speak(page, language)  # who signs in reads his own again
            page.goto(f"{server.url}/me")
            page.get_by_role("button", name=remove, exact=True).click()
            expect(page.get_by_role("button", name=remove, exact=True)).to_have_count(0)
            sign_out_by_hand(page, sign_out)

            page.get_by_role("button", name=by_issuer).click()
            expect(page.get_by_text(unknown)).to_contain_text("u-1")
            assert axe_violations(page) == []
            bind(page, server, "li", "u-1")
            page.get_by_role("button", name=by_issuer).click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            assert page.request.get(f"{server.url}/api/session").json()["user"]["login"] == "li"
        finally:
            server.kill()


def bind(page: Page, server: Server, login: str, subject: str) -> None:
    """The administrator binds a person's account, from a browser of his own."""
    assert page.context.browser
    desk = page.context.browser.new_context()
    boss = desk.new_page()
    sign_in(boss, server, "admin")
    users = boss.request.get(f"{server.url}/api/users").json()
    [user_id] = [row["id"] for row in users if row["login"] == login]
    url = f"{server.url}/api/users/{user_id}"
    answer = boss.request.patch(url, data={"oidc_subject": subject})
    assert answer.status == 204
    desk.close()
