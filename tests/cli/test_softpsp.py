# SPDX-License-Identifier: GPL-2.0-or-later
"""softpsp over its socket, as QEMU's chardev sees it. OpenSSL checks the certificates and the signatures."""
import hashlib
import os
import pathlib
import socket
import stat
import struct
import subprocess
import time
import uuid

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
SOFTPSP = TOP / os.environ.get("NACRE_BUILD", "build") / "bin/softpsp"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"
HOST_DATA = "5a" * 32
GUIDS = {
    "vcek": "63da758d-e664-4564-adc5-f4b93be8accd",
    "ask": "4ab7b379-bbac-4fe4-a02f-05aef327c782",
    "ark": "c0b406a4-a803-4952-9743-3fb6014cd0ae",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Kernel, initrd, and one state folder, since its RSA keys take seconds."""
    lab = tmp_path_factory.mktemp("psp")
    (lab / "kernel").write_bytes(b"kernel")
    (lab / "initrd").write_bytes(b"initrd")
    return lab


def command(lab, *more, **change):
    o = {"socket": lab / "psp.sock", "state": lab / "state", "firmware": FIRMWARE, "kernel": lab / "kernel",
         "initrd": lab / "initrd", "cmdline": "console=ttyS0", "vcpus": "2", "host-data": HOST_DATA, **change}
    args = [str(SOFTPSP)]
    for key, value in o.items():
        if value is not None:
            args += [f"--{key}", str(value)]
    return args + list(more)


def run(*args):
    return subprocess.run(args, text=True, capture_output=True, timeout=60)


class Vm:
    """The guest's side: a listening socket, as QEMU's `server=on`."""

    def __init__(self, lab, *more, **change):
        path = lab / "psp.sock"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            self.psp = subprocess.Popen(command(lab, *more, **change), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
            server.settimeout(60)
            self.end, _ = server.accept()
        self.end.settimeout(20)

    def take(self, size):
        got = b""
        while len(got) < size:
            part = self.end.recv(size - len(got))
            assert part, "closed too early"
            got += part
        return got

    def ask(self, data, vmpl=0):
        self.end.sendall(bytes([vmpl, len(data)]) + data)
        out, aux = struct.unpack("<II", self.take(8))
        return self.take(out), self.take(aux)

    def close(self):
        self.end.close()
        out, err = self.psp.communicate(timeout=20)
        return self.psp.returncode, out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.psp.poll() is None:
            self.close()


def certificates(aux):
    found = {}
    for at in range(0, len(aux), 24):
        guid, offset, size = aux[at:at + 16], *struct.unpack_from("<II", aux, at + 16)
        if guid == bytes(16):
            return found
        found[next(k for k, v in GUIDS.items() if uuid.UUID(v).bytes == guid)] = aux[offset:offset + size]
    raise AssertionError("no closing entry")


def integer(value):
    body = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(body)]) + body


def signature_is_good(lab, report, vcek):
    r, s = (int.from_bytes(report[at:at + 72], "little") for at in (0x2a0, 0x2e8))
    body = integer(r) + integer(s)
    (lab / "sig").write_bytes(b"\x30" + bytes([len(body)]) + body)
    (lab / "signed").write_bytes(report[:0x2a0])
    (lab / "vcek.der").write_bytes(vcek)
    key = run("openssl", "x509", "-inform", "der", "-in", str(lab / "vcek.der"), "-noout", "-pubkey").stdout
    (lab / "vcek.pub").write_text(key)
    return run("openssl", "dgst", "-sha384", "-verify", str(lab / "vcek.pub"), "-signature", str(lab / "sig"),
               str(lab / "signed")).returncode == 0


def test_reports(lab):
    data = bytes(range(64))
    with Vm(lab) as vm:
        report, aux = vm.ask(data)
        second, _ = vm.ask(data, vmpl=2)
        code, out, err = vm.close()
    assert code == 0
    assert len(report) == 1184
    assert struct.unpack_from("<IIQ", report) == (3, 0, 0x30000)
    assert report[0x50:0x90] == data
    assert report[0xc0:0xe0] == bytes.fromhex(HOST_DATA)
    assert report[0x188:0x18b] == b"\x19\x11\x01"
    assert struct.unpack_from("<I", report, 0x30)[0] == 0
    assert struct.unpack_from("<I", second, 0x30)[0] == 2
    assert report[0x140:0x160] == second[0x140:0x160] != bytes(32)
    assert f"launch digest: {report[0x90:0xc0].hex()}\n" == out
    assert "published firmware file" in err
    certs = certificates(aux)
    assert set(certs) == {"vcek", "ask", "ark"}
    assert signature_is_good(lab, report, certs["vcek"])
    assert signature_is_good(lab, second, certs["vcek"])
    for name, der in certs.items():
        assert subprocess.run(["openssl", "x509", "-inform", "der"], input=der, capture_output=True).stdout.decode() \
            == run("openssl", "x509", "-in", str(lab / f"state/{name}.pem")).stdout


def test_state(lab):
    with Vm(lab) as vm:
        vm.ask(bytes(64))
    state = lab / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for key in state.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sorted(p.name for p in state.iterdir()) == ["ark.key", "ark.pem", "ask.key", "ask.pem", "vcek.key",
                                                       "vcek.pem"]
    assert run("openssl", "verify", "-CAfile", str(state / "ark.pem"), str(state / "ask.pem")).returncode == 0
    assert run("openssl", "verify", "-ignore_critical", "-CAfile", str(state / "ark.pem"), "-untrusted",
               str(state / "ask.pem"), str(state / "vcek.pem")).returncode == 0
    other = run(*command(lab, product="Milan"))
    assert other.returncode == 3
    assert "made for Genoa, not for Milan" in other.stderr


@pytest.mark.parametrize("more, offset, want", [
    (("--guest-policy", "b0000"), 0x08, struct.pack("<Q", 0xb0000)),
    (("--guest-policy", "0xb0000"), 0x08, struct.pack("<Q", 0xb0000)),
    (("--vmpl", "1"), 0x30, struct.pack("<I", 1)),
    (("--replay",), 0x50, bytes(64)),
])
def test_faults_stay_signed(lab, more, offset, want):
    with Vm(lab, *more) as vm:
        report, aux = vm.ask(b"\x11" * 64)
    assert report[offset:offset + len(want)] == want
    assert signature_is_good(lab, report, certificates(aux)["vcek"])


def test_replay(lab):
    first, second, third = (bytes([n]) * 64 for n in (1, 2, 3))
    with Vm(lab, "--replay") as vm:
        assert [vm.ask(d)[0][0x50:0x90] for d in (first, second, third)] == [bytes(64), first, second]
    with Vm(lab, "--replay-from", "2") as vm:
        assert [vm.ask(d)[0][0x50:0x90] for d in (first, second, third)] == [first, first, second]


def test_corrupt_signature(lab):
    with Vm(lab, "--corrupt-signature") as vm:
        report, aux = vm.ask(bytes(64))
    assert not signature_is_good(lab, report, certificates(aux)["vcek"])


def test_refusals(lab):
    with Vm(lab) as vm:
        assert vm.ask(bytes(63)) == (b"", b"")
        assert vm.ask(b"") == (b"", b"")
        assert vm.ask(bytes(64), vmpl=4) == (b"", b"")
        assert len(vm.ask(bytes(64))[0]) == 1184
    with Vm(lab, "--refuse") as vm:
        assert vm.ask(bytes(64)) == (b"", b"")


def test_refuse_from(lab):
    with Vm(lab, "--refuse-from", "2") as vm:
        assert [len(vm.ask(bytes(64))[0]) for _ in range(3)] == [1184, 0, 0]


def test_cut_request(lab):
    with Vm(lab) as vm:
        vm.end.sendall(b"\x00\x40half")
        code, _, err = vm.close()
    assert code == 3
    assert "inside a request" in err


def test_listen(lab):
    path = lab / "listen.sock"
    psp = subprocess.Popen(command(lab, "--listen", socket=path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        with socket.socket(socket.AF_UNIX) as end:
            for _ in range(200):
                try:
                    end.connect(str(path))
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    time.sleep(0.05)
            end.sendall(b"\x00\x40" + bytes(64))
            assert struct.unpack("<I", end.recv(4))[0] == 1184
    finally:
        psp.communicate(timeout=20)


def digest(lab, *more, **change):
    got = run(*command(lab, "--print-digest", *more, socket=None, state=None, **{"host-data": None}, **change))
    assert got.returncode == 0, got.stderr
    assert len(got.stdout) == 97
    return got.stdout.strip()


def test_digest_follows_every_input(lab):
    base = digest(lab)
    assert base == digest(lab)
    other = lab / "other"
    other.write_bytes(b"other")
    firmware = bytearray(FIRMWARE.read_bytes())
    firmware[0] ^= 1
    (lab / "firmware").write_bytes(firmware)
    changed = [digest(lab, kernel=other), digest(lab, initrd=other), digest(lab, cmdline="console=ttyS1"),
               digest(lab, vcpus="1"), digest(lab, firmware=lab / "firmware"),
               digest(lab, **{"vcpu-type": "EPYC-Milan"}), digest(lab, **{"guest-features": "21"})]
    assert len({base, *changed}) == 8
    assert not {hashlib.sha384(b"kernel").hexdigest()} & {base, *changed}


@pytest.mark.parametrize("more, change, code, text", [
    ((), {"socket": None}, 2, "--socket is needed"),
    ((), {"state": None}, 2, "--state is needed"),
    ((), {"kernel": None}, 2, "--kernel is needed"),
    ((), {"host-data": "5A" * 32}, 2, "--host-data"),
    ((), {"host-data": "5a"}, 2, "--host-data"),
    ((), {"vcpus": "0"}, 2, "--vcpus"),
    ((), {"vcpus": "513"}, 2, "--vcpus"),
    ((), {"vcpus": "-1"}, 2, "--vcpus"),
    ((), {"product": "Turin"}, 2, "--product"),
    ((), {"vcpu-type": "pentium"}, 2, "--vcpu-type"),
    (("--vmpl", "4"), {}, 2, "--vmpl"),
    (("--vmpl", "1", "--vmpl", "1"), {}, 2, "given twice"),
    (("--nonsense",), {}, 2, "--nonsense"),
    (("extra",), {}, 2, "extra"),
    ((), {"kernel": "/nonexistent/kernel"}, 1, "/nonexistent/kernel"),
    ((), {"firmware": TOP / "tests/vectors/ovmf/no-kernel-hashes.fd"}, 3, "no page for kernel hashes"),
    ((), {"firmware": TOP / "Makefile"}, 3, "Makefile"),
    (("--wait", "0"), {"socket": "/nonexistent/socket"}, 1, "nobody listens"),
])
def test_bad_input(lab, more, change, code, text):
    got = run(*command(lab, *more, **change))
    assert got.returncode == code, got.stderr
    assert text in got.stderr
    assert got.stderr.startswith("softpsp: ")


def test_help():
    got = run(str(SOFTPSP), "--help")
    assert got.returncode == 0
    assert got.stdout.startswith("usage: softpsp")
