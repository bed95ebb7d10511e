# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-verify evidence: real machines' evidence at the clocks at which it was good, and what is refused of it."""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("NACRE_BUILD", "build")
BIN = BUILD / "bin"
SNP, TDX = TOP / "tests/vectors/snp", TOP / "tests/vectors/tdx"
ROOTS = SNP / "roots"
SNP_ANY = "report-data,measurement,host-data,chip-id,csp-id,id-key,tcb,platform-info,revocation,firmware"
TDX_ANY = "report-data,measurement,rtmr0,mr-seam,host-data,chip-id,tcb,xfam"
DSTACK = [SNP / "dstack/report.bin", "--certs", SNP / "dstack/vcek.pem", SNP / "dstack/ask.pem", "--now", "2026-07-01"]
DSTACK_HOST_DATA = "783f0057820acb99249af56cc3b07b4e8d80f65183167cba9cf437bb680f742f"
DSTACK_MEASUREMENT = "7f51e17f72a04d5422cb2c00998166536019a217376f3aa45a630e59c805a599847ff250dbffcd07e1ba639771d6f05d"


def verify(*args, tool=None):
    return subprocess.run([tool or BIN / "nacre-verify", *map(str, args)], text=True, capture_output=True, timeout=120)


def check(*args):
    """the JSON object, its rows by name, and the exit status"""
    got = verify(*args, "--json")
    assert got.returncode in (0, 1, 4), got.stderr
    assert got.stderr == ""
    table = json.loads(got.stdout)
    assert got.stdout == canonical(table)
    assert set(table) == {"checks", "explanation", "not_covered", "passed", "warnings"}
    assert len(set(table["not_covered"])) == len(table["not_covered"])
    for row in table["checks"]:
        assert set(row) == {"check", "expected", "found", "verdict"}
        assert row["verdict"] in ("passed", "refused", "not run")
    assert table["passed"] == (got.returncode != 1) == all(r["verdict"] != "refused" for r in table["checks"])
    return got.returncode, {r["check"]: r for r in table["checks"]}, table


def canonical(value):
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return re.sub(r": \[\s*\]", ": []", text) + "\n"


def refused(rows):
    return [name for name, row in rows.items() if row["verdict"] == "refused"]


def test_help_and_usage():
    assert verify("--help").returncode == 0
    assert verify().returncode == 2
    assert verify("frobnicate").returncode == 2
    for command in ("evidence", "coordinator", "attestation", "guest"):
        got = verify(command, "--help")
        assert got.returncode == 0 and f"nacre-verify {command}" in got.stdout and "Exit status" in got.stdout
        assert verify(command).returncode == 2


# --- SEV-SNP ---------------------------------------------------------------------------------------------

SNP_CASES = [ # folder, certificates, clock, what is refused of it when nothing but VMPL and policy is asked
    ("dstack", ["dstack/vcek.pem", "dstack/ask.pem"], "2026-07-01", []),
    ("virtee-milan", ["virtee-milan/vcek.der", "roots/milan_ask_ark_asvk.pem"], "2025-01-01", []),
    ("trustee-e2e", ["trustee-e2e/vcek.der", "roots/genoa_ask_ark_asvk.pem"], "2026-01-01", []),
    ("trustee-vcek", ["trustee-vcek/vcek.der", "roots/milan_ask_ark_asvk.pem"], "2025-01-01", []),
    ("trustee-vlek", ["trustee-vlek/vlek.der", "roots/milan_ask_ark_asvk.pem"], "2025-06-01", ["vmpl"]),
    ("trustee-vlek", ["trustee-vlek/vlek.der", "roots/milan_ask_ark_asvk.pem"], "2026-11-24", ["certificate dates"]),
    ("milan-v2-a", ["milan-v2-a/vcek.der", "roots/milan_ask_ark_asvk.pem"], "2025-01-01", ["guest policy"]),
    ("trustee-vcek", ["trustee-vcek/vcek-invalid-new.der", "roots/milan_ask_ark_asvk.pem"], "2025-01-01", ["leaf certificate"]),
    ("trustee-vcek", ["trustee-vcek/vcek-invalid-legacy.der", "roots/milan_ask_ark_asvk.pem"], "2025-01-01",
     ["leaf certificate"]),
    ("trustee-e2e", ["virtee-milan/vcek.der", "roots/milan_ask_ark_asvk.pem"], "2026-01-01", ["root certificate"]),
    ("virtee-milan", ["roots/milan_ask_ark_asvk.pem"], "2025-01-01", ["signer"]),
]


