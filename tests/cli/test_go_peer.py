# SPDX-License-Identifier: GPL-2.0-or-later
"""The form of tests/go."""
import os
import pathlib
import subprocess

GO = pathlib.Path(__file__).resolve().parents[1] / "go"


def test_form():
    go = os.environ.get("NACRE_GO", "go")
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    r = subprocess.run([f"{root}/bin/gofmt", "-l", "."], cwd=GO, capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, ""), r.stderr
    for f in GO.glob("*.go"):
        assert f.read_text().startswith("// SPDX-License-Identifier: GPL-2.0-or-later\n"), f
