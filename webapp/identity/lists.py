"""The lists of people and contracts as files."""

from __future__ import annotations

from webapp.identity.rules import ADMINISTRATOR
from webapp.sheets import Column, Table

ROLE_WORDS = {
    "project_manager": ("项目经理", "Project manager"),
    "on_site_engineer": ("驻场工程师", "On-site engineer"),
    "inspection_engineer": ("巡检工程师", "Inspection engineer"),
    "backup_engineer": ("备份工程师", "Backup engineer"),
    "client_it_lead": ("甲方 IT 负责人", "Client's IT lead"),
    ADMINISTRATOR: ("系统管理员", "Administrator"),
}
_PERSON = (
    Column("name", "姓名", "Name"),
    Column("name_en", "英文名", "English name"),
    Column("login", "登录名", "Login"),
    Column("phone", "电话", "Telephone"),
    Column("email", "邮箱", "E-mail"),
)
MEMBERS = Table(
    "members",
    ("人员", "People"),
    (
        *_PERSON,
        Column("role", "角色", "Role", ROLE_WORDS),
        Column("joined_at", "加入时间", "Joined"),
        Column("disabled", "已停用", "Disabled"),
    ),
)
USERS = Table(
    "users",
    ("服务器上的人员", "People on this server"),
    (
        *_PERSON,
        Column("is_admin", "系统管理员", "Administrator"),
        Column("disabled", "已停用", "Disabled"),
    ),
)
CONTRACTS = Table(
    "contracts",
    ("合同", "Contracts"),
    (
        Column("code", "代码", "Code"),
        Column("name", "名称", "Name"),
        Column("client", "甲方", "Client"),
        Column("time_zone", "时区", "Time zone"),
        Column("due_day", "截止日", "Due day"),
        Column("opens_day", "开始日", "Opens on day"),
        Column("anchor_month", "起算月", "Counted from"),
        Column("role", "我的角色", "My role", ROLE_WORDS),
    ),
)