@pytest.mark.parametrize("name,certs,now,expected", SNP_CASES)
def test_snp_reports(name, certs, now, expected):
    args = [SNP / name / "report.bin", "--certs", *[SNP / c for c in certs], "--now", now, "--any", SNP_ANY]
    if (name == "virtee-milan" and len(certs) == 1) or "invalid" in certs[0]: # no leaf that tells
        args += ["--product", "Milan"]
    status, rows, table = check("evidence", *args)
    assert refused(rows) == expected, table
    assert status == (1 if expected else 0)
    assert len(table["not_covered"]) >= 9


@pytest.mark.parametrize("name,now,expected", [("dstack", "2026-07-01", []), ("trustee-e2e", "2026-01-01", []),
                                               ("virtee-milan", "2025-01-01", []), ("trustee-vlek", "2025-06-01", ["vmpl"])])
def test_snp_messages(name, now, expected):
    """the message of an aTLS certificate, which brings its certificates along"""
    _, rows, _ = check("evidence", SNP / f"evidence/{name}.pb", "--now", now, "--any", SNP_ANY)
    assert refused(rows) == expected
    assert rows["evidence"]["found"] == "an SEV-SNP evidence message"


def test_snp_provisional():
    """trustee-vcek runs a firmware that is not committed"""
    args = [SNP / "trustee-vcek/report.bin", "--certs", SNP / "trustee-vcek/vcek.der", ROOTS / "milan_ask_ark_asvk.pem",
            "--now", "2025-01-01", "--any", SNP_ANY.replace(",firmware", "")]
    _, rows, _ = check("evidence", *args)
    assert refused(rows) == ["committed firmware"]


def test_snp_single_expectations():
    good = ["--host-data", DSTACK_HOST_DATA, "--measurement", DSTACK_MEASUREMENT, "--min-tcb",
            "bootloader=4,snp=23,microcode=213", "--report-data", b"attest-test-fixture-2026".hex().ljust(128, "0"),
            "--id-key", "00" * 48, "--any", "chip-id,platform-info,revocation,firmware"]
    status, rows, table = check("evidence", *DSTACK, *good)
    assert status == 0 and refused(rows) == []
    assert rows["host data"]["expected"] == rows["host data"]["found"] == DSTACK_HOST_DATA
    assert not any("measurement" in line for line in table["not_covered"])
    for option, value, row in [("--host-data", "00" * 32, "host data"), ("--measurement", "11" * 48, "measurement"),
                               ("--min-tcb", "microcode=214", "reported tcb"), ("--report-data", "22" * 64, "report data"),
                               ("--id-key", "33" * 48, "id key digest")]:
        bad = good[:]
        bad[bad.index(option) + 1] = value
        status, rows, table = check("evidence", *DSTACK, *bad)
        assert status == 1 and row in refused(rows), row
        assert (table["explanation"] != []) == (option == "--measurement")


@pytest.mark.parametrize("left_out", SNP_ANY.replace(",csp-id", "").split(","))
def test_snp_missing_expectation(left_out):
    """an expectation that nobody gave is an error that says how to give it, or not to"""
    names = [n for n in SNP_ANY.split(",") if n != left_out]
    got = verify("evidence", *DSTACK, "--any", *names)
    if left_out == "firmware": # without it: the strict rule, which this machine meets
        assert got.returncode == 0
        return
    assert got.returncode == 2 and f"--any {left_out}" in got.stderr, got.stderr
    assert got.stdout == ""


def test_snp_crl(tmp_path):
    """there is no real list in the vectors: a wrong one is refused by name, and no list at all has to be said"""
    names = SNP_ANY.replace(",revocation", "")
    _, rows, _ = check("evidence", *DSTACK, "--any", names, "--crl", TOP / "tests/vectors/crl/empty.crl")
    assert refused(rows) == ["revocation"]
    assert verify("evidence", *DSTACK, "--any", SNP_ANY, "--crl", TOP / "tests/vectors/crl/empty.crl").returncode == 2
    assert verify("evidence", *DSTACK, "--any", names, "--collateral", tmp_path).returncode == 3


