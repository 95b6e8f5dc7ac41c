"""Pictures, registers and envelopes that were damaged anywhere or made to hurt: a clear answer each,
and memory that is bounded (security.md 1, 2, 3, 19, 22)."""

from __future__ import annotations

import io
import json
import string
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.estate.files import TIDY, rewritten
from tests.security.world import World, engineers_phone, good_visit
from tests.sync.phone import operation, picture
from webapp import pictures
from webapp.errors import AppError
from webapp.estate.register_rows import parse_register
from webapp.sync.rules import read_push

ROOT = Path(__file__).parents[2]
EXIF = Image.Exif()
EXIF[0x0112] = 6
# The inputs are printed where a case fails; that some are long is no failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
PICTURE_CODES = {"photo_kind_unsupported", "photo_too_many_pixels", "photo_unreadable"}
IMPORT_CODES = {"import_unreadable", "import_no_header", "import_too_large"}
RESULTS = {"applied", "duplicate", "conflict", "quarantined", "retry"}
# What one picture, register or push at the limits may take above the server's own.
BOUND_MEGABYTES = {"picture": 700, "register": 300, "push": 100}
WHOLE = {
    "jpeg": picture(3, exif=EXIF),
    "progressive": picture(4, progressive=True),
    "png": picture(5, kind="PNG"),
    "webp": picture(6, kind="WEBP"),
    "workbook": TIDY,
    "sheet": zipfile.ZipFile(io.BytesIO(TIDY)).read("xl/worksheets/sheet1.xml"),
    "text": (ROOT / "tests/data/register-gbk.csv").read_bytes(),
    "envelope": json.dumps(
        {
            "envelope": 1,
            "phone_id": "p",
            "device_time": "2026-03-03T01:00:00Z",
            "unsent": {"records": 1, "photos": 0},
            "operations": [operation("scan", {"uid": "x", "code": "ABCD"})],
        }
    ).encode(),
}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
hurt = settings(max_examples=150, suppress_health_check=list(HealthCheck), database=None)


@st.composite
def damaged(draw: st.DrawFn, *names: str) -> bytes:
    """One of the wholes, cut short, with some of its bytes changed, left out or said twice."""
    data = bytearray(WHOLE[draw(st.sampled_from(names))])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        piece = draw(st.binary(max_size=8))
        length = draw(st.integers(0, 64))
        what = draw(st.sampled_from(["cut", "write", "drop", "repeat", "append"]))
        if what == "cut":
            del data[place:]
        elif what == "write":
            data[place : place + len(piece)] = piece
        elif what == "drop":
            del data[place : place + length]
        elif what == "repeat":
            data[place:place] = data[place : place + length]
        else:
            data += piece
    return bytes(data)


@pytest.mark.attack(2)
@hurt
@given(damaged("jpeg", "progressive", "png", "webp"))
def test_a_damaged_picture_is_shown_or_refused(data: bytes) -> None:
    shown: list[pictures.Copies] = []

    def show() -> None:
        if pictures.examine(data).readable:
            shown.append(pictures.make_copies(data))

    assert refusal(show) in {"", *PICTURE_CODES}
    for copies in shown:
        assert copies.full.startswith(b"\xff\xd8")
        assert b"Exif" not in copies.full


def refusal(do: Callable[[], object]) -> str:
    """The code of a refusal; nothing where it was done. Any other exception fails the test."""
    try:
        do()
    except AppError as error:
        return error.code
    return ""


@pytest.mark.attack(22)
@hurt
@given(damaged("workbook"))
def test_a_damaged_workbook_is_read_or_refused(data: bytes) -> None:
    register_is_read_or_refused(data)


@hurt
@given(damaged("sheet"))
def test_a_damaged_sheet_in_a_whole_workbook_is_read_or_refused(sheet: bytes) -> None:
    register_is_read_or_refused(rewritten(TIDY, "sheet1.xml", sheet))


@hurt
@given(damaged("text"))
def test_a_damaged_text_table_is_read_or_refused(data: bytes) -> None:
    register_is_read_or_refused(data)


def register_is_read_or_refused(data: bytes) -> None:
    assert refusal(lambda: parse_register(data)) in {"", *IMPORT_CODES}


