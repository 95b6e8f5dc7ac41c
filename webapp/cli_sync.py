"""``flask sync``: a phone's rescue file, from the command line."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from webapp.db import db, now_utc
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.rescue import load_rescue, preview_rescue
from webapp.storage import object_store
from webapp.sync.rescue import Loader, RescueReport

sync = AppGroup("sync", help="What phones captured.")

_REFUSALS = {
    "rescue_unreadable": "This is no whole rescue file: it was cut, altered, or is another file.",
    "rescue_format_unknown": "The file is of format {format}, which this version does not know.",
    "rescue_other_contract": "The file is of the contract {contract}.",
    "rescue_author_unknown": "Who made the file was never in this contract.",
    "disk_full": "The disk is full. What came in before is safe: make room, and load it again.",
}


@sync.command("rescue")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--contract", "contract_code", required=True, help="The contract's code.")
@click.option("--dry-run", is_flag=True, help="Only tell what is in the file.")
def rescue_file(file: Path, contract_code: str, dry_run: bool) -> None:
    """Load the rescue FILE of a phone for who captured it; the same file again changes nothing."""
    loader = _loader(contract_code)
    maximum = current_app.extensions["settings"].max_photo_bytes
    try:
        with file.open("rb") as opened:
            if dry_run:
                report = preview_rescue(loader, opened)
            else:
                report = load_rescue(loader, opened, object_store(), maximum, now_utc())
    except AppError as error:
        sentence = _REFUSALS.get(error.code, error.code)
        raise click.ClickException(sentence.format(**error.details)) from None
    _print(report)


def _loader(contract_code: str) -> Loader:
    row = db.session.execute(
        sa.select(Contract.id, Contract.code).where(Contract.code == contract_code)
    ).one_or_none()
    if row is None:
        raise click.ClickException(f"There is no contract {contract_code}.")
    return Loader(None, f"command line ({getpass.getuser()})", row.id, row.code)


def _print(report: RescueReport) -> None:
    author = report.author
    click.echo(f"sha-256 {report.file.sha256}")
    click.echo(f"captured by {author.access.user_name} ({author.state})")
    click.echo(f"records: {_counts(record.result for record in report.records)}")
    click.echo(f"photos: {_counts(photo.result for photo in report.photos)}")
    for record in report.records:
        if record.code and record.result != "duplicate":
            click.echo(f"  {record.kind} {record.id}: {record.result}, {record.code}")
    for photo in report.photos:
        if photo.code:
            click.echo(f"  photo {photo.id}: {photo.result}, {photo.code}")
    if drafts := report.file.drafts():
        click.echo(f"{drafts} inspections were not finished; they stay in the file.")


def _counts(results: Iterable[str]) -> str:
    counted = sorted(Counter(results).items())
    return ", ".join(f"{number} {result}" for result, number in counted) or "none"
