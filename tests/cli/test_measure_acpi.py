# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure acpi with the real QEMU: the files hang together, follow its options, and feed tdx."""
import hashlib
import json
import os
import pathlib
import shutil
import stat
import struct
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
QEMU = ["qemu-system-x86_64", "-machine", "q35", "-nodefaults"]
needs_qemu = pytest.mark.skipif(not shutil.which(QEMU[0]), reason="QEMU is not installed")


def acpi(*args):
    return subprocess.run([BIN / "nacre-measure", "acpi", *map(str, args)], text=True, capture_output=True, timeout=90)


@needs_qemu
def test_dump(tmp_path):
    got = acpi("--out", tmp_path / "out", "--json", "--qemu", *QEMU, "-smp", "3", "-m", "2G")
    assert (got.returncode, got.stderr) == (0, "")
    got = json.loads(got.stdout)
    assert got["vcpus"] == 3
    files = {n: (tmp_path / "out" / n).read_bytes() for n in ("table-loader", "rsdp", "tables")}
    for entry in got["files"]:
        content = files[entry["name"].split("/")[-1]]
        assert entry["sha384"] == hashlib.sha384(content).hexdigest() and entry["size"] == len(content)
    assert files["rsdp"].startswith(b"RSD PTR ")
    # The loader's script begins with ALLOCATE of the two files.
    names = {struct.unpack_from("<I56s", files["table-loader"], 128 * i)[1].rstrip(b"\0") for i in range(2)}
    assert names == {b"etc/acpi/rsdp", b"etc/acpi/tables"}
    # The addresses that OVMF has set up are in the tables: MCFG's base, and the FADT's PM1a event block.
    mcfg = files["tables"].index(b"MCFG")
    assert struct.unpack_from("<Q", files["tables"], mcfg + 44)[0] == 0xE0000000
    fadt = files["tables"].index(b"FACP")
    assert struct.unpack_from("<I", files["tables"], fadt + 56)[0] == 0x600


@needs_qemu
def test_what_changes_the_tables():
    def digests(*more):
        return [line.split()[0] for line in acpi("--qemu", *QEMU, *more).stdout.splitlines()]

    base = digests("-smp", "2", "-m", "2G")
    assert len(base) == 3 and base == digests("-smp", "2", "-m", "2G")
    assert digests("-smp", "4", "-m", "2G")[2] != base[2]
    assert digests("-smp", "2", "-m", "1G")[2] != base[2]
    assert digests("-smp", "2", "-m", "2G", "-device", "virtio-rng-pci")[2] != base[2]


@needs_qemu
def test_feeds_tdx(tmp_path):
    assert acpi("--out", tmp_path, "--qemu", *QEMU, "-smp", "2", "-m", "2G").returncode == 0
    tdx = [BIN / "nacre-measure", "tdx", "--firmware", TOP / "tests/vectors/tdx/firmware.fd", "--memory", "2G", "--edk2", "B",
           "--acpi-tables", tmp_path]
    got = json.loads(subprocess.run(tdx + ["--vcpus", "2", "--json"], capture_output=True, check=True).stdout)
    assert len(got["rtmr"][0]["value"]) == 96
    got = subprocess.run(tdx + ["--vcpus", "4"], text=True, capture_output=True)
    assert got.returncode == 3 and "made for 2 virtual CPUs" in got.stderr


@needs_qemu
@pytest.mark.parametrize("args, text", [
    (("-device", "no-such-device"), "'no-such-device' is not a valid device model name"),
    (("-machine", "nosuch"), "unsupported machine type"),
])
def test_qemu_refuses(args, text):
    got = acpi("--qemu", *QEMU, *args)
    assert got.returncode == 3 and text in got.stderr and got.stdout == ""


@needs_qemu
def test_no_acpi():
    got = acpi("--qemu", "qemu-system-x86_64", "-machine", "q35,acpi=off", "-nodefaults", "-m", "1G")
    assert got.returncode == 3 and "QEMU offers no etc/table-loader" in got.stderr


def fake(tmp_path, script):
    path = tmp_path / "fake-qemu"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("script, text", [
    ("echo first >&2; echo last words >&2; exit 1", "QEMU ended: first;last words"),
    ("exit 0", "QEMU ended"),
    ("head -c 10000000 /dev/zero | tr '\\0' x >&3", "QEMU answers with too much"),
    ("while read line; do echo FAIL >&3; done <&3", "QEMU refused a request"),
    ("while read line; do echo OK >&3; done <&3", "QEMU gave other memory than asked for"),
])
def test_strange_program(script, text, tmp_path):
    got = acpi("--qemu", fake(tmp_path, script))
    assert got.returncode == 3 and text in got.stderr and got.stdout == ""


@pytest.mark.parametrize("args, code, text", [
    ((), 2, "--qemu and the program"),
    (("--qemu",), 2, "--qemu and the program"),
    (("--bogus", "--qemu", "x"), 2, "--bogus"),
    (("x", "--qemu", "x"), 2, "x"),
    (("--qemu", "no-such-qemu-program", "-m", "1G"), 3, "no-such-qemu-program: cannot be started: No such file"),
])
def test_wrong_use(args, code, text):
    got = acpi(*args)
    assert got.returncode == code and text in got.stderr and got.stdout == ""


def test_killed_takes_qemu_along(tmp_path):
    program = fake(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 100")
    run = subprocess.Popen([BIN / "nacre-measure", "acpi", "--qemu", program])
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.05)
    pid = int((tmp_path / "pid").read_text())
    run.kill()
    run.wait()
    for _ in range(100):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail("the program outlived nacre-measure")


@needs_qemu
def test_out_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    got = acpi("--out", tmp_path / "file", "--qemu", *QEMU, "-m", "1G")
    assert got.returncode == 3 and "table-loader: Not a directory" in got.stderr


def test_help():
    got = acpi("--help")
    assert got.returncode == 0 and got.stdout.startswith("usage: nacre-measure acpi")