def test_text():
    got = verify("evidence", *DSTACK, "--any", SNP_ANY)
    assert got.returncode == 0
    lines = got.stdout.splitlines()
    assert lines[0].split() == ["CHECK", "EXPECTED", "FOUND", "VERDICT"]
    assert "Not covered:" in lines and lines[-1].startswith("PASSED: 32 checks, 31 passed, 0 refused, 1 not run")
    assert max(map(len, lines)) < 140


def test_flipped_report(tmp_path):
    data = bytearray((SNP / "dstack/report.bin").read_bytes())
    for offset, row in [(0x50, "signature"), (0xc0, "signature"), (0x2a0, "signature"), (0x4c, "format"), (0x1a0, "certificate chip")]:
        bad = bytearray(data)
        bad[offset] ^= 1
        (tmp_path / "bad.bin").write_bytes(bad)
        _, rows, _ = check("evidence", tmp_path / "bad.bin", *DSTACK[1:], "--any", SNP_ANY, "--product", "Milan")
        assert refused(rows) == [row]


def test_bad_input(tmp_path):
    for content in (b"", b"x", b"\0" * 1183, b"\0" * 70000, b"-----BEGIN CERTIFICATE-----\n", b"\x30\x82\x01\x00" + b"\0" * 256):
        (tmp_path / "bad").write_bytes(content)
        got = verify("evidence", tmp_path / "bad", "--any", SNP_ANY)
        assert got.returncode == 3 and str(tmp_path / "bad") in got.stderr, (content[:40], got.stderr)


def test_bad_options(tmp_path):
    for extra in (["--any", "everything"], ["--now", "yesterday"], ["--now", "2026-13-01"], ["--product", "Rome"],
                  ["--host-data", "12"], ["--min-tcb", "snp=256"], ["--min-tcb", "snp"], ["--report-data", "00"],
                  ["--nonce", "00" * 32], ["--key", "k.pem"], ["--vmpl", "4"]):
        got = verify("evidence", *DSTACK, *(["--any", SNP_ANY.replace("report-data,", "")] if "--nonce" in extra
                                            else ["--any", SNP_ANY.replace("report-data", "csp-id")] if "--report-data" in extra
                                            else ["--any", SNP_ANY]), *extra)
        if extra[0] == "--now": # given twice is an error too, but not the one meant here
            args = [a for a in DSTACK if a not in ("--now", "2026-07-01")]
            got = verify("evidence", *args, "--any", SNP_ANY, *extra)
        assert got.returncode == 2 and got.stdout == "", (extra, got.stderr)
    assert verify("evidence", tmp_path / "absent", "--any", SNP_ANY).returncode == 3


# --- TDX -------------------------------------------------------------------------------------------------


@pytest.fixture
def collateral(tmp_path):
    """Intel's collateral under the names of docs/formats/collateral.md"""
    def make(folder, fmspc, tcb_info="tcb_info.json"):
        source = TDX / "verify" / folder
        for name, to in [(tcb_info, f"tdx-tcb-info-{fmspc}.json"), ("signer.pem", f"tdx-tcb-info-{fmspc}.pem"),
                         ("qe_identity.json", "tdx-qe-identity.json"), ("signer.pem", "tdx-qe-identity.pem"),
                         ("root.crl", "tdx-root.crl"), ("pck.crl", "tdx-pck-platform.crl")]:
            shutil.copy(source / name, tmp_path / to)
        return tmp_path
    return make


def test_tdx(collateral):
    folder = collateral("2025-06", "b0c06f000000")
    args = [TDX / "v4.bin", "--collateral", folder, "--any", TDX_ANY]
    status, rows, _ = check("evidence", *args, "--now", "2025-06-22")
    assert status == 0 and rows["tcb status"]["found"].startswith("UpToDate (")
    assert rows["mrtd"]["found"].startswith("91eb2b44d141d4ec")
    _, rows, _ = check("evidence", *args, "--now", "2026-06-22")
    assert refused(rows) == ["root crl"] or refused(rows) == ["tcb info"] or refused(rows) == ["pck crl"]
    _, rows, _ = check("evidence", *args, "--now", "2025-06-22", "--measurement", "00" * 48, "--rtmr1", "11" * 48)
    assert refused(rows) == ["mrtd", "rtmr1"]


