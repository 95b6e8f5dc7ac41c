"""``flask backup`` and ``flask restore``: the whole server into a file, and back."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

from webapp.backup import BackupError, Taken, fingerprints, write_backup
from webapp.db import db
from webapp.restore import restore_backup
from webapp.storage import object_store

_KEYS_APART = (
    "Keep DATA_DIR/secret_key and DATA_DIR/push_key (or SECRET_KEY and PUSH_KEY) apart from the backup: "
    "they are not in it. Put them back before the first start."
)
_STOPS = {
    "secret_key": "everybody must sign in again, and links in mails that were sent (reports, quotes, reported "
    "faults), the calendars' addresses and the signatures that webhooks expect don't work",
    "push_key": "phones and desks that switched pushes on get none",
}


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def backup(path: Path) -> None:
    """Write database and photos, together, to PATH (a tar file)."""
    try:
        taken = write_backup(db.session(), object_store(), path, click.echo, _fingerprints())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"backup written: {taken.path}")
    if taken.lacking:
        click.echo(_lacking_sentence(taken), err=True)
    click.echo(_KEYS_APART)
    if taken.lacking:
        raise SystemExit(1)


def _lacking_sentence(taken: Taken) -> str:
    more = len(taken.lacking) - len(taken.words)
    return "\n".join(
        [
            f"Error: files that the store lacks, or has damaged: {len(taken.lacking)}. The backup lacks them "
            "too; everything else is in it, keep it.",
            *(f"  {word}" for word in taken.words),
            *([f"  and {more} more, all in its manifest.json"] if more else []),
            "If an older backup has them, put them back into the store and take another one; this one is "
            "restored by `restore --accept-damaged`.",
        ]
    )


def _fingerprints() -> dict[str, str]:
    settings, pusher = current_app.extensions["settings"], current_app.extensions["pusher"]
    return fingerprints(settings.secret_key, pusher.public_key)


@click.command("restore")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--accept-damaged",
    is_flag=True,
    help="Go on without the files that are lacking or damaged; their photos count as not received.",
)
def restore(path: Path, accept_damaged: bool) -> None:
    """Fill an empty server from PATH; phones will offer again what they still hold."""
    try:
        restored = restore_backup(
            object_store(), path, click.echo, _fingerprints(), accept_damaged=accept_damaged
        )
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo("restored; a new epoch has begun")
    if restored.lost:
        click.echo(
            f"Files that were lacking: {len(restored.lost)}. Their photos count as not received, and phones "
            "that still hold them send them again."
        )
    for name in restored.other_secrets or ():
        click.echo(
            f"Warning: this server's {name} is not the one that the backup was made under. Until that is "
            f"put back, {_STOPS[name]}.",
            err=True,
        )
    if restored.other_secrets != []:
        click.echo(_KEYS_APART)
