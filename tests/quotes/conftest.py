"""Both sides of a quote: who writes it, and who answers it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.quotes import made
from webapp.identity.models import User

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    """The project manager, whose contract has a rate card."""
    browser = signed_in(manager)
    made.settle_rates(browser)
    return browser


@pytest.fixture
def li(wang: FlaskClient, engineer: User, signed_in: SignIn) -> FlaskClient:
    """An engineer."""
    return signed_in(engineer)


@pytest.fixture
def chen(it_lead: User, signed_in: SignIn) -> FlaskClient:
    """The client's IT lead."""
    return signed_in(it_lead)
