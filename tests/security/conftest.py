"""Two contracts with one of everything, for tests that ask a thousand times and change little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from tests import factories
from tests.conftest import empty_tables
from tests.security.opened import new_webhook
from tests.security.world import World, build
from webapp.db import db
from webapp.extensions import limiter
from webapp.identity.rules import ADMINISTRATOR


@pytest.fixture(scope="module")
def hq(session_app: Flask) -> Iterator[World]:
    """A contract with one of everything, built once for the module and emptied after it.

    A module that uses it uses no fixture that stands on ``app``, which empties after each test.
    """
    limiter.reset()
    kept = session_app.extensions["settings"]
    # An issuer that nobody answers for: who signs in there is sent back with that.
    session_app.extensions["settings"] = replace(kept, oidc_issuer="http://127.0.0.1:9")
    with session_app.app_context():
        world = build(session_app, "HQ", factories.user("root", is_admin=True))
        world.names |= new_webhook(world)
        yield world
        db.session.rollback()
        empty_tables()
        db.session.remove()
    session_app.extensions["settings"] = kept


@pytest.fixture(scope="module")
def branch(hq: World) -> World:
    """Another contract on the same server, with as much in it."""
    world = build(hq.app, "BRANCH", hq.people[ADMINISTRATOR])
    world.names |= new_webhook(world)
    return world
