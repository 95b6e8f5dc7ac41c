"""The whole API, fuzzed from its own document: no 500, and every answer is what the document says.

Half of the requests name things that are there, the others whatever comes; half of them fit the
document, the others break it. An unexpected error is raised in the test itself, by the suite's app.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.calls import path_values
from tests.security.rules import ANYBODY, RULES, SIGNED_IN
from tests.security.world import World, start_session
from webapp.api import counts
from webapp.extensions import limiter
from webapp.identity.rules import ADMINISTRATOR

# The requests are the same on both databases; the second is asked for what only it could choke on.
# FUZZ_EXAMPLES asks longer.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or (4 if os.environ.get("TEST_DATABASE_URL") else 8))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
Schema = Any
# A rescue file is bytes like any other to whoever sends it.
schemathesis.serializer.alias("application/zip", "application/octet-stream")


class Cookies:
    """Cookies of living sessions; what a request may end is begun anew."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, str] = {}

    def of(self, actor: str) -> str:
        """The value of the actor's cookie."""
        if actor not in self._known:
            browser = self._world.app.test_client()
            start_session(browser, self._world.people[actor])
            found = browser.get_cookie("roundbook")
            assert found
            self._known[actor] = found.value
        return self._known[actor]

    def forget(self) -> None:
        """All sessions may have ended."""
        self._known.clear()


@pytest.fixture(scope="module")
def document(hq: World) -> Schema:
    """The API as its document describes it, asked without a network."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", hq.app)


@pytest.fixture(scope="module")
def cookies(hq: World) -> Cookies:
    """Who asks: always somebody who may, so that the request reaches the view."""
    return Cookies(hq)


def who_asks(path: str, rule: str) -> str:
    if "contract_code" not in path:
        return ADMINISTRATOR
    return "inspection_engineer" if rule == "inspect" else "project_manager"


@pytest.mark.parametrize(("method", "path"), sorted(RULES))
def test_whatever_is_sent_the_answer_is_as_documented(
    method: str, path: str, hq: World, document: Schema, cookies: Cookies
) -> None:
    operation, rule = document[path][method], RULES[method, path]
    actor = who_asks(path, rule)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=any_case(operation), names_what_is_there=st.booleans())
    def send(case: Any, names_what_is_there: bool) -> None:
        name_things(hq, case, path, actor, names_what_is_there)
        # The cookie says who asks; a token that the generator makes up would be nobody's.
        for header in [name for name in case.headers or {} if name.lower() == "authorization"]:
            del case.headers[header]
        limiter.reset()
        counts._counts.clear()
        answer = case.call(
            cookies={"roundbook": cookies.of(actor)}, headers={"Accept-Encoding": "identity"}
        )
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code != 401 or rule == ANYBODY
        if rule == SIGNED_IN:
            cookies.forget()

    send()


def any_case(operation: Any) -> st.SearchStrategy[Any]:
    """Requests that fit the document and, where there is anything to break, such as don't."""
    fits = operation.as_strategy(GenerationMode.POSITIVE)
    if not (operation.body or operation.query or operation.path_parameters):
        return fits
    return fits | operation.as_strategy(GenerationMode.NEGATIVE)


def name_things(world: World, case: Any, path: str, actor: str, what_is_there: bool) -> None:
    """Put the contract into the path, and what is in it; people are always those made for it."""
    if not case.path_parameters:
        return
    people = {"member_id", "user_id", "session_id"} & case.path_parameters.keys()
    names = set(case.path_parameters) if what_is_there else {"contract_code", *people}
    only_the_contract = names == {"contract_code"}
    known = world.names if only_the_contract else path_values(world, path, actor)
    for name in names & case.path_parameters.keys():
        case.path_parameters[name] = known[name]
