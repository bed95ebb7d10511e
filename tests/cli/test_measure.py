# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure from the outside: output forms, exit codes, errors that name the file."""
import base64
import gzip
import hashlib
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"
PLAIN = TOP / "tests/vectors/ovmf/no-kernel-hashes.fd"

# Worked out by an independent implementation, for kernel "K\n", initrd "I\n", command line "console=ttyS0".
FIRMWARE_DIGEST = ("985ff8a6e910f7e8d49855adab85b4eea4f35ab5e1bbdcd6338acaad31f6b26577d57612ef4a6ba63a142e70f2a57a65")
NO_KERNEL_2 = "2c5330d61c64c765badcb02c3606cb0809bb18c19e117a09d727957d2cf6fda92da927e6129602ae8c7d418fa29ab8f4"


def measure(*args):
    return subprocess.run([BIN / "nacre-measure", *map(str, args)], text=True, capture_output=True, timeout=60)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "kernel").write_bytes(b"K\n")
    (tmp_path / "initrd").write_bytes(b"I\n")
    return ["--firmware", FIRMWARE, "--kernel", tmp_path / "kernel", "--initrd", tmp_path / "initrd",
            "--cmdline", "console=ttyS0"]


def test_known(files):
    got = measure("snp", "--firmware", PLAIN, "--vcpus", 2)
    assert (got.returncode, got.stdout, got.stderr) == (0, NO_KERNEL_2 + "\n", "")
    got = json.loads(measure("snp", *files, "--vcpus", 1, "--json").stdout)
    assert got["firmware_digest"] == FIRMWARE_DIGEST
    assert got["guest_features"] == "0x1"
    assert got["vcpu_sig"] == "0x800f12"


def test_range_is_single_counts(files):
    lines = measure("snp", *files, "--vcpus", "1-5").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list("12345")
    for line in lines:
        count, digest = line.split()
        assert measure("snp", *files, "--vcpus", count).stdout == digest + "\n"
    assert [line.split()[1] for line in lines[2:4]] == \
        [line.split()[1] for line in measure("snp", *files, "--vcpus", "3-4").stdout.splitlines()]
    assert list(json.loads(measure("snp", *files, "--vcpus", "1-5", "--json").stdout)["digests"].values()) == \
        [line.split()[1] for line in lines]


def test_every_option_counts(files):
    seen = {measure("snp", *files, "--vcpus", 2, *more).stdout for more in (
        (), ("--vcpu-type", "EPYC-Milan"), ("--vcpu-sig", "0xb00f00"), ("--guest-features", "0x21"), ("--vmsa-fpu", "0"),
        ("--vmm", "ec2"), ("--vmm", "gce"))}
    assert len(seen) == 7
    assert measure("snp", *files, "--vcpus", 2, "--vcpu-sig", "a00f11").stdout == \
        measure("snp", *files, "--vcpus", 2, "--vcpu-type", "EPYC-Milan").stdout
    assert measure("snp", *files[:4], "--vcpus", 2).stdout == \
        measure("snp", *files[:4], "--vcpus", 2, "--cmdline", "").stdout


def test_softpsp_agrees(files):
    psp = subprocess.run([BIN / "softpsp", "--print-digest", *map(str, files), "--vcpus", "3"], text=True,
                         capture_output=True)
    assert psp.stdout == measure("snp", *files, "--vcpus", 3).stdout


