# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure snp, sev, sev-es: options, ID blocks, and firmware files that are out to harm."""
import base64
import hashlib
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import oracle  # noqa: E402  (beside this file)

TOP = pathlib.Path(__file__).resolve().parents[2]
MEASURE = TOP / os.environ.get("NACRE_BUILD", "build") / "bin/nacre-measure"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"


def measure(*args):
    return subprocess.run([MEASURE, *map(str, args)], text=True, capture_output=True, timeout=60)


@pytest.fixture
def base(tmp_path):
    (tmp_path / "kernel").write_bytes(b"K" * 5000)
    (tmp_path / "initrd").write_bytes(b"I" * 7000)
    return ["snp", "--firmware", FIRMWARE, "--kernel", tmp_path / "kernel", "--initrd", tmp_path / "initrd",
            "--cmdline", "console=ttyS0", "--vcpus", 2]


def test_hashes_instead_of_files(base):
    want = measure(*base).stdout
    kernel, initrd = (hashlib.sha256(byte * n).hexdigest() for byte, n in ((b"K", 5000), (b"I", 7000)))
    for words in (("--kernel-sha256", kernel, "--initrd", base[6]), ("--kernel", base[4], "--initrd-sha256", initrd),
                  ("--kernel-sha256", kernel, "--initrd-sha256", initrd)):
        assert measure(*base[:3], *words, *base[7:]).stdout == want


def test_firmware_part_is_printed_and_taken(base, tmp_path):
    part = measure(*base[:3], "--ovmf-hash").stdout
    assert re.fullmatch("[0-9a-f]{96}\n", part)
    assert json.loads(measure(*base[:3], "--ovmf-hash", "--json").stdout) == {"firmware_digest": part.strip()}
    want = measure(*base).stdout
    assert measure(*base, "--ovmf-hash", part.strip()).stdout == want
    assert measure(*base, "--ovmf-hash=" + part.strip()).stdout == want
    (tmp_path / "end").write_bytes(FIRMWARE.read_bytes()[-4096:])  # the tables are enough then
    assert measure("snp", "--firmware", tmp_path / "end", *base[3:], "--ovmf-hash", part.strip()).stdout == want


def test_cpu_by_family(base):
    for name, numbers in (("EPYC-v4", (23, 1, 2)), ("EPYC-Rome", (23, 49, 0)), ("EPYC-Milan", (25, 1, 1)),
                          ("EPYC-Genoa", (25, 17, 0)), ("EPYC-Turin", (26, 0, 0))):
        words = [word for pair in zip(("--vcpu-family", "--vcpu-model", "--vcpu-stepping"), numbers) for word in pair]
        assert measure(*base, *words).stdout == measure(*base, "--vcpu-type", name).stdout


def test_json_keys_are_in_order(base):
    text = measure(*base[:-1], "1-120", "--json").stdout
    said = json.loads(text)
    assert text == json.dumps(said, indent=2, sort_keys=True) + "\n"
    assert len(said["digests"]) == 120
    text = measure("sev-es", *base[1:-1], "95-101", "--json").stdout
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_keyless_id_block(base, tmp_path):
    files = ("--id-block", tmp_path / "block", "--id-auth", tmp_path / "auth")
    ids = ("--family-id", "11" * 16, "--image-id", "22" * 16, "--guest-svn", 7, "--guest-policy", "b0000")
    got = measure(*base, *files, *ids)
    digest, key_digest, qemu = got.stdout.splitlines()
    block, auth = (tmp_path / "block").read_bytes(), (tmp_path / "auth").read_bytes()
    assert block == bytes.fromhex(digest) + b"\x11" * 16 + b"\x22" * 16 + struct.pack("<IIQ", 1, 7, 0xb0000)
    assert len(auth) == 4096
    assert key_digest == "id-key-digest " + hashlib.sha384(auth[0x240:0x644]).hexdigest()
    assert qemu == f"qemu id-block={base64.b64encode(block).decode()},id-auth={base64.b64encode(auth).decode()}"
    said = json.loads(measure(*base, *files, *ids, "--json").stdout)["id_block"]
    assert said == {"id_auth": base64.b64encode(auth).decode(), "id_block": base64.b64encode(block).decode(),
                    "id_key_digest": key_digest.split()[1]}
    assert (tmp_path / "auth").read_bytes() == auth  # nothing random in it


