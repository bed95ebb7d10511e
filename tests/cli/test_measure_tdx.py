# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure tdx against an independent computation (tdx_oracle.py), real quotes, and wrong input."""
import hashlib
import json
import os
import pathlib
import random
import struct
import subprocess

import pytest

import tdx_oracle as oracle

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
VECTORS = TOP / "tests/vectors"
GIB = 1 << 30


def measure(*args):
    return subprocess.run([BIN / "nacre-measure", *map(str, args)], text=True, capture_output=True, timeout=120)


def values(*args):
    got = measure("tdx", *args, "--json")
    assert (got.returncode, got.stderr) == (0, "")
    return json.loads(got.stdout)


def madt(vcpus):
    """ACPI tables that list so many processors."""
    entries = b"".join(struct.pack("<BBBBI", 0, 8, i, i, 1) for i in range(vcpus))
    return b"FACS" + struct.pack("<I56x", 64) + b"APIC" + struct.pack("<I36x", 44 + len(entries)) + entries + bytes(300)


@pytest.fixture
def acpi(tmp_path):
    blobs = {"table-loader": b"L" * 4096, "rsdp": b"RSD PTR " + bytes(12), "tables": madt(2)}
    (tmp_path / "acpi").mkdir()
    for name, content in blobs.items():
        (tmp_path / "acpi" / name).write_bytes(content)
    return tmp_path / "acpi", list(blobs.values())


# --- Debian's firmware: first and last digits of the file's SHA-256, MRTD in single-pass and two-pass order --------
DEBIAN = "/usr/share/ovmf/OVMF.fd"
KNOWN = [
    ("bookworm", "7b456907", "d773",
     "4c7206f0f483c524f12c366c711e9049030a8d47c471ee5aa9c4999a08de4057fb887fed0744d5631a212967fb231c47",
     "acccbcc870a381adab0d3919d90a7f268ac3b0364771f202ed4bb4e892d045b33db3b32e6924cba830a724eed443f7e1"),
    ("trixie", "14954040", "03d76db",
     "bdc6fb145880f06f30c8b346b8dce2a99d9351b56892df22f80fcf6574caa9f9c31df8e8576d53b4d0cd1c3f28910e11",
     "456f07902150d008bb913c3e1e84e9297f735a6c83cd2a957a1f0a8bbedb06df188e3837ae48d32c73d473d097dc0db2"),
]


@pytest.mark.parametrize("release, first, last, single, two", KNOWN)
def test_debian_firmware(release, first, last, single, two):
    sha256 = hashlib.sha256(open(DEBIAN, "rb").read()).hexdigest() if os.path.exists(DEBIAN) else ""
    if not sha256.startswith(first) or not sha256.endswith(last):
        pytest.skip(f"{DEBIAN} is not {release}'s")
    assert values("--firmware", DEBIAN)["mrtd"] == {"single_pass": single, "two_pass": two}


def test_variables_as_in_real_quotes():
    """Our firmware's empty variables are Debian's, which real quotes hold."""
    path = TOP / "build/firmware/OVMF.fd"
    variables = pathlib.Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
    digest = "344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790"
    if not path.exists() or not variables.exists():
        pytest.skip("no firmware built, or Debian's ovmf is not installed")
    assert hashlib.sha384(variables.read_bytes()).hexdigest() == digest
    assert values("--firmware", path)["events"][1]["digest"] == digest
    sections = oracle.read_sections(path.read_bytes())
    assert values("--firmware", path)["mrtd"] == {
        "single_pass": oracle.mrtd(path.read_bytes(), sections, False).hex(),
        "two_pass": oracle.mrtd(path.read_bytes(), sections, True).hex()}


# --- random inputs --------------------------------------------------------------------------------------------
def random_firmware(rng):
    pages, cfv = rng.randint(3, 12), rng.randint(1, 2)
    size = pages * 4096
    sections = oracle.usual_sections(size, cfv * 4096)
    if rng.random() < 0.3:  # not all of the volume's memory has data
        sections[0].data_size -= rng.randint(1, 4095)
    if rng.random() < 0.5:
        sections[2].gpa, sections[2].size = 0x812000, 0xE000
    if rng.random() < 0.3:
        sections[5].attributes = 2
    rng.shuffle(sections)
    return oracle.firmware(rng.randbytes(size), sections, rng.choice([0x400, 0x840, 0xFF0])), sections


def random_kernel(rng):
    return oracle.bzimage(rng.randbytes(rng.randint(4097, 20000)), rng.choice([0x20A, 0x20C, 0x20F]),
                          rng.choice([0x3F, 0x3D, 0]), rng.choice([0x7FFFFFFF, 0x37FFFFFF]))