@pytest.mark.parametrize("args, code, text", [
    ((), 2, "usage"),
    (("bogus",), 2, "'bogus' is no command"),
    (("snp",), 2, "--firmware is needed"),
    (("snp", "--firmware", FIRMWARE), 2, "--vcpus is needed"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "0"), 2, "--vcpus"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "2-1"), 2, "--vcpus"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1-"), 2, "--vcpus"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1-513"), 2, "--vcpus"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1x"), 2, "--vcpus"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--cmdline", "x"), 2, "need --kernel"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--vcpus", "1"), 2, "twice"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--vcpu-type", "pentium"), 2, "pentium"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--vcpu-type", "EPYC", "--vcpu-sig", "1"), 2, "exclude"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--guest-features", "g"), 2, "--guest-features"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--vmsa-fpu", "2"), 2, "--vmsa-fpu"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "--vmm", "xen"), 2, "--vmm"),
    (("snp", "--firmware", FIRMWARE, "--vcpus", "1", "extra"), 2, "extra"),
    (("snp", "--firmware", "/nonexistent/OVMF.fd", "--vcpus", "1"), 3, "/nonexistent/OVMF.fd"),
    (("snp", "--firmware", TOP, "--vcpus", "1"), 3, "not a regular file"),
    (("snp", "--firmware", TOP / "Makefile", "--vcpus", "1"), 3, "Makefile"),
    (("snp", "--firmware", FIRMWARE, "--kernel", "/nonexistent/k", "--vcpus", "1"), 3, "/nonexistent/k"),
    (("snp", "--firmware", PLAIN, "--kernel", FIRMWARE, "--vcpus", "1"), 3, "no page for kernel hashes"),
    (("host-data",), 2, "one file"),
    (("host-data", "--bogus", "x"), 2, "--bogus"),
    (("host-data", "/nonexistent/initdata.toml"), 3, "/nonexistent/initdata.toml"),
    (("host-data", FIRMWARE), 3, "kernel-hashes.fd"),
])
def test_errors(args, code, text):
    got = measure(*args)
    assert (got.returncode, got.stdout) == (code, "")
    assert text in got.stderr


def test_cut_firmware(tmp_path):
    whole = FIRMWARE.read_bytes()
    for cut in (16, 4096, len(whole)):
        (tmp_path / "cut.fd").write_bytes(whole[:len(whole) - cut])
        got = measure("snp", "--firmware", tmp_path / "cut.fd", "--vcpus", 1)
        assert got.returncode == 3
        assert "cut.fd: firmware: " in got.stderr


def test_host_data(tmp_path):
    document = b'version = "0.1.0"\nalgorithm = "sha256"\n\n[data]\n"policy.json" = \'\'\'\n{}\n\'\'\'\n'
    path = tmp_path / "initdata.toml"
    path.write_bytes(document)
    digest = hashlib.sha256(document).hexdigest()
    snp = base64.b64encode(bytes.fromhex(digest)).decode()
    tdx = base64.b64encode(bytes.fromhex(digest) + bytes(16)).decode()
    want = {"snp_host_data": digest, "tdx_mrconfigid": digest + "00" * 16, "qemu_snp": f"host-data={snp}",
            "qemu_tdx": f"mrconfigid={tdx}"}
    assert json.loads(measure("host-data", "--json", path).stdout) == want
    assert measure("host-data", path).stdout == (
        f"snp_host_data  {digest}\ntdx_mrconfigid {digest}{'00' * 16}\n"
        f"qemu_snp       -object sev-snp-guest,host-data={snp}\nqemu_tdx       -object tdx-guest,mrconfigid={tdx}\n")
    # Kata's disk image holds the same document, so it has the same host data
    packed = gzip.compress(document)
    disk = tmp_path / "initdata.img"
    image = b"initdata" + len(packed).to_bytes(8, "little") + packed
    image += bytes(-len(image) % 512)
    disk.write_bytes(image)
    assert json.loads(measure("host-data", "--json", disk).stdout) == want
    disk.write_bytes(image + bytes(4096))
    assert json.loads(measure("host-data", "--json", disk).stdout) == want
    for bad, text in ((image[:100], "initdata.img"), (image[:30] + b"\xff" + image[31:], "initdata.img"),
                      (b"initdata" + bytes(504), "initdata.img"), (image[:-1] + b"x", "initdata.img")):
        disk.write_bytes(bad)
        got = measure("host-data", disk)
        assert got.returncode == 3
        assert text in got.stderr
    path.write_bytes(document.replace(b"policy.json", b"aa.toml"))
    got = measure("host-data", path)
    assert got.returncode == 3
    assert "aa.toml" in got.stderr and "initdata.toml" in got.stderr
    assert measure("host-data", "--any", path).returncode == 0


@pytest.mark.parametrize("command", [(), ("snp",), ("host-data",)])
def test_help(command):
    got = measure(*command, "--help")
    assert got.returncode == 0
    assert got.stdout.startswith("usage: nacre-measure")
    assert got.stderr == ""


def test_full_disk(files):
    with open("/dev/full", "w", encoding="ascii") as full:
        got = subprocess.run([BIN / "nacre-measure", "snp", *map(str, files), "--vcpus", "1"], stdout=full,
                             stderr=subprocess.PIPE, text=True)
    assert got.returncode == 3
    assert "standard output" in got.stderr