def test_keys_that_do_not_fit(base, tmp_path):
    files = ("--id-block", tmp_path / "block", "--id-auth", tmp_path / "auth")
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                    tmp_path / "p256.pem"], check=True, capture_output=True)
    got = measure(*base, *files, "--id-key", tmp_path / "p256.pem")
    assert (got.returncode, got.stdout) == (3, "")
    assert "p256.pem: the key is not on P-384" in got.stderr
    (tmp_path / "junk.pem").write_text("junk", encoding="ascii")
    got = measure(*base, *files, "--id-key", tmp_path / "junk.pem")
    assert got.returncode == 3
    assert "junk.pem: expected a P-384 key" in got.stderr
    assert not (tmp_path / "block").exists()
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
                    tmp_path / "p384.pem"], check=True, capture_output=True)
    assert measure(*base, *files, "--id-key", tmp_path / "p384.pem").returncode == 0
    assert measure(*base, "--id-block", tmp_path / "no/block", "--id-auth", tmp_path / "auth").returncode == 3


def test_sev_takes_firmware_without_tables(tmp_path):
    (tmp_path / "plain.fd").write_bytes(b"\x90" * 4096)
    assert measure("sev", "--firmware", tmp_path / "plain.fd").stdout == \
        hashlib.sha256(b"\x90" * 4096).hexdigest() + "\n"
    assert json.loads(measure("sev", "--firmware", tmp_path / "plain.fd", "--json").stdout) == \
        {"digest": hashlib.sha256(b"\x90" * 4096).hexdigest()}
    got = measure("sev-es", "--firmware", tmp_path / "plain.fd", "--vcpus", 1)
    assert got.returncode == 3
    assert "plain.fd: firmware: no table of GUIDs" in got.stderr


def test_debians_firmware():
    """Values of another implementation for the file in Debian 12's ovmf 2022.11-6; other versions have others."""
    path = pathlib.Path("/usr/share/ovmf/OVMF.fd")
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest()[:8] != "7b456907":
        pytest.skip("another ovmf, or none, is installed")
    assert measure("snp", "--firmware", path, "--ovmf-hash").stdout.strip() == (
        "ba2c811512ef868474f239a21f7d7057d65a20de87a003c4f116e4fb1573183bfbcd75c3e99b2f558575a5d0094f73c6")
    lines = measure("snp", "--firmware", path, "--vcpus", "1-4").stdout.splitlines()
    assert lines[0] == ("1 11570979c77a0adb515761a702527c8b9e11554e730552621d950988613a3a75"
                        "c6ff1703f540bd22a9beede8fe7a97e3")
    assert lines[1] == ("2 a5b54e62ae971b58274dd24cc6c47b842662617036e7bd67d7326c07ac6363f3"
                        "5399ef933330a5ea160cead90a00603f")
    assert lines[3] == ("4 32ac9d7a17d28f7cd4404a4516d2f00519668c40ada2062351c36767e908eb3f"
                        "090d66c33ab10f80150e00a4385b6d0f")


@pytest.mark.parametrize("words, text", [
    (("--ovmf-hash", "00"), "--ovmf-hash"),
    (("--kernel-sha256", "00" * 32), "exclude each other"),
    (("--initrd-sha256", "00" * 32), "exclude each other"),
    (("--vcpu-family", "25"), "belong together"),
    (("--vcpu-family", "25", "--vcpu-model", "1", "--vcpu-stepping", "16"), "--vcpu-stepping"),
    (("--vcpu-family", "271", "--vcpu-model", "1", "--vcpu-stepping", "1"), "--vcpu-family"),
    (("--vcpu-family", "25", "--vcpu-model", "1", "--vcpu-stepping", "1", "--vcpu-sig", "1"), "exclude"),
    (("--svsm", "s"), "belong together"),
    (("--svsm", "s", "--svsm-vars-size", "4096"), "--svsm goes without"),
    (("--id-block", "b"), "belong together"),
    (("--id-key", "b"), "need --id-block"),
    (("--id-block", "b", "--id-auth", "a", "--author-key", "k"), "needs --id-key"),
    (("--id-block", "b", "--id-auth", "a", "--guest-policy", "0"), "bit 17"),
    (("--id-block", "b", "--id-auth", "a", "--family-id", "zz"), "--family-id"),
    (("--json=1",), "takes no value"),
    (("--vmm",), "lacks its value"),
    (("-v",), "'-v' is not known"),
])
def test_usage(base, words, text):
    got = measure(*base, *words)
    assert (got.returncode, got.stdout) == (2, "")
    assert text in got.stderr
    assert "see --help" in got.stderr


