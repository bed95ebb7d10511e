# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure explain: reports made for one setting, explained from another."""
import hashlib
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import oracle  # noqa: E402  (beside this file)
import tdx_oracle  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
MEASURE = TOP / os.environ.get("NACRE_BUILD", "build") / "bin/nacre-measure"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"
PLAIN = TOP / "tests/vectors/ovmf/no-kernel-hashes.fd"
REPORT = TOP / "tests/vectors/snp/dstack/report.bin"  # a real one: a Milan, version 3


def measure(*args):
    return subprocess.run([MEASURE, *map(str, args)], text=True, capture_output=True, timeout=60)


@pytest.fixture
def lab(tmp_path):
    """Files, what explain is told about them, and a way to make a report of other settings."""
    for name in "kernel", "initrd", "old-kernel", "old-initrd":
        (tmp_path / name).write_bytes(name.encode() * 100)
    (tmp_path / "old-cmdline").write_text("console=hvc0 old\n", encoding="ascii")
    (tmp_path / "old.fd").write_bytes(oracle.Firmware(random.Random(1), 3).bytes())

    class Lab:
        folder = tmp_path
        base = {"firmware": FIRMWARE, "kernel": tmp_path / "kernel", "initrd": tmp_path / "initrd",
                "cmdline": "console=ttyS0", "vcpus": 2}

        @staticmethod
        def options(settings):
            return [word for key, value in settings.items() if value is not None
                    for word in ("--" + key.replace("_", "-"), value)]

        def report(self, host_data=bytes(32), policy=0x30000, **changes):
            digest = measure("snp", *self.options({**self.base, **changes})).stdout.strip()
            assert len(digest) == 96
            report = bytearray(REPORT.read_bytes())
            report[0x90:0xc0] = bytes.fromhex(digest)
            report[0xc0:0xe0] = host_data
            report[0x08:0x10] = struct.pack("<Q", policy)
            (self.folder / "report").write_bytes(report)
            return digest

        def explain(self, *more, **changes):
            return measure("explain", self.folder / "report", *self.options({**self.base, **changes}), *more)

    return Lab()


def test_given_settings_match(lab):
    digest = lab.report()
    got = lab.explain()
    assert (got.returncode, got.stdout, got.stderr) == (0, "matches with 2 vCPUs\n", "")
    said = json.loads(lab.explain("--json").stdout)
    assert said == {"changes": [], "found": True, "matches": True, "notes": [], "predicted": digest,
                    "reported": digest, "tried": 220, "vcpus": 2}


def test_any_number_of_vcpus(lab):
    lab.report(vcpus=17)
    got = lab.explain(vcpus=None)
    assert (got.returncode, got.stdout) == (0, "matches with 17 vCPUs\n")


SINGLE = [
    ({"vcpus": 220}, "220 vCPUs instead of 2"),
    ({"guest_features": "21"}, "guest features 0x21 instead of 0x1"),
    ({"guest_features": "201"}, "guest features 0x201 instead of 0x1"),
    ({"vmsa_fpu": 0}, "FPU registers zero (KVM before Linux 6.9: --vmsa-fpu 0) instead of set"),
    ({"vcpu_type": "EPYC-Genoa"}, "vCPU type EPYC-Genoa instead of with signature 0x800f12"),
    ({"vmm": "ec2"}, "VMM ec2 instead of qemu"),
    ({"vmm": "gce"}, "VMM gce instead of qemu"),
    ({"cmdline": "console=ttyS0\n"}, "command line with a newline at its end instead of as given"),
    ({"cmdline": "console=ttyS0 initrd=initrd"}, 'command line with " initrd=initrd" at its end instead of as given'),
    ({"cmdline": "initrd=initrd console=ttyS0"}, 'command line with "initrd=initrd " in front instead of as given'),
    ({"cmdline": None}, "command line empty instead of as given"),
    ({"initrd": None}, "initrd none instead of "),
    ({"kernel": None, "initrd": None, "cmdline": None}, "kernel without hashes (kernel-hashes=off, or no kernel)"),
]


@pytest.mark.parametrize("changes, text", SINGLE, ids=[row[1] for row in SINGLE])
def test_one_change(lab, changes, text):
    lab.report(**changes)
    got = lab.explain()
    assert got.returncode == 1
    assert got.stdout.startswith("matches with " + text), got.stdout
    assert " and " not in got.stdout
    said = json.loads(lab.explain("--json").stdout)
    assert (said["found"], said["matches"], len(said["changes"])) == (True, False, 1)


