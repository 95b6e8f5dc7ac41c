"""One setting's value: read, or refused by the variable's name and in words that show no password."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"\w(?:[\w.-]*\w)?\.?|[0-9a-f:.]*:[0-9a-f:.]*(?:%\w+)?")


class SettingsError(ValueError):
    """A setting that can't be meant: which variable, what is wrong with it, what it looks like."""

    def __init__(self, variable: str, problem: str, shape: str) -> None:
        super().__init__(f"{variable}: {problem}. It should look like {shape}.")
        self.variable = variable


@contextmanager
def named(variable: str, shape: str) -> Iterator[None]:
    """Whatever refuses a value in here does so by the variable's name. :raise SettingsError:"""
    try:
        yield
    except SettingsError:
        raise
    except OSError as error:
        words = [str(error.filename or ""), error.strerror or str(error)]
        raise SettingsError(variable, ": ".join(filter(None, words)), shape) from None
    except ValueError as error:
        raise SettingsError(variable, str(error), shape) from None


def number(env: Mapping[str, str], variable: str, default: int, least: int, most: int) -> int:
    """A number within its limits. :raise SettingsError:"""
    text = env.get(variable) or str(default)
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        problem = f"{text!r} is no number from {least} to {most}"
        raise SettingsError(variable, problem, str(default))
    return value


def flag(env: Mapping[str, str], variable: str) -> bool:
    """Whether something is switched on, by ``1``. :raise SettingsError: a word that some would read as yes"""
    text = env.get(variable) or "0"
    if text not in ("0", "1"):
        raise SettingsError(variable, f"{text!r} is neither 0 nor 1", "1")
    return text == "1"


def split(url: str, *schemes: str) -> SplitResult:
    """The parts of an address with a host, and a port that is one where it has any.

    The library's own complaints are not passed on: they hold what was taken for the port, which may be
    half of a password.

    :raise ValueError:
    """
    if url.partition("://")[0] not in schemes:
        raise ValueError(f"it does not begin with {' or '.join(f'{one}://' for one in schemes)}")
    if url != url.strip() or not url.isprintable():
        raise ValueError("there is a space or the end of a line in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = 0
    # A password that is not escaped ends the host too early: what comes after has the @ in it.
    if port == 0 or "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(
            "host and port can't be read (in a password, / is written %2F, ? %3F and # %23)"
        )
    if not _is_host(parts.hostname or ""):
        raise ValueError("it names no host")
    return parts


def _is_host(name: str) -> bool:
    if not name.rpartition(".")[2].isdecimal():
        return _HOST.fullmatch(name) is not None
    # What ends in figures is an address, or nothing.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def hosts(text: str) -> tuple[str, ...]:
    """Hosts, as ``host`` or ``host:port``, between commas or spaces. :raise ValueError:"""
    found = tuple(text.lower().replace(",", " ").split())
    for one in found:
        if not (one.count(":") > 1 and _is_host(one)):  # An IPv6 address alone.
            parts = split(f"https://{one}", "https")
            if parts.netloc != one or "@" in one:
                raise ValueError(f"{one!r} is more than a host and a port")
    return found