@pytest.mark.attack(19)
@hurt
@given(damaged("envelope"))
def test_a_damaged_envelope_is_read_or_refused(body: bytes) -> None:
    assert refusal(lambda: read_push(body)) in {"", "invalid", "envelope_unknown"}


@settings(max_examples=60, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_whatever_stands_in_a_record_it_is_answered_and_blocks_no_other(
    data: st.DataObject, hq: World
) -> None:
    payload = good_visit(hq)
    spoil(data, payload)
    with suppress(ValueError):
        text = json.dumps(payload, ensure_ascii=False, allow_nan=data.draw(st.booleans()))
        text.encode()
        good = operation("inspection", good_visit(hq))
        one, other = engineers_phone(hq).push(operation("inspection", text), good)
        assert one["result"] in RESULTS
        assert other["result"] == "applied"


def spoil(data: st.DataObject, payload: Any) -> None:
    """Put anything in the place of some values, however deep they lie."""
    for _ in range(data.draw(st.integers(1, 3))):
        here = payload
        while True:
            keys: list[Any] = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(here[key], dict | list) and data.draw(st.booleans()):
                here = here[key]
                continue
            here[key] = data.draw(ANY_JSON)
            break


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def big_png(colour_type: int, depth: int, side: int = 7745) -> bytes:
    """One colour at nearly the most pixels that are taken; a few dozen kilobytes."""
    samples = {0: 1, 2: 3, 6: 4}[colour_type]
    row = bytes(1 + side * samples * depth // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = side.to_bytes(4) + side.to_bytes(4) + bytes([depth, colour_type, 0, 0, 0])
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def big_picture(kind: str, side: int = 7745, **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "navy").save(out, kind, **save)
    return out.getvalue()


def big_register() -> bytes:
    """Four hundred thousand cells, below each of the limits."""
    cells = "".join(
        f'<c r="{column}{{0}}" t="n"><v>1</v></c>' for column in string.ascii_uppercase[:20]
    )
    rows = "".join(f'<row r="{n}">{cells.format(n)}</row>' for n in range(1, 20_001))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'
    return rewritten(TIDY, "sheet1.xml", sheet.encode())


def big_push() -> bytes:
    """Four megabytes of the smallest operations."""
    one = operation("scan", "{}")
    body = {"envelope": 1, "phone_id": "p", "operations": [one] * 19_000}
    return json.dumps(body, separators=(",", ":")).encode()


MEASURED = """
import sys
from pathlib import Path
from webapp.errors import AppError
from webapp import pictures
from webapp.estate.register_rows import parse_register
from webapp.sync.rules import read_push

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

what, data = sys.argv[1], Path(sys.argv[2]).read_bytes()
before = peak()
try:
    if what == "picture":
        if pictures.examine(data).readable:
            pictures.make_copies(data)
    else:
        {"register": parse_register, "push": read_push}[what](data)
    answer = "taken"
except AppError as error:
    answer = error.code
print(round(peak() - before), answer)
"""


@pytest.mark.attack(1, 22)
@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("picture", lambda: big_png(2, 8)),
        ("picture", lambda: big_png(6, 8)),
        ("picture", lambda: big_png(0, 16)),
        ("picture", lambda: big_picture("JPEG", progressive=True, exif=EXIF)),
        ("picture", lambda: big_picture("WEBP", 5400, lossless=True, quality=0, method=0)),
        ("register", big_register),
        ("register", lambda: (b"1," * 390 + b"1\n") * 12_000),
        ("push", big_push),
    ],
    ids=["RGB", "RGBA", "grey 16", "JPEG", "WebP", "workbook", "text", "push"],
)
def test_the_largest_that_is_taken_has_its_bound(what: str, make: Any, tmp_path: Path) -> None:
    file = tmp_path / "largest"
    file.write_bytes(make())
    command = [sys.executable, "-c", MEASURED, what, str(file)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    megabytes, answer = done.stdout.split()
    sys.stdout.write(f"{what} of {file.stat().st_size // 1024} KB: {megabytes} MB, {answer}\n")
    assert int(megabytes) < BOUND_MEGABYTES[what]
