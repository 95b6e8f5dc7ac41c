"""Lighthouse on the real server, as a phone; its npm packages are installed when first needed."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.browser import browser_path
from bench.figures import CannotMeasure
from tools.client import environment_with_node

FOLDER = Path(__file__).parent / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices")
CHROME_FLAGS = "--headless=new --no-sandbox --disable-background-networking --no-first-run"


def scores(url: str, headers: dict[str, str], runs: int, seconds: float) -> dict[str, float]:
    """Each category's score from 0 to 100: the median of the runs, as Lighthouse's makers advise.

    A further run is begun only within the seconds: a slow machine measures fewer.

    What was found against a page is printed.

    :raise CannotMeasure: Lighthouse cannot be installed or does not finish
    """
    began = time.monotonic()
    reports = [_report_or_once_more(url, headers)]
    while len(reports) < runs and time.monotonic() - began < seconds:
        reports.append(_report_or_once_more(url, headers))
    for complaint in _complaints(reports[-1]):
        print(f"    {complaint}", flush=True)
    return {
        category: statistics.median(
            round(100 * (report["categories"][category]["score"] or 0)) for report in reports
        )
        for category in CATEGORIES
    }


def _report_or_once_more(url: str, headers: dict[str, str]) -> dict[str, Any]:
    """Chromium's trace lacks the navigation now and then (NO_NAVSTART): Lighthouse asks to be run again."""
    try:
        return _report(url, headers)
    except CannotMeasure as reason:
        print(f"    once more: {str(reason)[:100]}", flush=True)
        return _report(url, headers)


def _report(url: str, headers: dict[str, str]) -> dict[str, Any]:
    environment = environment_with_node() | {"CHROME_PATH": browser_path()}
    _install(environment)
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        _run(
            [
                "node",
                "node_modules/lighthouse/cli/index.js",
                url,
                f"--only-categories={','.join(CATEGORIES)}",
                f"--extra-headers={json.dumps(headers)}",
                f"--chrome-flags={CHROME_FLAGS}",
                "--output=json",
                f"--output-path={report.name}",
                "--quiet",
                "--no-enable-error-reporting",
            ],
            environment,
        )
        found: dict[str, Any] = json.loads(Path(report.name).read_text(encoding="utf-8"))
    if found.get("runtimeError"):
        raise CannotMeasure(f"Lighthouse: {found['runtimeError']['message']}")
    return found


def _install(environment: dict[str, str]) -> None:
    if not (FOLDER / "node_modules/lighthouse").exists():
        print("installing Lighthouse …", flush=True)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        raise CannotMeasure(f"{command[0]} ended with {done.returncode}: {done.stderr[-600:]}")


def _complaints(report: dict[str, Any]) -> list[str]:
    """The audits that take points from a score, with what they measured."""
    found = []
    for category in CATEGORIES:
        for line in report["categories"][category]["auditRefs"]:
            audit = report["audits"][line["id"]]
            if line["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                measured = audit.get("displayValue", "")
                found.append(f"{category}: {audit['title']} {measured}".rstrip())
    return found
