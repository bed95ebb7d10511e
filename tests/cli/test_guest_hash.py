# SPDX-License-Identifier: GPL-2.0-or-later
"""The hashes as the guest has them (musl, its own wolfSSL), on this machine's CPU with all its instructions."""

import hashlib
import random
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PROGRAM = TOP / "build/guest-tests/guest_hash"


@pytest.mark.parametrize("size", [0, 1, 3, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000, 4096, 65537, 1 << 20])
def test_digests(size):
    data = random.Random(size).randbytes(size)
    out = subprocess.run([PROGRAM], input=data, capture_output=True, check=True).stdout.decode()
    assert dict(line.split() for line in out.splitlines()) == {
        name: hashlib.new(name, data).hexdigest() for name in ("sha256", "sha384", "sha512")}
