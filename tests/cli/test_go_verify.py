# SPDX-License-Identifier: GPL-2.0-or-later
"""Verification beside go-sev-guest and go-tdx-guest, over evidence that is right and wrong in every way we know.

What we accept, they must accept. What only they accept must be in the table of docs/other-verifiers.md, whose every row
must be met. Anything else is a fault of one of the two.
"""
import collections
import json
import os
import re
import subprocess

import evidence
import forge_snp
import pytest

TOP = evidence.TOP
BUILD = TOP / os.environ.get("NACRE_BUILD", "build")
OURS, THEIRS = [BUILD / "tools/verify_lines"], [BUILD / "tools/go-peer", "verify"]
SEED = 20261125


def judge(command, cases):
    r = subprocess.run([str(a) for a in command], input="".join(c.line() for c in cases).encode(), capture_output=True,
                       timeout=300, check=True)
    verdicts = [json.loads(line) for line in r.stdout.splitlines()]
    assert len(verdicts) == len(cases), r.stderr
    return verdicts


def table(kind):
    """Rows of the docs: our check and the pattern of a case's name."""
    text = (TOP / "docs/other-verifiers.md").read_text()
    rows = re.findall(rf"^\| {kind} \| ([a-z ]+) \| `([^`]+)` \|", text, re.M)
    assert rows, f"no rows for {kind} in docs/other-verifiers.md"
    return [(check, pattern.replace("\\|", "|")) for check, pattern in rows]


def library_cannot(case, ours, theirs):
    """The one thing that we accept and the library does not know."""
    return case.kind == "tdx" and case.name.startswith("v5.bin") and theirs["text"] == "quote format not supported"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    cases = [*evidence.all_snp(SEED), *evidence.all_tdx(SEED), *forge_snp.all_forged(tmp_path_factory.mktemp("root"))]
    return list(zip(cases, judge(OURS, cases), judge(THEIRS, cases)))


def test_enough_of_each(results):
    seen = collections.Counter((c.kind, a["accepted"]) for c, a, _ in results)
    assert seen["snp", True] >= 60 and seen["tdx", True] >= 10, seen
    assert seen["snp", False] >= 1300 and seen["tdx", False] >= 300, seen


def test_what_we_accept_they_accept(results):
    wrong = [(c.name, b["text"]) for c, a, b in results
             if a["accepted"] and not b["accepted"] and not library_cannot(c, a, b)]
    assert wrong == []


@pytest.mark.parametrize("kind", ["snp", "tdx"])
def test_where_we_are_stricter(results, kind):
    rows = table(kind)
    used, unexplained = set(), []
    for case, ours, theirs in results:
        if case.kind != kind or ours["accepted"] or not theirs["accepted"]:
            continue
        why = [row for row in rows if row[0] == ours["check"] and re.search(row[1], case.name)]
        used.update(why)
        if not why:
            unexplained.append((case.name, ours["text"]))
    assert unexplained == []
    assert sorted(set(rows) - used) == [], "the table says more than is so"


def test_real_evidence(results):
    """The table above must not be all that agrees: the unchanged vectors, one by one."""
    got = {c.name: (a["accepted"], a["check"]) for c, a, _ in results if ":" not in c.name}
    assert got["virtee-milan"] == got["dstack"] == got["trustee-e2e"] == got["trustee-vlek"] == (True, "")
    assert got["milan-v2-a"] == (False, "guest policy") and got["forged"] == (True, "")
    assert got["v4.bin 2025-06 tcb_info.json"] == (True, "")
    assert got["verify/dstack-report.bin 2026-02 tcb_info.json"] == (True, "")