@pytest.mark.parametrize("seed", range(40))
def test_random(seed, tmp_path, acpi):
    rng = random.Random(seed)
    firmware, sections = random_firmware(rng)
    kernel, initrd = random_kernel(rng), rng.randbytes(rng.randint(1, 9000))
    cmdline = rng.choice(["", "console=ttyS0", "quiet vga=0x317 x", "vga=ask", "a=" + "b" * rng.randint(1, 900)])
    memory = rng.choice([512 << 20, 2 * GIB, 2815 << 20, 2816 << 20, 3 * GIB, 64 * GIB])
    qemu, edk2, raw, profile, first = rng.choice([
        ("8.2.2", "A", False, "A", False), ("9.2", "202411", False, "B", False), ("10.1", "202502", True, "B", False),
        ("10.2.0", "B", True, "B", False), ("8.0", "B", False, "B", False), ("11.0", "202402", True, "A", False)])
    with_initrd = rng.random() < 0.7
    for name, content in (("fw", firmware), ("kernel", kernel), ("initrd", initrd)):
        (tmp_path / name).write_bytes(content)
    got = values("--firmware", tmp_path / "fw", "--kernel", tmp_path / "kernel", "--cmdline", cmdline,
                 "--memory", f"{memory >> 20}M", "--vcpus", 2, "--qemu", qemu, "--edk2", edk2, "--acpi-tables", acpi[0],
                 *(("--initrd", tmp_path / "initrd") if with_initrd else ()))
    seen = kernel if raw else oracle.qemu_patch(kernel, cmdline, len(initrd) if with_initrd else 0, memory)
    assert got["mrtd"] == {"single_pass": oracle.mrtd(firmware, sections, False).hex(),
                           "two_pass": oracle.mrtd(firmware, sections, True).hex()}
    assert [r["value"] for r in got["rtmr"]] == [
        oracle.rtmr0(firmware, sections, memory, acpi[1], profile).hex(), oracle.rtmr1(seen, profile).hex(),
        oracle.rtmr2(cmdline, initrd if with_initrd else b"", first).hex(), "00" * 48]
    for rtmr in range(3):
        assert oracle.replay(bytes.fromhex(e["digest"]) for e in got["events"] if e["rtmr"] == rtmr).hex() == \
            got["rtmr"][rtmr]["value"]


def test_real_kernel(acpi):
    """The kernel of the image, if it is built: as the file is, and as an old QEMU changes it."""
    folder = TOP / "build/image/production"
    if not (folder / "vmlinuz").exists():
        pytest.skip("no image built")
    kernel, initrd = (folder / "vmlinuz").read_bytes(), (folder / "initrd").read_bytes()
    for qemu, seen in (("9.2", oracle.qemu_patch(kernel, "a", len(initrd), GIB)), ("10.2", kernel)):
        got = values("--firmware", VECTORS / "tdx/firmware.fd", "--kernel", folder / "vmlinuz", "--initrd",
                     folder / "initrd", "--cmdline", "a", "--memory", "1G", "--qemu", qemu, "--edk2", "B")
        assert got["rtmr"][1]["value"] == oracle.rtmr1(seen, "B").hex()
        assert got["rtmr"][2]["value"] == oracle.rtmr2("a", initrd, False).hex()


def test_rtmr3(tmp_path):
    digests = [hashlib.sha384(bytes([i])).digest() for i in range(3)]
    (tmp_path / "list").write_text("".join(d.hex() + "\n" for d in digests))
    got = values("--firmware", VECTORS / "tdx/firmware.fd", "--rtmr3", tmp_path / "list")
    assert got["rtmr"][3]["value"] == oracle.replay(digests).hex()
    (tmp_path / "list").write_text(digests[0].hex())
    assert values("--firmware", VECTORS / "tdx/firmware.fd", "--rtmr3", tmp_path / "list")["rtmr"][3]["value"] == \
        oracle.replay(digests[:1]).hex()
    (tmp_path / "list").write_text(digests[0].hex() + "\n\n")
    got = measure("tdx", "--firmware", VECTORS / "tdx/firmware.fd", "--rtmr3", tmp_path / "list")
    assert got.returncode == 3 and "list: line 2" in got.stderr


