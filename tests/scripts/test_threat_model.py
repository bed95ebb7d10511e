# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/threat-model.md: every test, fuzzer and kernel option that it names exists, and nothing is left out."""
import re

import pytest
from conftest import TOP

TEXT = (TOP / "docs/threat-model.md").read_text()
TESTS = sorted(set(re.findall(r"`(boot|cli|scripts|unit)/(\w+)::(\w+)`", TEXT)))
FUZZERS = sorted(set(re.findall(r"`fuzz/(\w+)`", TEXT)))
OPTIONS = sorted(set(re.findall(r"`kernel-config/([\w*]+)`", TEXT)))
FOREIGN = {"folder/file::function"}


def rows(heading):
    """The cells of the table rows below a heading, without the table's head."""
    part = TEXT.split(f"{heading}\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines
            if not re.match(r"\| ?---", line)][1:]


def function_exists(folder, file, name):
    for path in (TOP / f"tests/{folder}/{file}.py", TOP / f"tests/{folder}/{file}.c"):
        if path.exists():
            return re.search(rf"^(?:def|static (?:void|int)) test_{name}\(", path.read_text(), re.M) is not None
    return False


@pytest.mark.parametrize("folder, file, name", TESTS, ids=["::".join(t) for t in TESTS])
def test_named_test_exists(folder, file, name):
    assert function_exists(folder, file, name)


@pytest.mark.parametrize("name", FUZZERS)
def test_named_fuzzer_exists(name):
    assert (TOP / f"tests/fuzz/{name}.c").exists()


@pytest.mark.parametrize("name", OPTIONS)
def test_named_option_is_held_off(name):
    off = (TOP / "kernel-config/off.config").read_text()
    names = re.findall(r"^CONFIG_([\w*]+)=n", off, re.M)
    assert any(re.fullmatch(n.replace("*", r"\w*"), name.rstrip("*")) or n == name for n in names)


def test_every_reference_is_understood():
    words = set(re.findall(r"`([^`\s]+::[^`\s]+)`", TEXT)) - FOREIGN
    assert words == {f"{folder}/{file}::{name}" for folder, file, name in TESTS}


def test_every_pitfall_has_one_row():
    assert re.findall(r"^\| P(\d+) \|", TEXT, re.M) == [str(n) for n in range(1, 64)]


def test_every_row_of_the_trust_table():
    trust = (TOP / "docs/trust.md").read_text()
    inputs = [line.split(" | ")[0].strip("| ") for line in trust.splitlines() if line.startswith("| ")][1:]
    inputs.remove("---") if "---" in inputs else None
    assert [row[0] for row in rows("## The trust table, row by row")] == inputs


@pytest.mark.parametrize("heading", ["## The trust table, row by row", "### Storage", "### Start and configuration",
                                     "### Attestation and secrets", "### Confinement", "### Process, network, and the rest",
                                     "## Attacks on attestation", "## The Coordinator",
                                     "## Renewal and the attestation socket", "## The data owner's check"])
def test_every_row_names_a_test(heading):
    found = rows(heading)
    assert found
    for row in found:
        if heading == "## Attacks on attestation" and len(row) < 4:
            continue  # the second table: holes of others
        assert re.search(r"::|kernel-config/|fuzz/", row[-1]), row
