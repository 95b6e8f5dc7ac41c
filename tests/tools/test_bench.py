"""`make bench`: one measurement that breaks down, or takes for ever, costs no other figure."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import figures, server
from bench.figures import CannotMeasure, Figure

TEN_MINUTES, LIMIT = 600, bench.TIME_LIMIT_SECONDS
FIELDS = {"name", "value", "unit", "baseline", "ratio", "limit", "holds"}


def quick(_server: object) -> Iterator[Figure]:
    yield Figure("quick", 1.5, "s", 3, baseline=0.5)


def last(_server: object) -> Iterator[Figure]:
    yield Figure("last", 600, "a second", 500, at_least=True)


def broken(_server: object) -> Iterator[Figure]:
    yield from ()
    raise RuntimeError("a push was refused")


def impossible(_server: object) -> Iterator[Figure]:
    yield from ()
    raise CannotMeasure("There is no browser here.")


def endless(_server: object) -> Iterator[Figure]:
    time.sleep(60)
    yield Figure("endless", 1, "s", 1)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the figures go, with a server that nobody needs."""

    @contextmanager
    def no_server() -> Iterator[None]:
        yield None

    monkeypatch.setattr(server, "running", no_server)
    monkeypatch.setattr(bench, "MODULES", ())
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "results.json")
    return tmp_path / "results.json"


def measure(monkeypatch: pytest.MonkeyPatch, *measurements: figures.Measurement) -> int:
    monkeypatch.setattr(figures, "_measurements", list(measurements))
    return bench.main()


def test_the_figures_are_written_as_others_read_them(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure(monkeypatch, quick, last) == 0
    rows = json.loads(results.read_text(encoding="utf-8"))
    assert [set(row) for row in rows] == [FIELDS, FIELDS]
    assert [rows[0][name] for name in ("baseline", "ratio", "limit", "holds")] == [0.5, 3, 3, True]
    assert [rows[1][name] for name in ("baseline", "ratio", "holds")] == [None, None, True]
    assert "≤ 3 ×" in capsys.readouterr().out


def test_what_breaks_down_costs_no_other_figure_and_is_named(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure(monkeypatch, quick, broken, impossible, last) == 1
    rows = json.loads(results.read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == ["quick", "last"]
    said = capsys.readouterr().out
    assert "There is no browser here." in said
    assert said.count("NOT MEASURED: ") == 2


def test_it_ends_by_itself_whatever_takes_for_ever(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert LIMIT < TEN_MINUTES
    monkeypatch.setattr(bench, "TIME_LIMIT_SECONDS", 0.3)
    assert measure(monkeypatch, quick, endless, last) == 1
    assert [row["name"] for row in json.loads(results.read_text(encoding="utf-8"))] == ["quick"]
    assert "NOT MEASURED: endless" in capsys.readouterr().out