def test_the_machines_own_cpu(lab):
    """The report names the CPU; QEMU's -cpu host gives it to the guest."""
    lab.report(vcpu_sig="a00f12")
    report = bytearray((lab.folder / "report").read_bytes())
    report[0x188:0x18b] = bytes((0x19, 0x01, 0x02))
    (lab.folder / "report").write_bytes(report)
    assert lab.explain().stdout.startswith("matches with vCPU type of the machine (-cpu host) instead of")


@pytest.mark.parametrize("ending, text", [(b"", "hashed without its NUL"), (b"\0\0", "hashed with two NULs")])
def test_other_hash_of_the_command_line(lab, ending, text):
    """No option of ours makes such a digest, so another program does."""
    sys.path.insert(0, str(oracle.install()))
    from sevsnpmeasure import guest, sev_hashes, sev_mode

    class Hashes(sev_hashes.SevHashes):
        def __init__(self, kernel, initrd, append):
            super().__init__(kernel, initrd, append)
            self.cmdline_hash = hashlib.sha256(append.encode() + ending).digest()

    right, guest.SevHashes = guest.SevHashes, Hashes
    digest = guest.calc_launch_digest(sev_mode.SevMode.SEV_SNP, 2, 0x800f12, str(FIRMWARE), str(lab.base["kernel"]),
                                      str(lab.base["initrd"]), lab.base["cmdline"], 1)
    guest.SevHashes = right
    lab.report()
    report = bytearray((lab.folder / "report").read_bytes())
    report[0x90:0xc0] = digest
    (lab.folder / "report").write_bytes(report)
    assert lab.explain().stdout == f"matches with command line {text} instead of as given\n"


@pytest.mark.parametrize("changes, texts", [
    ({"vcpus": 9, "guest_features": "21"}, ("guest features 0x21 instead of 0x1", "9 vCPUs instead of 2")),
    ({"vmsa_fpu": 0, "vcpu_type": "EPYC-Milan"}, ("FPU registers zero", "vCPU type EPYC-Milan")),
    ({"cmdline": "console=ttyS0 ", "vcpu_type": "EPYC-Rome"}, ("with a space at its end", "EPYC-Rome")),
    ({"cmdline": "console=ttyS0 ", "vcpu_type": "EPYC-Rome", "vcpus": 3}, ("with a space", "EPYC-Rome", "3 vCPUs")),
])
def test_more_changes(lab, changes, texts):
    lab.report(**changes)
    got = lab.explain()
    assert got.returncode == 1
    assert all(text in got.stdout for text in texts), got.stdout


def test_swapped(lab):
    lab.report(kernel=lab.folder / "initrd", initrd=lab.folder / "kernel")
    got = lab.explain()
    assert got.stdout == (f"matches with initrd {lab.folder}/kernel instead of {lab.folder}/initrd and "
                          f"kernel {lab.folder}/initrd instead of {lab.folder}/kernel\n")


@pytest.mark.parametrize("memory, text", [(1 << 30, "1 GiB of memory"), (2 << 30, "2 GiB of memory, or 2.75 GiB and more"),
                                          (8 << 30, "2 GiB of memory, or 2.75 GiB and more")])
def test_patched_kernel(lab, memory, text):
    """Somebody hashed the kernel as QEMU hands it over."""
    kernel, initrd = TDX["kernel"].read_bytes(), lab.base["initrd"].read_bytes()
    (lab.folder / "patched").write_bytes(tdx_oracle.qemu_patch(kernel, "console=ttyS0", len(initrd), memory))
    lab.base = {**lab.base, "kernel": TDX["kernel"]}
    lab.report(kernel=lab.folder / "patched")
    assert lab.explain().stdout == f"matches with kernel patched by QEMU ({text}) instead of {TDX['kernel']}\n"


def test_other_files(lab):
    also = ("--also", *(lab.folder / name for name in ("old-kernel", "old-initrd", "old-cmdline", "old.fd")))
    for changes, text in (({"kernel": lab.folder / "old-kernel"}, "kernel"),
                          ({"initrd": lab.folder / "old-initrd"}, "initrd"),
                          ({"cmdline": "console=hvc0 old"}, "command line")):
        lab.report(**changes)
        assert lab.explain().stdout.startswith("no match: none of ")
        got = lab.explain(*also)
        assert got.returncode == 1
        assert got.stdout.startswith(f"matches with {text} {lab.folder}/old-"), got.stdout
    lab.report(firmware=lab.folder / "old.fd", kernel=None, initrd=None, cmdline=None)
    got = lab.explain(*also)
    assert f"firmware {lab.folder}/old.fd instead of {FIRMWARE}" in got.stdout