def test_id_block_is_for_one_digest(base):
    got = measure(*base[:-1], "1-2", "--id-block", "b", "--id-auth", "a")
    assert (got.returncode, got.stdout) == (2, "")
    assert "one number of vCPUs" in got.stderr


# --- hostile firmware ------------------------------------------------------------------------------------------------
def place(whole, **values):
    """Bytes overwritten, counted from the end of the file: at_48=b'..'."""
    out = bytearray(whole)
    for name, value in values.items():
        at = len(out) - int(name.removeprefix("at_"))
        out[at:at + len(value)] = value
    return bytes(out)


def good():
    """A firmware whose metadata begins 1024 bytes before its end."""
    firmware = oracle.Firmware(random.Random(7), 2, [(0x800000, 0x1000, 1), (0x801000, 0x1000, 2),
                                                     (0x802000, 0x1000, 3), (0x803000, 0x1000, 16)])
    firmware.shuffle = False
    whole = bytearray(firmware.bytes())
    metadata = whole.index(b"ASEV")
    place_at = len(whole) - 1024
    whole[place_at:place_at + 64] = whole[metadata:metadata + 64]
    return bytes(whole).replace(struct.pack("<I", len(whole) - metadata) + struct.pack("<H", 22),
                                struct.pack("<I", 1024) + struct.pack("<H", 22))


def section(number, gpa, size, kind):
    return {f"at_{1024 - 16 - 12 * number}": struct.pack("<III", gpa, size, kind)}


U16, U32 = (lambda v: struct.pack("<H", v)), (lambda v: struct.pack("<I", v))
HOSTILE = [
    ("table of 17 bytes", {"at_50": U16(17)}, "table of 17 bytes at 0x"),
    ("table larger than the file", {"at_50": U16(0xffff)}, "table of 65535 bytes at 0x"),
    ("entry of 17 bytes", {"at_68": U16(17)}, "table entry of 17 bytes before 0x"),
    ("entry larger than the rest", {"at_68": U16(0x4000)}, "table entry of 16384 bytes before 0x"),
    ("metadata before the file", {"at_72": U32(0x10000)}, "SEV metadata 0x10000 before the end"),
    ("metadata behind the file", {"at_72": U32(0)}, "SEV metadata 0x0 before the end"),
    ("metadata cut by the end", {"at_72": U32(17), "at_17": b"ASEV"}, "SEV metadata at 0x"),
    ("12 * count wraps", {"at_1012": U32(0x15555556)}, "SEV metadata at 0x1c00: version 1, 357913942 sections"),
    ("33 sections", {"at_1012": U32(33), "at_1020": U32(16 + 12 * 33)}, "SEV metadata at 0x1c00: version 1, 33"),
    ("section not on a page", section(0, 0x800001, 0x1000, 1), "section at 0x1c10: 0x1000 bytes at 0x800001"),
    ("section of no bytes", section(0, 0x800000, 0, 1), "section at 0x1c10: 0x0 bytes"),
    ("section of half a page", section(0, 0x800000, 0x800, 1), "section at 0x1c10: 0x800 bytes"),
    ("sections overlap", section(1, 0x800000, 0x1000, 2), "section at 0x1c1c: 0x1000 bytes at 0x800000 overlap"),
    ("section inside another", section(0, 0x700000, 0x200000, 1), "overlap section 0 at 0x700000"),
    ("section over 4 GiB", section(0, 0xfffff000, 0x2000, 1), "section at 0x1c10: 0x2000 bytes"),
    ("section of 4 GiB", section(0, 0, 0xfffff000, 1), "section at 0x1c10: 0xfffff000 bytes, at most"),
    ("two pages for hashes", section(0, 0x900000, 0x1000, 16), "section at 0x1c34: a second page for kernel hashes"),
    ("unknown kind", section(0, 0x800000, 0x1000, 0x11), "section at 0x1c10: type 0x11"),
]


