"""``flask estate``: an asset register into a contract, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.cases.placing import follow_devices
from webapp.checklists.queries import own_types
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.estate.importing import (
    ImportReport,
    import_register,
    preview_import,
    preview_register,
)
from webapp.estate.problem_texts import problem_text
from webapp.estate.register_line import ERROR
from webapp.estate.register_rows import ParsedRegister, parse_register
from webapp.estate.words import NO_TYPES, OwnTypes
from webapp.identity.models import Contract
from webapp.rounds.opening import sync_tasks_with_estate

estate = AppGroup("estate", help="Buildings, rooms and devices.")

_REFUSALS = {
    "import_too_large": "The file is too large: {limit} is limited to {maximum:,}.",
    "import_unreadable": "The file can't be read as a workbook (XLSX) or a text table (CSV).",
    "import_no_header": "No row with known column names was found in the first {within_rows} rows.",
}


@estate.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--contract", "contract_code", required=True, help="The contract's code.")
@click.option("--dry-run", is_flag=True, help="Only tell what would change; nothing need exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="By default the file's own.")
def import_estate(
    file: Path, contract_code: str, dry_run: bool, as_json: bool, language: str | None
) -> None:
    """Bring the asset register FILE (XLSX or CSV) into a contract.

    All of its good rows, or nothing; a row that can't be taken is listed with its reason. The same
    file again changes nothing. With --dry-run it is compared with the contract as it is, or with an
    empty one where there is no such contract, or no database, yet.
    """
    parsed = _parsed(file, contract_code)
    language = language or parsed.language
    if dry_run:
        report, compared = _previewed(parsed, contract_code)
    else:
        report, compared = _imported(parsed, contract_code), True
    if as_json:
        click.echo(json.dumps(_as_data(report, language), ensure_ascii=False))
        return
    _print(report, language, dry_run=dry_run)
    if not compared:
        click.echo(
            f"Compared with an empty contract: {contract_code} can't be read, or isn't made."
        )


def _parsed(file: Path, contract_code: str) -> ParsedRegister:
    try:
        data = file.read_bytes()
    except OSError as reason:
        raise click.ClickException(f"{file} can't be opened: {reason.strerror}.") from None
    try:
        return parse_register(data, file.name, _own_types(contract_code))
    except AppError as error:
        raise click.ClickException(_REFUSALS[error.code].format(**error.details)) from None


def _own_types(contract_code: str) -> OwnTypes:
    """The device types of the contract's own checklist; none where there is no such contract yet."""
    if _is_database_to_be_made():
        return NO_TYPES
    try:
        session = db.session()
        contract_id = _contract_id(session, contract_code)
        return NO_TYPES if contract_id is None else own_types(session, contract_id)
    except SQLAlchemyError:
        return NO_TYPES  # There is no database, or nothing in it.
    finally:
        db.session.remove()


def _previewed(parsed: ParsedRegister, contract_code: str) -> tuple[ImportReport, bool]:
    """What an import would do, and whether there was a contract to compare the register with."""
    if not _is_database_to_be_made():
        try:
            session = db.session()
            contract_id = _contract_id(session, contract_code)
            if contract_id is not None:
                return preview_import(session, contract_id, parsed), True
        except SQLAlchemyError:
            pass  # There is no database, or nothing in it: nothing that a new contract would have.
    return preview_register(parsed), False


def _is_database_to_be_made() -> bool:
    """Whether looking into the embedded database would only make an empty file of it."""
    url = db.engine.url
    return url.drivername.startswith("sqlite") and not Path(url.database or "").exists()


def _contract_id(session: Session, contract_code: str) -> int | None:
    return session.scalar(sa.select(Contract.id).where(Contract.code == contract_code))


def _imported(parsed: ParsedRegister, contract_code: str) -> ImportReport:
    with unit_of_work() as session:
        contract_id = _contract_id(session, contract_code)
        if contract_id is None:
            raise click.ClickException(f"There is no contract with the code {contract_code}.")
        report = import_register(
            session, parsed, contract_id=contract_id, actor_id=None, now=now_utc()
        )
        sync_tasks_with_estate(session, contract_id, now_utc())
        follow_devices(session, contract_id, now_utc())
        return report


def _as_data(report: ImportReport, language: str) -> dict[str, Any]:
    return {
        "rooms": report.rooms,
        "devices": report.devices,
        "created": report.created,
        "updated": report.updated,
        "problems": [
            {
                "row": problem.row,
                "column": problem.column,
                "code": problem.code,
                "message": problem_text(problem, language),
                "severity": problem.severity,
                "sheet": problem.sheet,
            }
            for problem in report.problems
        ],
    }


def _print(report: ImportReport, language: str, *, dry_run: bool) -> None:
    refused = sum(1 for problem in report.problems if problem.severity == ERROR)
    click.echo(f"{report.devices} devices in {report.rooms} rooms")
    for problem in report.problems:
        mark = "✗" if problem.severity == ERROR else "!"
        text = problem_text(problem, language)
        click.echo(f"  {mark} row {problem.row}, {problem.column}: {text}")
    verb = "would be " if dry_run else ""
    click.echo(
        f"{report.created} {verb}created, {report.updated} {verb}updated, "
        f"{report.unchanged} unchanged, {refused} problems that leave a row out"
    )