def test_nothing_fits(lab):
    lab.report(cmdline="something else")
    got = lab.explain()
    assert got.returncode == 1
    assert "another firmware, kernel, initrd or command line" in got.stdout
    said = json.loads(lab.explain("--json").stdout)
    assert (said["found"], said["changes"]) == (False, [])
    assert said["tried"] > 10000


def test_firmware_cannot_take_the_kernel(lab):
    """The given settings have no digest at all; that is said, and others are still tried."""
    lab.report(cmdline="something else")
    got = lab.explain(firmware=PLAIN)
    assert got.returncode == 1
    assert "the given settings cannot be launched: firmware: no page for kernel hashes" in got.stdout
    lab.report()
    got = lab.explain("--also", FIRMWARE, firmware=PLAIN)
    assert got.stdout == f"matches with firmware {FIRMWARE} instead of {PLAIN}\n"


def test_host_data(lab):
    document = lab.folder / "initdata.toml"
    document.write_bytes(b'version = "0.1.0"\nalgorithm = "sha256"\n\n[data]\n"policy.json" = \'\'\'\n{}\n\'\'\'\n')
    digest = hashlib.sha256(document.read_bytes()).digest()
    lab.report(host_data=digest)
    assert lab.explain("--initdata", document).returncode == 0
    assert lab.explain("--host-data", digest.hex()).returncode == 0
    got = lab.explain("--host-data", "00" * 32)
    assert (got.returncode, got.stdout.splitlines()[0]) == (1, "matches with 2 vCPUs")
    assert "host data: the report has others" in got.stdout


def test_firmware_part(lab):
    lab.report()
    part = measure("snp", "--firmware", FIRMWARE, "--ovmf-hash").stdout.strip()
    assert lab.explain("--ovmf-hash", part).returncode == 0
    published = "ab" * 48
    lab.report(ovmf_hash=published)
    got = lab.explain("--ovmf-hash", published)
    assert got.returncode == 1
    assert got.stdout == (f"matches with firmware of --ovmf-hash instead of {FIRMWARE}\n"
                          "firmware part: the file has another one than --ovmf-hash\n")


def test_debug_policy_is_named(lab):
    lab.report(policy=0xb0000)
    got = lab.explain()
    assert got.returncode == 0
    assert "policy: debugging is allowed" in got.stdout


@pytest.mark.parametrize("args, code, text", [
    ((), 2, "a report is needed"),
    ((REPORT,), 2, "--firmware is needed"),
    ((REPORT, REPORT, "--firmware", FIRMWARE), 2, "a second report"),
    ((REPORT, "--firmware", FIRMWARE, "--vcpus", "1-2"), 2, "one number"),
    ((REPORT, "--firmware", FIRMWARE, "--svsm", "x", "--svsm-vars-size", "0"), 2, "--svsm"),
    ((REPORT, "--firmware", FIRMWARE, "--host-data", "00"), 3, "--host-data"),
    ((REPORT, "--firmware", FIRMWARE, "--also", "/nonexistent/old"), 3, "/nonexistent/old"),
    ((REPORT, "--firmware", FIRMWARE, "--also"), 2, "--also lacks"),
    (("/nonexistent/report", "--firmware", FIRMWARE), 3, "/nonexistent/report"),
    ((FIRMWARE, "--firmware", FIRMWARE), 3, "neither an SNP report"),
    ((REPORT, "--firmware", REPORT), 3, "report.bin: firmware: "),
])
def test_errors(args, code, text):
    got = measure("explain", *args)
    assert (got.returncode, got.stdout) == (code, "")
    assert text in got.stderr


def test_help():
    got = measure("explain", "--help")
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.startswith("usage: nacre-measure explain")


# --- Intel TDX: a real quote whose registers are those of other settings; signatures are not looked at ---------------
QUOTE = TOP / "tests/vectors/tdx/dstack.bin"
TDX = {"firmware": TOP / "tests/vectors/tdx/firmware.fd", "kernel": TOP / "tests/vectors/pe/kernel.bin",
       "cmdline": "console=ttyS0"}
BODY = 48


