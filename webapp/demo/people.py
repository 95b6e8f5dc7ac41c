"""The demo's people (clause 25): a project manager, an on-site engineer, four inspection engineers."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD = "roundbook-demo"  # noqa: S105 - printed by the command, for a contract of make-believe.
CODE = "DEMO"


class Person(NamedTuple):
    """One person of the demo; an empty role is the server's administrator.

    The telephone numbers are written as Chinese mobile numbers are, and are nobody's.
    """

    login: str
    name: str
    name_en: str
    role: str
    phone: str


PEOPLE = (
    Person("wang", "王建国", "Wang Jianguo", "project_manager", "138 0000 0011"),
    Person("li", "李明", "Li Ming", "on_site_engineer", "138 0000 0012"),
    Person("zhang", "张伟", "Zhang Wei", "inspection_engineer", "138 0000 0013"),
    Person("liu", "刘洋", "Liu Yang", "inspection_engineer", "138 0000 0014"),
    Person("chen", "陈晨", "Chen Chen", "backup_engineer", "138 0000 0015"),
    Person("zhao", "赵磊", "Zhao Lei", "backup_engineer", "138 0000 0016"),
    Person("zhou", "周敏", "Zhou Min", "client_it_lead", "138 0000 0017"),
    Person("admin", "系统管理员", "Administrator", "", "138 0000 0018"),
)
INSPECTORS = ("li", "zhang", "liu", "chen", "zhao")