def test_unknown_is_said():
    got = values("--firmware", VECTORS / "tdx/firmware.fd")
    assert ["unknown" in r for r in got["rtmr"]] == [True, True, True, False]
    assert "digest" not in got["events"][0] and "digest" in got["events"][1]
    text = measure("tdx", "--firmware", VECTORS / "tdx/firmware.fd", "--edk2", "B", "--memory", "2G").stdout
    assert "RTMR0 unknown: needs ACPI tables (--acpi-tables)" in text
    assert "event RTMR0 0x0000000a unknown ACPI rsdp" in text
    text = measure("tdx", "--firmware", VECTORS / "tdx/firmware.fd", "--edk2", "C", "--memory", "2G").stdout
    assert "RTMR0 unknown: edk2 202505" in text and "unknown SMBIOS tables" in text


def test_memory_forms():
    digests = {values("--firmware", VECTORS / "tdx/firmware.fd", "--memory", size)["events"][0]["digest"]
               for size in ("2048", "2048M", "2g", "2G", "2097152K")}
    assert len(digests) == 1
    assert values("--firmware", VECTORS / "tdx/firmware.fd", "--memory", "1T")["events"][0]["digest"] not in digests


# --- replay ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["cos", "dstack", "dstack-lite"])
def test_replay_real(name):
    log, quote = VECTORS / f"ccel/{name}.bin", VECTORS / f"tdx/{name}.bin"
    got = measure("tdx", "replay", log, "--quote", quote, "--json")
    assert (got.returncode, got.stderr) == (0, "")
    got = json.loads(got.stdout)
    body = quote.read_bytes()[48:]
    assert got["rtmr"] == [body[0x148 + 48 * i:0x178 + 48 * i].hex() for i in range(4)]
    assert got["quote_matches"] is True
    for rtmr in range(4):
        assert oracle.replay(bytes.fromhex(e["digest"]) for e in got["events"] if e["rtmr"] == rtmr).hex() == \
            got["rtmr"][rtmr]
    assert measure("tdx", "replay", log).stdout.splitlines()[0] == f"RTMR0 {got['rtmr'][0]}"


def test_replay_mismatch():
    got = measure("tdx", "replay", VECTORS / "ccel/cos.bin", "--quote", VECTORS / "tdx/dstack.bin")
    assert got.returncode == 1
    assert "RTMR0 " in got.stdout and "NOT as in the quote" in got.stdout


def test_replay_says_what_is_measured(tmp_path):
    honest = hashlib.sha384(b"Exit Boot Services Invocation").digest()
    (tmp_path / "log").write_bytes(oracle.ccel([(1, 0x80000007, honest, b"Exit Boot Services Invocation"),
                                                (1, 0x80000007, honest, b"something else"),
                                                (0, 0x80000007, honest, b'quote " and \x1b[2J')]))
    got = json.loads(measure("tdx", "replay", tmp_path / "log", "--json").stdout)
    assert [e["data_is_measured"] for e in got["events"]] == [True, False, False]
    assert '"something else" (not measured)' in measure("tdx", "replay", tmp_path / "log").stdout
    assert "\x1b" not in measure("tdx", "replay", tmp_path / "log").stdout


def test_replay_many_events(tmp_path):
    digest = bytes(48)
    (tmp_path / "log").write_bytes(oracle.ccel([(i % 4, 13, digest, b"x" * 80) for i in range(5000)]))
    got = measure("tdx", "replay", tmp_path / "log", "--json")
    assert got.returncode == 0 and len(json.loads(got.stdout)["events"]) == 5000
    (tmp_path / "log").write_bytes(oracle.ccel([(0, 4, digest, b"")] * 65537))
    got = measure("tdx", "replay", tmp_path / "log")
    assert got.returncode == 3 and "more than 65536 events" in got.stderr


# --- wrong use and wrong files ----------------------------------------------------------------------------------
FIRMWARE = VECTORS / "tdx/firmware.fd"


@pytest.mark.parametrize("args, text", [
    ((), "--firmware is needed"),
    (("--firmware", FIRMWARE, "--initrd", "x"), "need --kernel"),
    (("--firmware", FIRMWARE, "--cmdline", "x"), "need --kernel"),
    (("--firmware", FIRMWARE, "--vcpus", "0"), "--vcpus"),
    (("--firmware", FIRMWARE, "--memory", "0"), "--memory"),
    (("--firmware", FIRMWARE, "--memory", "2GB"), "--memory"),
    (("--firmware", FIRMWARE, "--memory", "-1"), "--memory"),
    (("--firmware", FIRMWARE, "--memory", "99999999999999999999999"), "--memory"),
    (("--firmware", FIRMWARE, "--memory", "100000T"), "--memory"),
    (("--firmware", FIRMWARE, "--qemu", "9"), "--qemu"),
    (("--firmware", FIRMWARE, "--qemu", "9.2.1.1"), "--qemu"),
    (("--firmware", FIRMWARE, "--qemu", "9.x"), "--qemu"),
    (("--firmware", FIRMWARE, "--edk2", "D"), "--edk2"),
    (("--firmware", FIRMWARE, "--edk2", "202211"), "--edk2"),
    (("--firmware", FIRMWARE, "--edk2", "202413"), "--edk2"),
    (("--firmware", FIRMWARE, "--json", "--json"), "twice"),
    (("--bogus",), "--bogus"),
    (("replay",), "an event log is needed"),
    (("replay", "a", "b"), "second"),
])
def test_usage(args, text):
    got = measure("tdx", *args)
    assert got.returncode == 2 and text in got.stderr and got.stdout == ""


