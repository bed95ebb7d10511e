# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure against sev-snp-measure over random firmware, CPUs, kernels and command lines.

NACRE_ORACLE_SEED repeats or varies a run; NACRE_ORACLE_CASES asks for more cases."""
import os
import pathlib
import random
import string
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import oracle  # noqa: E402  (beside this file)

TOP = pathlib.Path(__file__).resolve().parents[2]
MEASURE = TOP / os.environ.get("NACRE_BUILD", "build") / "bin/nacre-measure"
SEED = int(os.environ.get("NACRE_ORACLE_SEED", "20240901"))
CASES = int(os.environ.get("NACRE_ORACLE_CASES", "400"))
TYPES = ("EPYC", "EPYC-v1", "EPYC-v2", "EPYC-IBPB", "EPYC-v3", "EPYC-v4", "EPYC-Rome", "EPYC-Rome-v1", "EPYC-Rome-v2",
         "EPYC-Rome-v3", "EPYC-Milan", "EPYC-Milan-v1", "EPYC-Milan-v2", "EPYC-Genoa", "EPYC-Genoa-v1", "EPYC-Turin")


@pytest.fixture(scope="module")
def peer():
    sys.path.insert(0, str(oracle.install()))
    from sevsnpmeasure import guest, id_block as blocks, vcpu_types, vmm_types
    from sevsnpmeasure.sev_mode import SevMode

    class Peer:
        """The calls under test, with names instead of enums."""
        sigs = vcpu_types.CPU_SIGS
        cpu_sig = staticmethod(vcpu_types.cpu_sig)
        ovmf_hash = staticmethod(guest.calc_snp_ovmf_hash)
        id_block = staticmethod(blocks.snp_calc_id_block)

        @staticmethod
        def digest(mode, vcpus, sig, case):
            return guest.calc_launch_digest(
                SevMode.from_str(mode), vcpus, sig, case["firmware"], case.get("kernel"), case.get("initrd"),
                case.get("cmdline"), case.get("features", 1), case.get("ovmf_hash", ""),
                vmm_types.VMMType[{"qemu": "QEMU"}.get(case["vmm"], case["vmm"])], False, case.get("svsm"),
                case.get("vars", 0))

    return Peer


def measure(*args):
    return subprocess.run([MEASURE, *map(str, args)], text=True, capture_output=True, timeout=60)


def cpu_of(rng, peer):
    """A virtual CPU: its signature, and options that say the same."""
    how = rng.randrange(3)
    if how == 0:
        name = rng.choice(TYPES)
        return peer.sigs[name], ("--vcpu-type", name)
    if how == 1:
        sig = rng.randrange(0, 1 << 28)
        return sig, ("--vcpu-sig", hex(sig))
    family, model, stepping = rng.randrange(1, 271), rng.randrange(0, 256), rng.randrange(0, 16)
    return peer.cpu_sig(family, model, stepping), ("--vcpu-family", family, "--vcpu-model", model, "--vcpu-stepping",
                                                   stepping)


def kernel_of(rng, folder, case):
    """Kernel, initrd, command line, each as files or left out; our options for them."""
    options = []
    (folder / "kernel").write_bytes(rng.randbytes(rng.choice((0, 1, 511, 4096, 40000))))
    (folder / "initrd").write_bytes(rng.randbytes(rng.choice((0, 1, 64, 33000, 70000))))
    case["kernel"] = str(folder / "kernel")
    if rng.random() < 0.8:
        options += ["--kernel", case["kernel"]]
    else:
        options += ["--kernel-sha256", sha256(folder / "kernel")]
    if rng.random() < 0.7:
        case["initrd"] = str(folder / "initrd")
        options += ["--initrd", case["initrd"]] if rng.random() < 0.8 else ["--initrd-sha256", sha256(folder / "initrd")]
    if rng.random() < 0.7:
        case["cmdline"] = "".join(rng.choices(string.printable[:95] + "äß€", k=rng.randrange(0, 300)))
        options += ["--cmdline", case["cmdline"]]
    return options


def sha256(path):
    return subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout[:64]


def one_case(rng, folder, peer):
    """The arguments for both: (mode, vcpus, signature, case, our command line)."""
    mode = rng.choice(("snp", "snp", "snp", "snp", "seves", "sev"))
    path = folder / "firmware"
    path.write_bytes(oracle.Firmware(rng).bytes())
    case = {"firmware": str(path), "vmm": rng.choice(("qemu", "qemu", "ec2", "gce")) if mode != "sev" else "qemu"}
    ours = [{"seves": "sev-es"}.get(mode, mode), "--firmware", path]
    vcpus, sig = 1, 0
    if mode != "sev":
        vcpus = rng.choice((1, 1, 2, 3, 8, 64, 512))
        sig, words = cpu_of(rng, peer)
        ours += ["--vcpus", vcpus, "--vmm", case["vmm"], *words]
    if rng.random() < 0.7:
        ours += kernel_of(rng, folder, case)
    if mode == "snp":
        case["features"] = rng.choice((0, 1, 1, 0x21, rng.randrange(0, 1 << 16), rng.randrange(0, 1 << 64)))
        ours += ["--guest-features", hex(case["features"])]
        if rng.random() < 0.2:
            case["ovmf_hash"] = rng.randbytes(48).hex()
            ours += ["--ovmf-hash", case["ovmf_hash"]]
    return mode, vcpus, sig, case, ours


def test_random(peer, tmp_path):
    rng = random.Random(SEED)
    counts = {"digest": 0, "refused": 0}
    for number in range(CASES):
        mode, vcpus, sig, case, ours = one_case(rng, tmp_path, peer)
        got = measure(*ours)
        try:
            want = peer.digest(mode, vcpus, sig, case).hex()
        except RuntimeError as error:  # a kernel that the firmware would not check
            assert got.returncode == 3, (number, error, ours)
            assert got.stdout == "" and case["firmware"] in got.stderr, (number, got.stderr)
            counts["refused"] += 1
            continue
        assert (got.returncode, got.stdout, got.stderr) == (0, want + "\n", ""), (number, ours)
        counts["digest"] += 1
    assert counts["digest"] >= 0.7 * CASES and counts["refused"] > 0, counts
    assert CASES >= 300


def test_range_in_one_pass(peer, tmp_path):
    rng = random.Random(SEED + 1)
    (tmp_path / "f").write_bytes(oracle.Firmware(rng).bytes())
    case = {"firmware": str(tmp_path / "f"), "vmm": "qemu"}
    for mode, command in (("snp", "snp"), ("seves", "sev-es")):
        lines = measure(command, "--firmware", tmp_path / "f", "--vcpus", "1-40").stdout.splitlines()
        assert lines == [f"{n} {peer.digest(mode, n, 0x800f12, case).hex()}" for n in range(1, 41)]


def test_firmware_part(peer, tmp_path):
    rng = random.Random(SEED + 2)
    for pages in (1, 2, 63, 64, 65, 200):  # around the size of a piece
        (tmp_path / "f").write_bytes(oracle.Firmware(rng, pages).bytes())
        assert measure("snp", "--firmware", tmp_path / "f", "--ovmf-hash").stdout == \
            peer.ovmf_hash(str(tmp_path / "f")).hex() + "\n"


def test_svsm(peer, tmp_path):
    rng = random.Random(SEED + 3)
    for _ in range(30):
        svsm = oracle.Firmware(rng)
        svsm.svsm = rng.randrange(0, svsm.pages * 4096)
        svsm.sections = svsm.some_sections(hashes=False)
        (tmp_path / "f").write_bytes(oracle.Firmware(rng).bytes())
        (tmp_path / "s").write_bytes(svsm.bytes())
        case = {"firmware": str(tmp_path / "f"), "svsm": str(tmp_path / "s"), "vmm": "qemu",
                "vars": 4096 * rng.randrange(1, 200)}
        sig, words = cpu_of(rng, peer)
        vcpus = rng.choice((1, 2, 4, 30))
        got = measure("snp", "--firmware", tmp_path / "f", "--svsm", tmp_path / "s", "--svsm-vars-size", case["vars"],
                      "--vcpus", vcpus, *words)
        assert got.stdout == peer.digest("snp:svsm", vcpus, sig, case).hex() + "\n", got.stderr


# name, what is done to a good firmware, and whether a kernel is given
BROKEN = [
    ("no footer", lambda f: f.without.add("footer"), False, "no table of GUIDs"),
    ("entry of 17 bytes", lambda f: setattr(f, "extra", bytes(20) + struct.pack("<H", 17) + bytes(16)), False,
     "does not fit"),
    ("no reset block", lambda f: f.without.add("reset"), False, "reset block"),
    ("no place for hashes", lambda f: f.without.add("hashes"), True, "would not check the kernel"),
    ("no page for hashes", lambda f: setattr(f, "sections", f.some_sections(hashes=False)), True,
     "would not check the kernel"),
    ("metadata signature", lambda f: setattr(f, "signature", b"ASEX"), False, "no SEV metadata at 0x"),
    ("metadata version", lambda f: setattr(f, "version", 2), False, "version 2"),
    ("metadata before the file", lambda f: setattr(f, "distance", 1 << 24), False, "outside the file"),
    ("metadata at the end", lambda f: setattr(f, "distance", 8), False, "outside the file"),
    ("more sections than bytes", lambda f: setattr(f, "count", 1 << 31), False, "sections"),
    ("12 * count wraps", lambda f: setattr(f, "count", 0x15555556), False, "sections"),
    ("unknown section", lambda f: f.sections.append((0xff000000, 4096, 5)), False, "type 0x5"),
    ("section size", lambda f: f.sections.append((0xff000000, 100, 1)), False, "not whole pages"),
    ("table over the page's end", lambda f: setattr(f, "hash_table", struct.pack(
        "<II", [g for g, _, k in f.sections if k == 16][0] + 0xfff, 0x400)), True, "not inside its page"),
    ("two pages for hashes", lambda f: setattr(f, "sections", [(0xff000000, 8192, 16)]), True, "one page"),
]


@pytest.mark.parametrize("name, change, kernel, text", BROKEN, ids=[row[0] for row in BROKEN])
def test_both_refuse(peer, tmp_path, name, change, kernel, text):
    rng = random.Random(name)
    firmware = oracle.Firmware(rng, 2)
    firmware.sections = firmware.some_sections(hashes=True)
    firmware.hash_table = struct.pack("<II", [g for g, _, k in firmware.sections if k == 16][0] + 0xc00, 0x400)
    firmware.shuffle = False
    change(firmware)
    path = tmp_path / "broken.fd"
    path.write_bytes(firmware.bytes())
    (tmp_path / "k").write_bytes(b"K")
    case = {"firmware": str(path), "vmm": "qemu", **({"kernel": str(tmp_path / "k")} if kernel else {})}
    got = measure("snp", "--firmware", path, "--vcpus", 1, *(("--kernel", tmp_path / "k") if kernel else ()))
    assert (got.returncode, got.stdout) == (3, "")
    assert "broken.fd: firmware: " in got.stderr and text in got.stderr
    with pytest.raises(Exception):
        peer.digest("snp", 1, 0x800f12, case)


def test_id_block(peer, tmp_path):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    keys = []
    for name in ("id.pem", "author.pem"):
        key = ec.generate_private_key(ec.SECP384R1())
        (tmp_path / name).write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        keys.append(key.public_key())
    (tmp_path / "f").write_bytes(oracle.Firmware(random.Random(SEED)).bytes())
    got = measure("snp", "--firmware", tmp_path / "f", "--vcpus", 1, "--id-block", tmp_path / "b", "--id-auth", tmp_path / "a",
                  "--id-key", tmp_path / "id.pem", "--author-key", tmp_path / "author.pem").stdout.splitlines()
    theirs = peer.id_block(bytes.fromhex(got[0]), tmp_path / "id.pem", tmp_path / "author.pem").splitlines()
    unbase = __import__("base64").b64decode
    assert unbase(theirs[1].split()[1]).hex() == got[1].removeprefix("id-key-digest ")
    assert unbase(theirs[2].split()[1]).hex() == got[2].removeprefix("author-key-digest ")
    block, auth = (tmp_path / "b").read_bytes(), (tmp_path / "a").read_bytes()
    words = dict(word.split("=", 1) for word in got[3].removeprefix("qemu ").split(","))
    assert (unbase(words["id-block"]), unbase(words["id-auth"])) == (block, auth)
    parts = dict(word.split("=", 1) for word in theirs[0].split(","))
    assert unbase(parts["id-block"]) == block
    their_auth = bytearray(unbase(parts["id-auth"]))
    for at, signed, key in ((0x40, block, keys[0]), (0x680, auth[0x240:0x644], keys[1])):
        r, s = (int.from_bytes(auth[at + 72 * i:at + 72 * i + 72], "little") for i in range(2))
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))
        their_auth[at:at + 144] = auth[at:at + 144]  # signatures are random
    assert bytes(their_auth) == auth