@pytest.fixture
def tdx(lab):
    (lab.folder / "initrd").write_bytes(b"INITRD" * 1000)
    (lab.folder / "old-kernel").write_bytes(TDX["kernel"].read_bytes()[:-1] + b"\x5a")
    lab.base = {**TDX, "initrd": lab.folder / "initrd"}

    def quote(order="single_pass", config_id=bytes(48), attributes=0x10000000, rtmr3=bytes(48), **changes):
        settings = {**lab.base, "qemu": "9.2", "edk2": "202411", "memory": "4G", **changes}
        said = json.loads(measure("tdx", "--json", *lab.options(settings)).stdout)
        out = bytearray(QUOTE.read_bytes())
        registers = {0x88: bytes.fromhex(said["mrtd"][order]), 0xb8: config_id, 0x1d8: rtmr3,
                     0x78: struct.pack("<Q", attributes)}
        for i in (1, 2):
            registers[0x148 + 48 * i] = bytes.fromhex(said["rtmr"][i]["value"])
        for at, value in registers.items():
            out[BODY + at:BODY + at + len(value)] = value
        (lab.folder / "report").write_bytes(out)

    lab.quote = quote
    return lab


def lines(got):
    return dict(line.split(": ", 1) for line in got.stdout.splitlines())


def test_tdx_match(tdx):
    tdx.quote()
    got = tdx.explain("--qemu", "9.2", "--edk2", "202411", "--memory", "4G")
    assert got.returncode == 0, got.stdout
    said = lines(got)
    assert said["mrtd"] == "matches: pages in a single pass (QEMU 9 and later)"
    assert said["rtmr0"].startswith("unknown: not known without")
    assert said["rtmr1"] == said["rtmr2"] == "matches"
    assert said["rtmr3"] == "matches: zero: nothing was extended at run time"


def test_tdx_finds_what_was_not_given(tdx):
    """Page order, releases of edk2 and QEMU."""
    tdx.quote("two_pass", edk2="202408")
    got = tdx.explain()
    said = lines(got)
    assert got.returncode == 0, got.stdout
    assert said["mrtd"] == "matches: pages in two passes (QEMU 8 out of tree)"
    assert said["rtmr1"].startswith("matches: edk2 before 202411 (profile A), QEMU before 10.0")
    tdx.quote(edk2="202511", qemu="10.2")
    said = lines(tdx.explain())
    assert "202508 or later (profile C)" in said["rtmr2"]


def test_tdx_other_settings(tdx):
    tdx.quote(edk2="202408")
    got = tdx.explain("--edk2", "202411", "--qemu", "9.2", "--memory", "4G")
    assert got.returncode == 1
    assert lines(got)["rtmr1"].startswith("matches with edk2 before 202411 (profile A)")
    tdx.quote(cmdline="console=ttyS0\n")
    got = tdx.explain("--edk2", "202411", "--qemu", "9.2", "--memory", "4G")
    assert got.returncode == 1
    assert lines(got)["rtmr2"] == "matches with command line with a newline at its end"
    said = json.loads(tdx.explain("--edk2", "202411", "--qemu", "9.2", "--memory", "4G", "--json").stdout)
    assert said["matches"] is False
    assert said["registers"]["rtmr2"] == {"text": "command line with a newline at its end",
                                          "verdict": "matches with"}


def test_tdx_other_files(tdx):
    tdx.quote(kernel=tdx.folder / "old-kernel")
    told = ("--edk2", "202411", "--qemu", "9.2", "--memory", "4G")
    assert lines(tdx.explain(*told))["rtmr1"] == "no match: another kernel than given"
    got = tdx.explain(*told, "--also", tdx.folder / "old-kernel")
    assert got.returncode == 1
    assert lines(got)["rtmr1"] == f"matches with kernel {tdx.folder}/old-kernel"
    tdx.quote(initrd=tdx.folder / "old-initrd")
    assert lines(tdx.explain(*told, "--also", tdx.folder / "old-initrd"))["rtmr2"] == \
        f"matches with initrd {tdx.folder}/old-initrd"
    firmware = bytearray(TDX["firmware"].read_bytes())
    firmware[len(firmware) - 0x30 - 3000] ^= 1
    (tdx.folder / "old.fd").write_bytes(firmware)
    tdx.quote(firmware=tdx.folder / "old.fd")
    if lines(tdx.explain(*told))["mrtd"].startswith("matches"):
        pytest.fail("the changed byte is not measured: choose another")
    assert lines(tdx.explain(*told, "--also", tdx.folder / "old.fd"))["mrtd"] == \
        f"matches with firmware {tdx.folder}/old.fd"


def test_tdx_notes(tdx):
    tdx.quote(config_id=b"\x11" * 48, attributes=1, rtmr3=b"\x22" * 48)
    got = tdx.explain("--host-data", "00" * 32)
    assert got.returncode == 1
    assert "MRCONFIGID: the quote has another" in got.stdout
    assert "attributes: debugging is allowed" in got.stdout
    assert lines(got)["rtmr3"].startswith("unknown: extended at run time")
