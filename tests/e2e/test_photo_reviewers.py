"""Two people review the same photos at once, many at a time, and on a phone with the finger."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
PATIENT_MS = 20_000


def reviewer(
    open_context: Open, server: Server, login: str, path: str = "/desk/photos", **more: Any
) -> Page:
    """A reviewer before the photos."""
    page = open_context(**({"phone": False} | more)).new_page()
    sign_in(page, server, login)
    page.goto(f"{server.url}{path}")
    expect(tile(page, 0)).to_be_visible(timeout=PATIENT_MS)
    return page


def tile(page: Page, index: int) -> Locator:
    """The tile of a photo in the grid."""
    return page.locator(f".tile:has([data-index='{index}'])")


def opened(page: Page, index: int) -> str:
    """Open a photo whole; its uid."""
    page.locator(f"[data-index='{index}']").click()
    expect(page.locator(".stage img").last).to_be_visible()
    return photo_of(page)


def photo_of(page: Page) -> str:
    found = re.search(r"photo=([0-9a-f-]{36})", page.url)
    assert found
    return found[1]


def deafen(page: Page) -> None:
    """The page hears nothing of what colleagues say, as between two looks."""
    page.route("**/photos/changes?*", lambda route: route.abort())


@pytest.fixture
def says(demo_server: Server, playwright: Playwright) -> Sender:
    """The server, asked as the project manager."""
    return Sender.sign_in(playwright, demo_server.url, "wang")


def test_what_a_colleague_says_shows_by_itself(demo_server: Server, open_context: Open) -> None:
    wang = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none")
    li = reviewer(open_context, demo_server, "li", "/desk/photos?review=none")
    expect(tile(li, 1)).not_to_contain_text("已通过")
    wang.locator("[data-index='1']").focus()
    with wang.expect_response(re.compile("/review$")):
        wang.keyboard.press("a")
    expect(tile(li, 1)).to_contain_text("已通过", timeout=PATIENT_MS)
    wang.locator("[data-index='2']").click(modifiers=["ControlOrMeta"])
    wang.locator("[data-index='4']").click(modifiers=["Shift"])
    with wang.expect_response(re.compile("/photos/review$")):
        wang.keyboard.press("a")
    for index in (2, 3, 4):
        expect(tile(li, index)).to_contain_text("已通过", timeout=PATIENT_MS)


def test_a_word_over_a_colleagues_is_refused_in_words_and_can_be_meant_all_the_same(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    wang = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none")
    li = reviewer(open_context, demo_server, "li", "/desk/photos?review=none")
    deafen(li)
    uid = opened(li, 2)
    assert opened(wang, 2) == uid
    wang.keyboard.press("r")
    wang.locator("textarea").fill("看不清读数")
    with wang.expect_response(re.compile("/review$")):
        wang.get_by_role("button", name="退回", exact=True).last.click()
    with li.expect_response(re.compile("/review$")) as refused:
        li.keyboard.press("a")
    assert refused.value.status == 409
    expect(li.get_by_text("王建国刚刚审核过这张照片")).to_be_visible()
    li.keyboard.press("ArrowLeft")
    expect(li.get_by_label("照片信息")).to_contain_text("看不清读数")
    assert says.get(f"photos/{uid}")["reviewer"] == "王建国"
    with li.expect_response(re.compile("/review$")):
        li.get_by_role("button", name="仍然通过").click()
    said = says.get(f"photos/{uid}")
    assert (said["review"], said["reviewer"]) == ("accepted", "李明")


def test_a_remark_begun_before_a_colleague_spoke_is_not_sent_over_his_word(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    wang = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none")
    li = reviewer(open_context, demo_server, "li", "/desk/photos?review=none")
    uid = opened(li, 3)
    li.keyboard.press("r")
    li.locator("textarea").fill("换个角度")
    opened(wang, 3)
    with wang.expect_response(re.compile("/review$")):
        wang.keyboard.press("a")
    # He hears of it while he writes, and what he had begun still speaks of what he had seen.
    expect(li.get_by_label("照片信息")).to_contain_text("已通过", timeout=PATIENT_MS)
    with li.expect_response(re.compile("/review$")) as refused:
        li.get_by_role("button", name="退回", exact=True).last.click()
    assert refused.value.status == 409
    assert says.get(f"photos/{uid}")["review"] == "accepted"


def waiting(says: Sender) -> list[dict[str, Any]]:
    """This month's photos that nobody has reviewed, in the grid's order."""
    month = says.get("rounds")[0]["month"]
    found: list[dict[str, Any]] = []
    for page in range(1, 20):
        answer = says.get(f"photos?month={month}&review=none&page_size=200&page={page}")
        found += answer["items"]
        if len(found) >= answer["total"]:
            break
    return found


def test_all_that_is_normal_is_accepted_at_once_and_taken_back_at_once(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    before = waiting(says)
    doubtful = [
        photo
        for photo in before
        if (photo["reading"] or photo)["verdict"] != "normal"
        or photo["reused_of"]
        or (photo["bulk_seconds"] or 99) < 20
    ]
    assert 0 < len(doubtful) < len(before)
    page = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none")
    with page.expect_response(re.compile("/photos/review$")):
        page.get_by_role("button", name="通过所示全部正常的").click()
    expect(page.get_by_text(f"已通过 {len(before) - len(doubtful)} 张")).to_be_visible()
    assert {photo["uid"] for photo in waiting(says)} == {photo["uid"] for photo in doubtful}
    with page.expect_response(re.compile("/photos/review$")):
        page.get_by_role("button", name="撤销").click()
    expect(tile(page, 0)).not_to_contain_text("已通过")
    assert [photo["uid"] for photo in waiting(says)] == [photo["uid"] for photo in before]


def test_what_is_chosen_goes_back_with_one_remark_but_for_what_a_colleague_has_settled(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    first, second, third = waiting(says)[:3]
    page = reviewer(open_context, demo_server, "li", "/desk/photos?review=none")
    deafen(page)
    page.locator("[data-index='0']").focus()
    page.keyboard.press("x")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("已选 3 张")).to_be_visible()
    path = f"/api/contracts/DEMO/photos/{second['uid']}/review"
    assert says.request.post(path, data={"state": "accepted", "seen_at": None}).ok
    page.keyboard.press("r")
    sheet = page.locator("dialog[open]")
    sheet.get_by_role("button", name="太暗").click()
    with page.expect_response(re.compile("/photos/review$")):
        sheet.get_by_role("button", name="退回").last.click()
    expect(page.get_by_text("已退回 2 张 · 1 张同事已处理，没有改动")).to_be_visible()
    states = [says.get(f"photos/{photo['uid']}") for photo in (first, second, third)]
    assert [said["review"] for said in states] == ["returned", "accepted", "returned"]
    assert states[0]["review_remark"] == "太暗"
    expect(tile(page, 1)).to_contain_text("已通过")


def test_a_photo_that_was_sent_before_lies_beside_the_earlier_one(
    demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "wang")
    # Repeated photos are found by the worker, which looks every minute.
    expect(page.locator("main")).to_be_visible()
    for _ in range(12):
        page.goto(f"{demo_server.url}/desk/photos?only=reused&month=all")
        page.wait_for_load_state("networkidle")
        if page.locator("[data-index='0']").count():
            break
        page.wait_for_timeout(10_000)
    hasty = page.locator(".tile", has_text="6 秒一键")
    expect(hasty).to_contain_text("疑似旧照")
    hasty.locator(".open").click()
    expect(page.locator(".stage img").last).to_be_visible()
    facts = page.get_by_label("照片信息")
    expect(facts).to_contain_text("与较早的照片一字节不差")
    expect(facts).to_contain_text("6 秒后提交")
    page.keyboard.press("d")
    pictures = page.locator(".stage figure img")
    expect(pictures).to_have_count(2)
    assert page.evaluate(
        "() => Promise.all([...document.querySelectorAll('.stage figure img')]"
        ".map((one) => one.decode().then(() => one.naturalWidth > 0)))"
    ) == [True, True]
    assert axe_violations(page) == []
    page.keyboard.press("a")
    expect(page.get_by_text("照片已通过")).to_be_visible()


def finger(page: Page, *points: tuple[float, float]) -> None:
    """Draw with a finger from point to point."""
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, where: list[tuple[float, float]]) -> None:
        at = [{"x": x, "y": y} for x, y in where]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", [points[0]])
    for point in points[1:]:
        touch("touchMove", [point])
    # It rests before it is lifted: Chromium takes no tap while it believes that a page still glides.
    page.wait_for_timeout(100)
    touch("touchMove", [points[-1]])
    touch("touchEnd", [])


def pinch(page: Page, x: float, y: float) -> None:
    """Two fingers move apart."""
    hand = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 30), ("touchMove", 70), ("touchMove", 120)):
        at = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_on_a_phone_a_finger_swipes_pinches_marks_and_accepts(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    page = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none", phone=True)
    opened(page, 0)
    box = page.locator(".stage").bounding_box()
    assert box
    middle, height = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    first = photo_of(page)
    finger(page, (300, height), (200, height + 4), (80, height + 6))
    page.wait_for_function("uid => !location.search.includes(uid)", arg=first)
    second = photo_of(page)
    finger(page, (80, height), (200, height), (300, height))
    page.wait_for_function("uid => location.search.includes(uid)", arg=first)
    # A finger that goes down the page is no swipe, nor is one that hardly moves.
    finger(page, (200, height), (210, height))
    assert photo_of(page) == first
    pinch(page, middle, height)
    zoomed = page.get_by_role("button", name="放大或还原")
    expect(zoomed).to_have_attribute("aria-pressed", "true")
    finger(page, (300, height), (100, height))
    assert photo_of(page) == first
    zoomed.click()
    accept = page.get_by_role("button", name="通过", exact=True)
    size = accept.bounding_box()
    assert size
    assert size["height"] >= 48
    assert size["y"] + size["height"] <= 844
    with page.expect_response(re.compile("/review$")):
        accept.tap()
    page.wait_for_function("uid => location.search.includes(uid)", arg=second)
    back = page.get_by_role("button", name="退回", exact=True)
    notice, below = page.locator(".toast").last.bounding_box(), back.bounding_box()
    assert notice
    assert below
    assert notice["y"] + notice["height"] <= below["y"]
    back.tap()
    page.locator("fieldset label", has_text="圆圈").tap()
    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage svg").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger(page, (x - 40, y - 30), (x, y), (x + 40, y + 30))
    with page.expect_response(re.compile("/review$")):
        page.get_by_role("button", name="退回", exact=True).last.tap()
    said = says.get(f"photos/{second}")
    assert said["review"] == "returned"
    assert [mark["kind"] for mark in said["review_marks"]] == ["circle"]
    assert says.get(f"photos/{first}")["review"] == "accepted"


def test_on_a_phone_several_are_chosen_by_a_long_press(
    demo_server: Server, open_context: Open, says: Sender
) -> None:
    page = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none", phone=True)
    box = tile(page, 0).bounding_box()
    assert box
    hand = page.context.new_cdp_session(page)
    at = [{"x": box["x"] + 40, "y": box["y"] + 60}]
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    expect(page.get_by_text("已选 1 张")).to_be_visible()
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tile(page, 1).locator(".open").tap()
    expect(page.get_by_text("已选 2 张")).to_be_visible()
    assert axe_violations(page) == []
    chosen = [photo["uid"] for photo in waiting(says)[:2]]
    with page.expect_response(re.compile("/photos/review$")):
        page.get_by_role("button", name="通过", exact=True).tap()
    assert [says.get(f"photos/{uid}")["review"] for uid in chosen] == ["accepted", "accepted"]
    over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert over <= 0
