"""Every table of every domain, so that migrations and tests see the whole schema."""

from __future__ import annotations

from types import ModuleType

from webapp import jobs
from webapp.acceptance import models as acceptance
from webapp.agenda import models as agenda
from webapp.audit import models as audit
from webapp.cases import models as cases
from webapp.checklists import models as checklists
from webapp.estate import models as estate
from webapp.hours import models as hours
from webapp.identity import models as identity
from webapp.inbox import models as inbox
from webapp.notifications import models as notifications
from webapp.quotes import models as quotes
from webapp.reports import models as reports
from webapp.rounds import models as rounds
from webapp.spares import models as spares
from webapp.sync import models as sync
from webapp.webhooks import models as webhooks

ALL: tuple[ModuleType, ...] = (
    identity,
    estate,
    checklists,
    rounds,
    acceptance,
    cases,
    inbox,
    hours,
    spares,
    quotes,
    agenda,
    sync,
    reports,
    notifications,
    webhooks,
    audit,
    jobs,
)
