# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps of docs/verify-an-image.md with the built images: files, and a report from the software secure processor."""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
FIRMWARE = TOP / "build/firmware/OVMF.fd"
DOCUMENT = b'version = "0.1.0"\nalgorithm = "sha256"\n\n[data]\n"policy.json" = \'\'\'\n{}\n\'\'\'\n'


def measure(*args):
    return subprocess.run([BIN / "nacre-measure", *map(str, args)], text=True, capture_output=True, timeout=60)


def ask_report(folder, tmp_path, host_data, *more):
    """as a guest would: one request on the processor's socket"""
    path = tmp_path / "psp.sock"
    psp = subprocess.Popen([BIN / "softpsp", "--socket", path, "--listen", "--state", tmp_path / "psp", "--firmware", FIRMWARE,
                            "--kernel", folder / "vmlinuz", "--initrd", folder / "initrd", "--cmdline",
                            (folder / "cmdline").read_text(), "--host-data", host_data, *more])
    try:
        for _ in range(600):
            if path.exists():
                break
            time.sleep(0.1)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(str(path))
            s.sendall(bytes([0, 64]) + os.urandom(64))
            stream = s.makefile("rb")
            size, _ = struct.unpack("<II", stream.read(8))
            return stream.read(size)
    finally:
        psp.kill()
        psp.wait()
        path.unlink(missing_ok=True)


@pytest.fixture
def image(tmp_path):
    if not FIRMWARE.exists() or not (TOP / "build/image/dev/vmlinuz").exists():
        pytest.skip("no image is built")
    folder = tmp_path / "image"
    shutil.copytree(TOP / "build/image/dev", folder)
    (tmp_path / "initdata.toml").write_bytes(DOCUMENT)
    got = measure("image", folder, "--firmware", FIRMWARE, "--debug")
    assert got.returncode == 0, got.stderr
    return folder


def test_report_of_built_image(image, tmp_path):
    host_data = measure("host-data", tmp_path / "initdata.toml").stdout.split()[1]
    (tmp_path / "report.bin").write_bytes(ask_report(image, tmp_path, host_data, "--vcpus", "4"))
    args = ("verify", image / "measurements.json", "--allow-debug", "--files", image, FIRMWARE.parent, "--report",
            tmp_path / "report.bin", "--initdata", tmp_path / "initdata.toml")
    got = measure(*args)
    assert got.returncode == 0, got.stdout + got.stderr
    assert "EPYC-v4, 4 vCPUs" in got.stdout
    # another command line, another initdata: another machine
    (image / "cmdline").write_text((image / "cmdline").read_text() + " ")
    (tmp_path / "report.bin").write_bytes(ask_report(image, tmp_path, "11" * 32, "--vcpus", "4"))
    got = measure(*args)
    assert got.returncode == 1
    for name in ("report launch digest", "report host data", "command line"):
        assert f"failed   {name}" in got.stdout