@pytest.mark.parametrize("name,tcb_info,now,expected", [
    ("v5.bin", "tcb_info_v5.json", "2026-02-20", []), # a body of TDX 1.5
    ("verify/dstack-report.bin", "tcb_info.json", "2026-02-20", []),
    ("verify/dstack-lite.bin", "tcb_info.json", "2026-02-20", ["certificate dates"]), # its PCK is of April: no clock fits both
    ("verify/outdated.bin", "tcb_info.json", "2026-02-25", ["tcb level"]),
    ("v5.bin", "tcb_info.json", "2026-05-01", ["root crl"]), # everything of February is out of date
])
def test_tdx_quotes(collateral, name, tcb_info, now, expected):
    folder = collateral("2026-02", "90c06f000000", tcb_info)
    status, rows, table = check("evidence", TDX / name, "--collateral", folder, "--any", TDX_ANY, "--now", now)
    assert refused(rows) == expected and status == (1 if expected else 0), table


def test_tdx_no_level(collateral):
    folder = collateral("2026-02", "90c06f000000")
    _, rows, _ = check("evidence", TDX / "verify/outdated.bin", "--collateral", folder, "--any", TDX_ANY, "--now", "2026-02-25")
    assert refused(rows) == ["tcb level"]


@pytest.mark.parametrize("left_out", TDX_ANY.split(","))
def test_tdx_missing_expectation(collateral, left_out):
    folder = collateral("2025-06", "b0c06f000000")
    names = ",".join(n for n in TDX_ANY.split(",") if n != left_out)
    got = verify("evidence", TDX / "v4.bin", "--collateral", folder, "--any", names, "--now", "2025-06-22")
    assert got.returncode == 2 and f"--any {left_out}" in got.stderr, got.stderr


def test_tdx_needs_collateral(tmp_path):
    got = verify("evidence", TDX / "v4.bin", "--any", TDX_ANY)
    assert got.returncode == 2 and "--collateral" in got.stderr
    got = verify("evidence", TDX / "v4.bin", "--any", TDX_ANY, "--collateral", tmp_path)
    assert got.returncode == 3 and "tdx-tcb-info-b0c06f000000.json" in got.stderr


# --- test roots ------------------------------------------------------------------------------------------


def test_no_test_root_in_production(tmp_path):
    """what `make install` installs does not know the option; what is built for development warns"""
    (tmp_path / "root.pem").write_text((ROOTS / "milan_ask_ark_asvk.pem").read_text().split("-----END CERTIFICATE-----\n")[1]
                                       + "-----END CERTIFICATE-----\n")
    args = ["evidence", *DSTACK, "--any", SNP_ANY, "--test-root", tmp_path / "root.pem"]
    got = verify(*args)
    assert got.returncode == 1 and got.stdout.startswith("WARNING: ") # AMD's root is no test root
    _, rows, table = check(*args)
    assert refused(rows) == ["root certificate"] and table["warnings"] != []
    production = BUILD / "production/bin/nacre-verify"
    if not production.exists():
        pytest.skip("make production has not been run")
    got = verify(*args, tool=production)
    assert got.returncode == 2 and "--test-root" in got.stderr
    coordinator = ["run", "--state", tmp_path, "--no-tee", "--collateral", "none", "--test-root", tmp_path / "root.pem"]
    assert "--test-root" in verify("--help", tool=BIN / "nacre-coordinator").stdout
    assert verify("--help", tool=BUILD / "production/bin/nacre-coordinator").stdout.count("test-root") == 0
    got = verify(*coordinator, tool=BUILD / "production/bin/nacre-coordinator")
    assert got.returncode == 2 and "--test-root" in got.stderr
    for command in ("evidence", "coordinator"):
        assert "--test-root" in verify(command, "--help").stdout
        assert "test-root" not in verify(command, "--help", tool=production).stdout
    for tool in ("nacre-verify", "nacre-coordinator", "nacre-measure"):
        assert b"test-root" not in (BUILD / "production/bin" / tool).read_bytes(), tool
