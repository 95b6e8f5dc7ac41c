"""Real browsers that are killed, reloaded and opened twice: what the screen said "saved" of is there."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.e2e.phone_hand import finish_as_it_is, picture
from tests.faults.chromium import SENT, Chromium, judge_at_rest
from tests.faults.oracle import judge
from tests.faults.proxy import Fault, Proxy

pytestmark = pytest.mark.browser


@pytest.mark.fault(14)
def test_14_a_browser_killed_while_it_finishes_has_the_whole_draft_or_the_whole_record(
    li: Chromium,
) -> None:
    for number, task in enumerate(li.tasks()[:4]):
        li.open_task(task)
        li.take_photo("tomato")
        li.page.get_by_role("button", name="完成", exact=True).click()
        button = li.page.locator("dialog[open] footer button")
        expect(button).to_be_visible()
        button.evaluate("button => button.click()")
        time.sleep(number * 0.008)  # Each time it dies a little later.
        li.kill()
        li.start_again()
        li.page.goto(f"{li.url}/healthz")
        whole_draft_or_record(li, task)
        li.note_saved()
    judge_at_rest(li)


def whole_draft_or_record(li: Chromium, task: int) -> None:
    report = li.look()
    drafts = [draft for draft in report["drafts"] if draft["task_id"] == task]
    records = [record for record in report["records"] if record["task_id"] == task]
    assert len(drafts) + len(records) == 1
    for draft in drafts:
        assert draft["answers"]["registration"]["value"] == "pass"
    uids = {record["uid"] for record in records}
    assert uids == {one["uid"] for one in report["operations"]} & uids
    listed = [uid for draft in drafts for uid in draft["photo_ids"]]
    listed += [photo["id"] for photo in report["photos"] if photo["uid"] in uids]
    held = {photo["id"]: photo["held"] == photo["sha256"] for photo in report["photos"]}
    assert [held[uid] for uid in listed] == [True]


@pytest.mark.fault(15)
def test_15_a_page_reloaded_while_the_camera_is_open_keeps_answers_and_photos(
    li: Chromium,
) -> None:
    task = li.tasks()[0]
    li.open_task(task)
    li.take_photo("tomato")
    li.camera().click()
    camera = li.page.locator("dialog[open]")
    camera.locator("input[type=file]").set_input_files(picture("teal"))  # type: ignore[arg-type]
    expect(camera).to_contain_text("已存本机")
    li.page.reload()
    expect(li.page.get_by_role("button", name="完成", exact=True)).to_be_visible()
    report = li.look()
    [draft] = report["drafts"]
    assert draft["answers"]["registration"]["value"] == "pass"
    held = {photo["id"]: photo["held"] == photo["sha256"] for photo in report["photos"]}
    assert [held[uid] for uid in draft["photo_ids"]] == [True, True]
    finish_as_it_is(li.page)
    li.note_saved()
    assert len(li.told.saved_photos) == 2
    judge_at_rest(li)


@pytest.mark.fault(16)
def test_16_a_browser_killed_right_after_saved_has_lost_nothing(li: Chromium) -> None:
    li.go_offline()
    first, second = li.tasks()[:2]
    li.inspect(first, photo="tomato")
    li.open_task(second)
    finish_as_it_is(li.page)
    li.kill()
    li.start_again()
    li.page.goto(f"{li.url}/healthz")
    report = li.note_saved()
    assert [record["task_id"] for record in report["records"]] == [first, second]
    judge([li.told], li.site.read(), quiet=False)
    judge_at_rest(li)


@pytest.mark.fault(17)
def test_17_two_tabs_and_the_worker_send_each_record_once(li: Chromium, network: Proxy) -> None:
    li.go_offline()
    for task in li.tasks()[:3]:
        li.inspect(task, photo="tomato")
    for _ in range(2):
        li.context.new_page().goto(f"{li.url}/sync")
    network.seen.clear()
    # Slow answers give the tabs and the worker the time to get into each other's way.
    network.add(Fault("/api/", delay_seconds=0.2, times=99))
    li.go_offline(False)
    for page in li.context.pages[1:]:
        expect(page.locator("main")).to_contain_text(SENT, timeout=30_000)
    li.look()
    judge([li.told], li.site.read())
    assert network.count("PUT") == 3
    assert network.count("sync/push") <= 3
