"""What a server loads at its start: nothing that only a few requests need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

START = """
import sys
from webapp import create_app
app = create_app()
print(*sorted({"webauthn", "docx"} & set(sys.modules)))
print(len(app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()["paths"]))
"""


def test_a_start_loads_no_library_of_a_few_requests_and_draws_up_no_document(
    tmp_path: Path,
) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", START],
        cwd=Path(__file__).parents[2],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["", "0"]
