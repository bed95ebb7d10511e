# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent's connection over vsock, with its filter on, inside one guest of the dev kernel."""
import subprocess

import pytest
from test_tsm_console import HERE, TOP, boot, cpio
from test_tsm_console import pytestmark  # noqa: F401  what both need

SOURCES = ["agent/os.c", "agent/filter.c", "lib/netaddr.c", "lib/err.c", "lib/span.c"]


@pytest.fixture(name="initrd", scope="module")
def build_initrd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vsock")
    sources = [str(TOP / name) for name in SOURCES]
    subprocess.run(["musl-gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Os", "-static", "-s", f"-I{TOP}/lib", f"-I{TOP}/agent",
                    "-isystem", TOP / "build/deps/musl/include",
                    "-o", folder / "init", HERE / "vsock_init.c", *sources], check=True)
    (folder / "initrd").write_bytes(cpio("init", (folder / "init").read_bytes()))
    return folder / "initrd"


def test_connects_and_gets_an_answer(initrd, tmp_path):
    text = boot(initrd, tmp_path, console=False)
    assert "there: 0\n" in text
    assert "nobody: 3\n" in text


def test_production_has_no_loopback(initrd, tmp_path):
    text = boot(initrd, tmp_path, kind="production", console=False)
    assert "there: 2\n" in text
