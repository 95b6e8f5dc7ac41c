"""What CI checks before the tests: lock files, catalogues; and what make finds on a machine."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tools import check_catalogues, check_locks, client, debian, find_browser, venv

ROOT = Path(__file__).parents[2]
GOOD_LOCK = "flask==3.1.3 \\\n    --hash=sha256:abc\n"


def test_our_own_lock_files_hold() -> None:
    assert check_locks.all_problems() == []


@pytest.mark.parametrize(
    "line",
    ["--index-url https://example.org/simple", "--find-links wheels", "-f wheels", "x @ file:y"],
)
def test_an_address_in_a_lock_is_found(line: str) -> None:
    assert check_locks.problems_of_python_lock("a.lock", GOOD_LOCK) == []
    assert check_locks.problems_of_python_lock("a.lock", f"{line}\n{GOOD_LOCK}")


def test_a_requirement_without_a_hash_is_found() -> None:
    found = check_locks.problems_of_python_lock("a.lock", GOOD_LOCK + "click==8\n")
    assert found == ["a.lock: no hash for click==8"]


def test_a_download_address_in_npms_lock_is_found() -> None:
    good = '{"node_modules/vite": {"version": "8.3.8", "integrity": "sha512-x"}}'
    assert check_locks.problems_of_node_lock("p.json", good) == []
    assert check_locks.problems_of_node_lock("p.json", good.replace("version", "resolved"))


def test_our_own_catalogues_hold() -> None:
    assert check_catalogues.all_problems() == []


def test_texts_that_differ_between_the_languages_are_found() -> None:
    zh = {"a": "{count} 台", "b": "二", "c": " "}
    en = {"a": "{number} devices", "c": "three", "d": "four"}
    assert check_catalogues.problems_of_area("x.ts", zh, en) == [
        "x.ts: b is missing in English",
        "x.ts: d is missing in Chinese",
        "x.ts: a asks for ['count'] and ['number']",
        "x.ts: c is empty",
    ]


@pytest.mark.parametrize(
    ("version", "enough"),
    [((20, 19), True), ((22, 12), True), ((24, 0), True), ((20, 18), False), ((18, 20), False),
     ((22, 11), False), ((21, 7), False), (None, False)],
)  # fmt: skip
def test_which_node_will_do(version: tuple[int, int] | None, enough: bool) -> None:
    assert client.is_new_enough(version) is enough


def test_a_machine_without_node_gets_the_pinned_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def install(kind: str) -> int:
        asked.append(kind)
        return 0

    monkeypatch.setattr(venv, "main", install)
    monkeypatch.setenv("PATH", str(tmp_path))
    environment = client.environment_with_node()
    assert asked == ["node"]
    assert environment["PATH"].split(":")[0] == str(venv.VENV / "bin")


def test_a_changed_source_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "ROOT", tmp_path)
    file = tmp_path / "a.ts"
    file.write_text("1")
    before = client.fingerprint(iter([file]))
    assert client.fingerprint(iter([file])) == before
    file.write_text("2")
    assert client.fingerprint(iter([file])) != before


def test_the_variable_for_the_browser_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(mine))
    assert find_browser.find() == str(mine)


def test_a_browser_that_does_not_run_is_no_browser(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = tmp_path / "chromium"
    stand_in.write_text("#!/bin/sh\necho install the snap >&2\nexit 1\n")
    stand_in.chmod(0o755)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert find_browser.find() is None


def test_the_shell_is_used_where_it_lies_beside_the_browser_and_runs(tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    assert find_browser.shell_beside(str(browser)) is None
    shell = tmp_path / "chromium-headless-shell"
    shell.write_text("#!/bin/sh\n")
    shell.chmod(0o755)
    assert find_browser.shell_beside(str(browser)) == str(shell)


def test_without_a_browser_it_says_so_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert find_browser.main(["--install"]) == 1
    said = capsys.readouterr().err
    assert "sudo apt-get install chromium" in said
    assert "未找到" in said


def test_an_old_python_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer.*3\.9\.2"):
        venv.make_environment()


def test_a_second_call_installs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(venv, "VENV", tmp_path)
    monkeypatch.setattr(venv, "make_environment", lambda: None)
    installed: list[str] = []

    def install(lock: str) -> bool:
        installed.append(lock)
        return True

    monkeypatch.setattr(venv, "install_lock", install)
    assert venv.main("dev") == 0
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    assert venv.main("dev") == 0
    assert venv.main("run") == 0, "the developers' environment has all that the server needs"
    assert installed == ["requirements-dev.lock"]


def test_a_failed_install_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "VENV", tmp_path)
    monkeypatch.setattr(venv, "make_environment", lambda: None)
    monkeypatch.setattr(venv, "install_lock", lambda _lock: False)
    assert venv.main("run") == 1
    assert "pip's own words" in capsys.readouterr().out
    assert not venv.stamp("run").exists()


def test_nobody_is_asked_for_a_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apt-get").touch(mode=0o755)
    (tmp_path / "sudo").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.install("chromium") is False


def test_every_target_of_make_is_described() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("run", "test", "test-fast", "lint", "types", "api", "bench", "demo", "phone"):
        assert f"make {target} " in listed.stdout


def test_the_server_is_not_forked_after_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOST", "WEB_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "8111")
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert settings["preload_app"] is False
    assert settings["bind"] == "127.0.0.1:8111"
    assert settings["workers"] == 1


def test_every_variable_that_is_read_stands_in_the_readmes_table() -> None:
    sources = [*(ROOT / "webapp").rglob("*.py"), ROOT / "gunicorn.conf.py"]
    asked = re.compile(
        r'(?:env(?:iron)?\.get\(|(?:number|flag)\(env, |environ\[|envvar=|FONT_VARIABLE(?:: \w+)? = )[\'"]([A-Z_]+)'
    )
    read = {name for path in sources for name in asked.findall(path.read_text(encoding="utf-8"))}
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Settings")[2]
    rows = [line.split("|")[1] for line in table.partition("\n## ")[0].splitlines() if "|" in line]
    told = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert {"PORT", "HOST", "DATA_DIR", "DATABASE_URL", "SMTP_URL", "SECRET_KEY"} <= read
    assert read == told