@pytest.mark.parametrize("name, change, text", HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_firmware(tmp_path, name, change, text):
    path = tmp_path / "hostile.fd"
    path.write_bytes(good())
    assert measure("snp", "--firmware", path, "--vcpus", 1).returncode == 0
    path.write_bytes(place(good(), **change))
    for command in ("snp", "sev-es"):
        got = measure(command, "--firmware", path, "--vcpus", 1)
        assert (got.returncode, got.stdout) == (3, "")
        assert f"{path}: firmware: " in got.stderr and text in got.stderr, got.stderr


@pytest.mark.parametrize("size, text", [(0, "0 bytes are too few"), (49, "49 bytes are too few"),
                                        (8192 - 16, "no table of GUIDs at 0x"), (8192 + 512, "whole pages"),
                                        ((16 << 20) + 4096, "at most 16777216")])
def test_firmware_of_wrong_size(tmp_path, size, text):
    whole = good()
    path = tmp_path / "sized.fd"
    path.write_bytes(whole[:size] if size <= len(whole) else bytes(size - len(whole)) + whole)
    got = measure("snp", "--firmware", path, "--vcpus", 1)
    assert (got.returncode, got.stdout) == (3, "")
    assert f"{path}: " in got.stderr and text in got.stderr


def test_hash_table_over_the_end_of_its_page(tmp_path):
    whole = good()
    table = whole.index(U16(26) + bytes.fromhex("1f3755723b3a044b927b1da6efa8d454")) - 8
    (tmp_path / "k").write_bytes(b"K")
    for address, fits in ((0x803000, True), (0x803f50, True), (0x803f51, False), (0x803fff, False), (0x804000, False)):
        path = tmp_path / "table.fd"
        path.write_bytes(whole[:table] + U32(address) + whole[table + 4:])
        got = measure("snp", "--firmware", path, "--vcpus", 1, "--kernel", tmp_path / "k")
        assert (got.returncode == 0) == fits
        assert fits or f"table.fd: firmware: table of kernel hashes at 0x{address:x} is not inside its page" in got.stderr


@pytest.mark.parametrize("vcpus", ["0", "513", "1-513", "4294967297", "-1"])
def test_number_of_vcpus(tmp_path, vcpus):
    path = tmp_path / "good.fd"
    path.write_bytes(good())
    got = measure("snp", "--firmware", path, "--vcpus", vcpus)
    assert (got.returncode, got.stdout) == (2, "")
    assert "--vcpus" in got.stderr


def test_svsm_that_does_not_fit(tmp_path):
    (tmp_path / "good.fd").write_bytes(good())
    svsm = oracle.Firmware(random.Random(3), 2)
    svsm.sections = svsm.some_sections(hashes=False)
    svsm.svsm = 0x2000  # behind its two pages
    (tmp_path / "svsm.bin").write_bytes(svsm.bytes())

    def go(size):
        return measure("snp", "--firmware", tmp_path / "good.fd", "--svsm", tmp_path / "svsm.bin", "--svsm-vars-size", size,
                       "--vcpus", 1)
    got = go(4096)
    assert got.returncode == 3
    assert "svsm.bin: svsm: starts at 0x2000" in got.stderr
    svsm.svsm = 0x10
    (tmp_path / "svsm.bin").write_bytes(svsm.bytes())
    assert go(4096).returncode == 0
    assert "whole pages" in go(100).stderr
    assert go(1 << 30).returncode == 2
    svsm.svsm = None
    (tmp_path / "svsm.bin").write_bytes(svsm.bytes())
    assert "svsm.bin: svsm: no SVSM_INFO" in go(4096).stderr
