# SPDX-License-Identifier: GPL-2.0-or-later
"""Verification of evidence beside go-sev-guest and go-tdx-guest: from the bytes to the verdict, in a loop inside one process
of each, in turn. Processor time, so that other work on the machine does not matter much."""

import json
import subprocess
import sys

from lab import BUILD

sys.path.insert(0, str(BUILD.parent / "tests/cli"))

import evidence  # noqa: E402

ROUNDS, LOOPS = 7, 100
OURS, THEIRS = [BUILD / "tools/verify_lines"], [BUILD / "tools/go-peer", "verify"]


def one(command, case):
    """Microseconds of one verification."""
    r = subprocess.run([str(a) for a in command] + ["--bench", str(LOOPS)], input=case.line().encode(), capture_output=True,
                       check=True)
    verdict = json.loads(r.stdout)
    assert verdict["accepted"], verdict["text"]
    return verdict["ns"] / 1000


def compare(table, what, theirs, case):
    times = {"ours": [], "theirs": []}
    for i in range(ROUNDS):
        table.progress(f"{what}: round {i + 1} of {ROUNDS}")
        times["ours"].append(one(OURS, case))
        times["theirs"].append(one(THEIRS, case))
    ours, other = min(times["ours"]), min(times["theirs"])
    table.row(what, ours, "us")
    table.row(f"  {theirs}", other, "us")
    table.row(f"{what} / {theirs}", ours / other, "x", 0.5, "fastest of each")


def verify(_lab, table):
    table.section("verify", "verifying evidence, certificates and collateral included: processor time")
    compare(table, "SNP report", "go-sev-guest 0.15.0", evidence.snp_cases()[1])
    compare(table, "TDX quote with collateral", "go-tdx-guest 0.3.1", next(evidence.tdx_cases()))
