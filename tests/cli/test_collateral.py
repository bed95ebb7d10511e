# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-coordinator run --collateral: what is told about a folder, and that going without is a choice one can see."""

import shutil
import subprocess

import pytest

from test_coordinator import COORDINATOR, TOP, Coordinator, Lab

RECORDED = TOP / "tests/vectors/tdx/verify/2025-06"
NAMES = {"tdx-root.crl": "root.crl", "tdx-pck-platform.crl": "pck.crl", "tdx-tcb-info-b0c06f000000.json": "tcb_info.json",
         "tdx-tcb-info-b0c06f000000.pem": "signer.pem", "tdx-qe-identity.json": "qe_identity.json",
         "tdx-qe-identity.pem": "signer.pem"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return Lab(tmp_path_factory.mktemp("collateral"))


@pytest.fixture
def folder(tmp_path):
    for name, source in NAMES.items():
        shutil.copy(RECORDED / source, tmp_path / name)
    return tmp_path


def start(lab, collateral):
    args = [COORDINATOR, "run", "--state", lab.state, "--manifest", lab.manifest(), "--listen", "127.0.0.1:0", "--no-tee",
            "--collateral", collateral]
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=30)


def test_none_is_told(lab):
    with Coordinator(lab, test_root=False) as c:
        assert "WARNING: --collateral none: nobody asks whether a machine's keys were revoked" in c.log()


def test_is_needed(lab):
    r = subprocess.run([COORDINATOR, "run", "--state", lab.state, "--manifest", lab.manifest(), "--listen", "127.0.0.1:0",
                        "--no-tee"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 2 and "--collateral is needed" in r.stderr


def test_folder(lab, folder):
    """Intel's collateral of 2025 is taken, and told to be late; the SNP product of the manifest has no list."""
    with Coordinator(lab, test_root=False, collateral=folder) as c:
        log = c.log()
        assert f"collateral: 6 files from {folder}" in log
        for name in ("tdx-root.crl", "tdx-qe-identity.json", "tdx-tcb-info-b0c06f000000.json"):
            assert f"WARNING: collateral: {folder}/{name} is for " in log
        assert "snp-genoa.crl is missing: of its machines only those that bring a revocation list can join" in log
        assert "--collateral none" not in log


@pytest.mark.parametrize("name, source, says", [
    ("notes.txt", "root.crl", "notes.txt is no name of a collateral file"),
    ("tdx-root.crl", "pck.crl", "tdx-root.crl: "),
    ("tdx-tcb-info-90c06f000000.json", "tcb_info.json", "its signer's chain, the same name with .pem, is missing"),
])
def test_wrong_file_ends_the_start(lab, folder, name, source, says):
    shutil.copy(RECORDED / source, folder / name)
    r = start(lab, folder)
    assert r.returncode in (1, 3) and says in r.stderr and str(folder) in r.stderr


def test_no_folder(lab, tmp_path):
    r = start(lab, tmp_path / "gone")
    assert r.returncode == 1 and "gone: No such file or directory" in r.stderr