def write(path, content):
    path.write_bytes(content)
    return path


def test_bad_files(tmp_path, acpi):
    kernel = (VECTORS / "pe/kernel.bin").read_bytes()
    firmware = FIRMWARE.read_bytes()
    usual = ("--firmware", FIRMWARE)
    few = write(tmp_path / "few", firmware[-40:])
    cases = [
        (("--firmware", tmp_path / "none"), "none: No such file"),
        (("--firmware", few), "few: firmware: 40 bytes are too few"),
        (("--firmware", write(tmp_path / "zero", bytes(8192))), "zero: firmware: no table of GUIDs at 0x1fd0"),
        (("--firmware", TOP / "tests/vectors/ovmf/kernel-hashes.fd"), "no TDX metadata in the table"),
        (("--firmware", write(tmp_path / "cut", firmware[4096:])), "cut: TDX section at 0x"),
        (usual + ("--kernel", tmp_path), "not a regular file"),
        (usual + ("--kernel", write(tmp_path / "text", b"MZ" + b"x" * 4000)), "text: no bzImage: expected 0xaa55 at 0x1fe"),
        (usual + ("--kernel", write(tmp_path / "short", kernel[:5000])), "short: PE section at 0x"),
        (usual + ("--kernel", VECTORS / "pe/kernel.bin", "--initrd", write(tmp_path / "empty", b"")), "an empty initrd"),
        (usual + ("--acpi-tables", tmp_path), "table-loader: No such file"),
        (usual + ("--acpi-tables", acpi[0], "--vcpus", 3), "tables: made for 2 virtual CPUs, but --vcpus is 3"),
        (("replay", VECTORS / "tdx/cos.bin"), "cos.bin: event log"),
        (("replay", write(tmp_path / "table", b"CCEL" + bytes(52))), "table: this is the ACPI table"),
        (("replay", write(tmp_path / "log", (VECTORS / "ccel/cos.bin").read_bytes()[:9000])), "log: event at 0x2320 is cut"),
        (("replay", VECTORS / "ccel/cos.bin", "--quote", FIRMWARE), "firmware.fd: TDX quote"),
    ]
    for args, text in cases:
        got = measure("tdx", *args)
        assert got.returncode == 3 and text in got.stderr and got.stdout == "", (args, got)


@pytest.mark.parametrize("seed", range(30))
def test_broken_bytes(seed, tmp_path):
    """A changed byte or a cut: never more than an error with a place in it."""
    rng = random.Random(seed)
    for source, args in ((FIRMWARE, ("tdx", "--memory", "2G", "--edk2", "B", "--firmware")),
                         (VECTORS / "pe/kernel.bin", ("tdx", "--firmware", FIRMWARE, "--memory", "2G", "--qemu", "8.2",
                                                      "--edk2", "A", "--cmdline", "x", "--kernel")),
                         (VECTORS / "pe/uki.efi", ("pcr", "--uki")),
                         (VECTORS / "ccel/cos.bin", ("tdx", "replay"))):
        content = bytearray(source.read_bytes())
        low = len(content) - 0x800 if source == FIRMWARE else 0
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(low, min(len(content), low + 0x800))] = rng.choice([0, 1, 0x7F, 0xFF, rng.randrange(256)])
        if rng.random() < 0.3:
            del content[rng.randrange(len(content)):]
        got = measure(*args, write(tmp_path / "broken", bytes(content)))
        assert got.returncode in (0, 3), got
        assert (got.returncode == 0) == (got.stderr == ""), got
        if got.returncode == 3:
            assert "broken" in got.stderr, got


def test_help():
    for args in (("tdx", "--help"), ("tdx", "replay", "--help")):
        got = measure(*args)
        assert got.returncode == 0 and got.stdout.startswith("usage: nacre-measure tdx") and got.stderr == ""
