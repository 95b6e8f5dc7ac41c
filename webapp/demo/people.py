"""The demo's people (clause 25): a project manager, an on-site engineer, four inspection engineers."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD = "roundbook-demo"  # noqa: S105 - printed by the command, for a contract of make-believe.
CODE = "DEMO"


class Person(NamedTuple):
    """One person of the demo; an empty role is the server's administrator."""

    login: str
    name: str
    name_en: str
    role: str


PEOPLE = (
    Person("wang", "王建国", "Wang Jianguo", "project_manager"),
    Person("li", "李明", "Li Ming", "on_site_engineer"),
    Person("zhang", "张伟", "Zhang Wei", "inspection_engineer"),
    Person("liu", "刘洋", "Liu Yang", "inspection_engineer"),
    Person("chen", "陈晨", "Chen Chen", "backup_engineer"),
    Person("zhao", "赵磊", "Zhao Lei", "backup_engineer"),
    Person("zhou", "周敏", "Zhou Min", "client_it_lead"),
    Person("admin", "系统管理员", "Administrator", ""),
)
INSPECTORS = ("li", "zhang", "liu", "chen", "zhao")
