# SPDX-License-Identifier: GPL-2.0-or-later
"""The dev kernel's TSM provider against hosts that behave and hosts that do not (docs/formats/tsm-console.md)."""
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
KERNELS = TOP / "build" / "kernel"
MACHINES = {
    "q35": ["-machine", "q35,accel=tcg", "-device", "virtio-serial-pci"],
    "microvm": ["-machine", "microvm,accel=tcg,acpi=on,auto-kernel-cmdline=off", "-device", "virtio-serial-device"],
}
REQUEST = 66
EIO, ENXIO, EBUSY, ENODEV, EPROTO, ETIMEDOUT = 5, 6, 16, 19, 71, 110
VM_LIMIT_S = 180

pytestmark = pytest.mark.skipif(
    not (KERNELS / "dev" / "vmlinuz").exists() or not all(map(shutil.which, ("qemu-system-x86_64", "musl-gcc"))),
    reason="needs the built kernels, QEMU and musl-gcc",
)


def cpio(path, content):
    """A newc archive with the console's folder and one program."""
    archive = b""
    for name, mode, data in (("dev", 0o40755, b""), (path, 0o100755, content), ("TRAILER!!!", 0, b"")):
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        archive += header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)
    return archive


@pytest.fixture(name="initrd", scope="module")
def build_initrd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("initrd")
    subprocess.run(["musl-gcc", "-std=gnu17", "-Os", "-static", "-s", "-o", folder / "init", HERE / "tsm_init.c"], check=True)
    (folder / "initrd").write_bytes(cpio("init", (folder / "init").read_bytes()))
    return folder / "initrd"


class Host:
    """The process at the other end of the console: answer(number, request) gives the bytes to send back."""

    def __init__(self, path, answer, late_s=0.0, greeting=b""):
        self.requests = []
        self.thread = threading.Thread(target=self.serve, args=(path, answer, late_s, greeting), daemon=True)
        self.thread.start()

    def serve(self, path, answer, late_s, greeting):
        time.sleep(late_s)
        with socket.socket(socket.AF_UNIX) as sock:
            while sock.connect_ex(str(path)) != 0:
                time.sleep(0.02)
            sock.sendall(greeting)
            pending = b""
            while data := sock.recv(4096):
                pending += data
                while len(pending) >= REQUEST:
                    request, pending = pending[:REQUEST], pending[REQUEST:]
                    self.requests.append(request)
                    sock.sendall(answer(len(self.requests) - 1, request))


def report(request, out_len=1184, aux_len=48):
    out = bytes(0x50) + request[2:] + bytes(out_len - 0x50 - 64)
    return struct.pack("<II", out_len, aux_len) + out + bytes(aux_len)


def boot(initrd, tmp_path, kind="dev", machine="q35", console=True):
    command = ["qemu-system-x86_64", *MACHINES[machine], "-cpu", "max", "-m", "128", "-nodefaults", "-no-reboot"]
    command += ["-display", "none", "-serial", "stdio", "-kernel", str(KERNELS / kind / "vmlinuz"), "-initrd", str(initrd)]
    command += ["-append", "console=ttyS0 quiet panic=-1 tsc_early_khz=2600000"]
    if console:
        command += ["-chardev", f"socket,id=tsm,path={tmp_path}/tsm,server=on,wait=off", "-device", "virtconsole,chardev=tsm"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=VM_LIMIT_S, check=True)
    text = done.stdout.decode("latin1").replace("\r", "")
    assert "end\n" in text, text
    return text


def results(text):
    """For each report: (outblob, auxblob, match), or the errno."""
    found = []
    for line in re.findall(r"report \d: (.*) ms \d+", text):
        if error := re.fullmatch(r"errno (\d+)", line):
            found.append(int(error[1]))
        else:
            found.append(tuple(map(int, re.fullmatch(r"outblob (\d+) auxblob (\d+) match (\d)", line).groups())))
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_looks_like_sev_guest(machine, initrd, tmp_path):
    host = Host(tmp_path / "tsm", lambda n, request: report(request))
    text = boot(initrd, tmp_path, machine=machine)
    assert results(text) == [(1184, 48, 1)] * 4
    assert "provider: sev_guest\n" in text and "privlevel_floor: 0\n" in text
    assert f"hvc0: errno {EBUSY}\n" in text
    assert [request[:2] for request in host.requests] == [bytes([0, 64])] * 4


GOOD = (1184, 48, 1)
BAD_LENGTHS = struct.pack("<II", 32769, 0)
BAD_AUX = struct.pack("<II", 1184, 32769)
AUX_ALONE = struct.pack("<II", 0, 4) + b"aux!"
TEXT = b"login: "


@pytest.mark.parametrize(
    "answer, expected",
    [
        (lambda n, r: report(r, 32768, 32768), [(32768, 32768, 1)] * 4),
        (lambda n, r: report(r, 1184, 0), [(1184, 0, 1)] * 4),
        (lambda n, r: bytes(8) if n == 1 else report(r), [GOOD, EIO, GOOD, GOOD]),
        (lambda n, r: BAD_LENGTHS if n == 1 else report(r), [GOOD, EPROTO, EIO, EIO]),
        (lambda n, r: BAD_AUX if n == 1 else report(r), [GOOD, EPROTO, EIO, EIO]),
        (lambda n, r: AUX_ALONE if n == 1 else report(r), [GOOD, EPROTO, EIO, EIO]),
        (lambda n, r: report(r) + (TEXT if n == 1 else b""), [GOOD, GOOD, EPROTO, EIO]),
        (lambda n, r: TEXT * 30000 if n == 0 else report(r), [EPROTO, EIO, EIO, EIO]),
        (lambda n, r: report(r)[:-1] if n == 1 else report(r), [GOOD, ETIMEDOUT, EIO, EIO]),
    ],
    ids="largest no-auxblob refusal outblob-long auxblob-long auxblob-alone unasked flood cut-short".split(),
)
def test_answers(answer, expected, initrd, tmp_path):
    Host(tmp_path / "tsm", answer)
    assert results(boot(initrd, tmp_path)) == expected


def test_bytes_before_the_first_request(initrd, tmp_path):
    Host(tmp_path / "tsm", lambda n, r: report(r), greeting=b"hello, who is there?")
    assert results(boot(initrd, tmp_path)) == [EPROTO, EIO, EIO, EIO]


def test_host_that_connects_late(initrd, tmp_path):
    host = Host(tmp_path / "tsm", lambda n, r: report(r), late_s=4)
    assert results(boot(initrd, tmp_path)) == [GOOD] * 4
    assert len(set(host.requests)) == 4


def test_repeated_answers_to_the_first_request_are_dropped(initrd, tmp_path):
    def slow(number, request):
        time.sleep(3 if number == 0 else 0)
        return report(request)

    host = Host(tmp_path / "tsm", slow)
    assert results(boot(initrd, tmp_path)) == [GOOD] * 4
    assert len(host.requests) > 4 and len(set(host.requests)) == 4


def test_silent_host(initrd, tmp_path):
    Host(tmp_path / "tsm", lambda n, r: b"")
    assert results(boot(initrd, tmp_path)) == [ETIMEDOUT, EIO, EIO, EIO]


def test_no_console(initrd, tmp_path):
    assert results(boot(initrd, tmp_path, console=False)) == [ENODEV] * 4


def test_production_kernel_has_no_provider(initrd, tmp_path):
    text = boot(initrd, tmp_path, kind="production")
    assert f"mkdir: errno {ENXIO}\n" in text and results(text) == []
