"""``flask demo``: loads the demo contract and prints its sign-ins."""

from __future__ import annotations

import gc

import click

from webapp.db import db
from webapp.demo.load import is_empty, load_demo
from webapp.demo.people import PASSWORD, PEOPLE
from webapp.storage import object_store

_ROLES = {
    "project_manager": "项目经理 project manager",
    "on_site_engineer": "驻场工程师 on-site engineer",
    "inspection_engineer": "巡检工程师 inspection engineer",
    "backup_engineer": "备份工程师 backup engineer",
    "client_it_lead": "甲方IT负责人 client's IT lead",
    "": "管理员 administrator",
}


@click.command("demo")
@click.option(
    "--if-empty", is_flag=True, help="Do nothing when somebody is in the database already."
)
def demo(if_empty: bool) -> None:
    """Load the demo contract."""
    empty = is_empty(db.session())
    if not empty and not if_empty:
        raise click.ClickException(
            "The database is not empty. Set DATA_DIR to a new folder to load the demo there.\n"
            "数据库不是空的。请把 DATA_DIR 指到一个新文件夹,再装入演示数据。"
        )
    if empty:
        click.echo("Loading the demo contract 装入演示合同 …")
        # What was imported for it is not walked through each time that something is made.
        gc.freeze()
        load_demo(object_store(), lambda text: click.echo(f"  {text}"))
    if empty or _is_demo():
        _print_people()


def _is_demo() -> bool:
    from webapp.demo.people import CODE
    from webapp.identity.models import Contract

    return db.session.query(Contract.id).filter_by(code=CODE).first() is not None


def _print_people() -> None:
    click.echo(f"\nDemo sign-ins 演示账号 (password 密码: {PASSWORD})")
    for person in PEOPLE:
        click.echo(f"  {person.login:<6} {person.name}  {_ROLES[person.role]}")
