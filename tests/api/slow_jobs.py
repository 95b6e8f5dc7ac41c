"""An app whose jobs of kind ``slow`` last until the test lets them end, for a worker of its own process."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from flask import Flask

import webapp
from webapp import jobs


@jobs.handles("slow")
def slow(arguments: dict[str, Any]) -> None:
    """Say that it has begun, wait for the file ``end``, say that it is done."""
    folder = Path(arguments["folder"])
    (folder / f"begun-{arguments['n']}").touch()
    while not (folder / "end").exists():
        time.sleep(0.02)
    (folder / f"done-{arguments['n']}").touch()


def create_app() -> Flask:
    """The product's own app."""
    return webapp.create_app()
