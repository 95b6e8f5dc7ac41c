"""How a person is told: chosen on phone and desk alike, and a push that shows up and leads to its screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsers import wait_until
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server
from tests.notifications.push_service import Browser

Open = Callable[..., BrowserContext]
# Chromium here reaches no push service of its maker: what it would answer is put in its place. All else
# is real: the permission, the server's word, the worker that shows the push and the press on it.
SUBSCRIBED = """
([p256dh, auth]) => {
  let key = null;
  const endpoint = "https://push.example.com/" + Math.random().toString(36).slice(2);
  const here = () => key && {
    endpoint,
    options: { applicationServerKey: key.buffer },
    toJSON: () => ({ endpoint, keys: { p256dh, auth } }),
    unsubscribe: async () => { key = null; return true; },
  };
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => { key = applicationServerKey; return here(); };
  PushManager.prototype.getSubscription = async () => here();
}
"""
SHOWN = """async () =>
  (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => one.title)"""
WORDS = {
    "zh": {"choose": "通知方式", "quiet": "这段时间不发邮件和推送", "saved": "已保存", "on": "在这台设备上开启",
           "is_on": "已开启。", "try": "试发一条", "tried": "已发出", "off": "关闭", "digest": "摘要"},
    "en": {"choose": "How you are told", "quiet": "No mail and no push", "saved": "Saved", "on": "Switch on here",
           "is_on": "Switched on.", "try": "Send a trial", "tried": "Sent:", "off": "Switch off", "digest": "Digest"},
}  # fmt: skip


def told(page: Page, server: Server) -> Any:
    return page.request.get(f"{server.url}/api/me/notices").json()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_chooses_how_one_is_told_and_the_other_screen_says_the_same(
    language: str, demo_server: Server, open_context: Open
) -> None:
    words = WORDS[language]
    context = open_context(phone=True)
    page = context.new_page()
    sign_in(page, demo_server, "chen", "/me")
    page.get_by_role("radio", name={"zh": "中文", "en": "English"}[language]).check(force=True)
    page.get_by_role("link", name=words["choose"]).click()
    page.wait_for_url(re.compile("/me/notices$"))
    page.get_by_role("radio", name=words["digest"]).nth(1).check(force=True)
    page.get_by_label(re.compile(words["quiet"])).check()
    expect(page.get_by_role("status").filter(has_text=words["saved"])).to_be_visible()
    page.locator("input[type=time]").nth(1).fill("06:30")
    page.locator("input[type=time]").nth(1).blur()
    wait_until(
        page,
        "async () => (await (await fetch('/api/me/notices')).json()).choice.quiet_to === '06:30'",
    )
    choice = told(page, demo_server)["choice"]
    assert (choice["mail"]["cases"], choice["quiet_from"]) == ("digest", "22:00")
    assert axe_violations(page) == []
    page.goto(f"{demo_server.url}/desk/notifications")
    page.get_by_role("link", name=words["choose"]).click()
    expect(page.locator("input[type=time]").nth(1)).to_have_value("06:30")
    assert axe_violations(page) == []


def test_a_push_is_switched_on_by_a_press_shows_up_and_leads_to_its_screen(
    demo_server: Server, open_context: Open
) -> None:
    words, device = WORDS["zh"], Browser()
    context = open_context(phone=True, whole=True)
    context.grant_permissions(["notifications"], origin=demo_server.url)
    said = device.subscription(_Nowhere())  # type: ignore[arg-type]
    context.add_init_script(f"({SUBSCRIBED})({json.dumps([said['p256dh'], said['auth']])})")
    page = context.new_page()
    sign_in(page, demo_server, "zhang", "/me/notices")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    assert told(page, demo_server)["device"] is None, "nothing is asked for at load"
    page.get_by_role("button", name=words["on"]).click()
    expect(page.get_by_text(words["is_on"])).to_be_visible()
    assert told(page, demo_server)["device"]["endpoint"].startswith("https://push.example.com/")
    page.get_by_role("button", name=words["try"]).click()
    expect(page.get_by_text(words["tried"])).to_be_visible()
    cases = f"{demo_server.url}/api/contracts/DEMO/cases?kind=fault&state=live"
    case = page.request.get(cases).json()["items"][0]
    _deliver(
        page,
        context,
        demo_server,
        {"title": "F7 由你负责：麦克风无声", "path": f"/desk/cases/{case['name']}?contract=DEMO"},
    )
    assert page.evaluate(SHOWN) == ["F7 由你负责：麦克风无声"]
    _press(context)
    # Before a small screen who handles cases is led to the phone's own screen of it.
    page.wait_for_url(re.compile(f"/cases/{case['name']}$"))
    expect(page.get_by_role("heading", name=case["title"])).to_be_visible()
    page.goto(f"{demo_server.url}/me")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(re.compile("/sign-in"))
    sign_in(page, demo_server, "zhang", "/me/notices")
    assert told(page, demo_server)["device"] is None, "it ended with the session"
    expect(page.get_by_role("button", name=words["on"])).to_be_visible()


class _Nowhere:
    url = "https://push.example.com"


def _deliver(page: Page, context: BrowserContext, server: Server, payload: dict[str, str]) -> None:
    """Have the browser hand a push to the worker, as its maker's service would."""
    session = context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(50):
        if found:
            break
        page.wait_for_timeout(100)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": server.url, "registrationId": found[0], "data": json.dumps(payload)},
    )
    wait_until(page, f"async () => (await ({SHOWN})()).length > 0")


def _press(context: BrowserContext) -> None:
    """Press the notice that is shown: no browser test can reach the system's own list of them."""
    [worker] = context.service_workers
    worker.evaluate(
        """async () => {
          const [notification] = await registration.getNotifications();
          const event = new NotificationEvent("notificationclick", { notification });
          dispatchEvent(event);
        }"""
    )
