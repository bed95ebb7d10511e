# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure pcr against an independent computation and systemd-measure."""
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

import tdx_oracle as oracle

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
SYSTEMD_MEASURE = next((p for p in ("/usr/lib/systemd/systemd-measure", "/lib/systemd/systemd-measure")
                        if os.path.exists(p)), None)
PHASES = ["enter-initrd", "leave-initrd", "sysinit", "ready"]


def measure(*args):
    return subprocess.run([BIN / "nacre-measure", "pcr", *map(str, args)], text=True, capture_output=True, timeout=60)


def values(*args):
    got = measure(*args, "--json")
    assert (got.returncode, got.stderr) == (0, "")
    return json.loads(got.stdout)


def pcr4(images, alg):
    return oracle.replay([hashlib.new(alg, b"Calling EFI Application from Boot Option").digest(),
                          hashlib.new(alg, bytes(4)).digest()] + [oracle.authenticode(i, alg) for i in images], alg).hex()


def pcr9(cmdline, initrd, alg):
    events = [hashlib.new(alg, (cmdline + "\0").encode("utf-16-le")).digest()] if cmdline else []
    return oracle.replay(events + ([hashlib.new(alg, initrd).digest()] if initrd is not None else []), alg).hex()


def make_parts(seed):
    rng = random.Random(seed)
    parts = [(".linux", oracle.bzimage(rng.randbytes(rng.randint(4097, 9000)))), (".osrel", b"ID=nacre\nVERSION_ID=1\n"),
             (".cmdline", b"console=ttyS0 quiet"), (".initrd", rng.randbytes(rng.randint(1, 5000))),
             (".splash", rng.randbytes(100)), (".dtb", rng.randbytes(77))]
    parts = [p for p in parts if p[0] == ".linux" or rng.random() < 0.7]
    rng.shuffle(parts)  # their order in the file does not count
    return parts


@pytest.mark.parametrize("seed", range(12))
def test_uki(seed, tmp_path):
    parts = make_parts(seed)
    image = oracle.uki(parts, certificates=b"c" * 16 * (seed % 3))
    (tmp_path / "uki").write_bytes(image)
    got, have = values("--uki", tmp_path / "uki"), dict(parts)
    for alg in ("sha256", "sha384"):
        assert got[alg]["4"]["value"] == pcr4([image, have[".linux"]], alg)
        assert got[alg]["4:stub-loads-kernel"]["value"] == pcr4([image], alg)
        assert got[alg]["9"]["value"] == pcr9(have.get(".cmdline", b"").decode(), have.get(".initrd"), alg)


@pytest.mark.skipif(not SYSTEMD_MEASURE, reason="systemd-measure is not installed")
@pytest.mark.parametrize("seed", range(12))
def test_as_systemd_measure(seed, tmp_path):
    parts = make_parts(seed)
    version = subprocess.run([SYSTEMD_MEASURE, "--version"], text=True, capture_output=True).stdout.split()[1]
    if seed % 2 and int(version) >= 255:
        parts += [(".uname", b"6.12.1"), (".sbat", b"sbat,1,SBAT Version\n")]
    if seed % 3 == 0:
        parts.append((".pcrpkey", b"a key"))
    (tmp_path / "uki").write_bytes(oracle.uki(parts, version=version))
    options = []
    for name, content in parts:
        (tmp_path / name).write_bytes(content)
        options.append(f"--{name[1:]}={tmp_path / name}")
    text = subprocess.run([SYSTEMD_MEASURE, "calculate", "--bank=sha256", "--bank=sha384", *options], text=True,
                          capture_output=True, check=True).stdout
    want = {alg: re.findall(rf"^11:{alg}=([0-9a-f]+)$", text, re.M) for alg in ("sha256", "sha384")}
    got = values("--uki", tmp_path / "uki")
    for alg in ("sha256", "sha384"):
        assert len(want[alg]) == 4
        assert [got[alg]["11:" + ":".join(PHASES[:n + 1])]["value"] for n in range(4)] == want[alg]


def test_unknown_is_said(tmp_path):
    kernel = oracle.bzimage(bytes(5000))

    def why(parts, register, **more):
        (tmp_path / "uki").write_bytes(oracle.uki([(".linux", kernel)] + parts, **more))
        return values("--uki", tmp_path / "uki")["sha256"][register].get("unknown")

    assert why([], "11") is None
    assert "no .sdmagic" in why([], "11", version=None)
    assert "older than 252" in why([], "11:enter-initrd", version="251")
    assert "253 and 254" in why([(".sbat", b"x")], "11", version="254.1")
    assert why([(".sbat", b"x")], "11", version="257~rc1") is None
    assert "profiles" in why([(".profile", b"ID=a")], "11", version="257")
    assert "end of .cmdline" in why([(".cmdline", b"quiet\n")], "9")
    assert ".pcrsig" in why([(".initrd", b"i"), (".pcrsig", b"{}")], "9")


@pytest.mark.parametrize("initrd", [None, b"", b"i" * 70000])
@pytest.mark.parametrize("cmdline", ["", "console=tty0"])
def test_kernel(initrd, cmdline, tmp_path):
    kernel = oracle.bzimage(bytes(6000))
    (tmp_path / "kernel").write_bytes(kernel)
    (tmp_path / "initrd").write_bytes(initrd or b"")
    got = values("--kernel", tmp_path / "kernel", "--cmdline", cmdline,
                 *(("--initrd", tmp_path / "initrd") if initrd is not None else ()))
    for alg in ("sha256", "sha384"):
        assert got[alg]["4"]["value"] == pcr4([kernel], alg)
        assert got[alg]["9"]["value"] == pcr9(cmdline, initrd, alg)
        assert "only the stub" in got[alg]["11"]["unknown"]
        assert list(got[alg]) == sorted(got[alg])
    assert f"sha256:4 {got['sha256']['4']['value']}\n" in measure("--kernel", tmp_path / "kernel").stdout


@pytest.mark.parametrize("args, text", [
    ((), "either --uki or --kernel"),
    (("--uki", "a", "--kernel", "b"), "either --uki or --kernel"),
    (("--uki", "a", "--cmdline", "b"), "a UKI has its own"),
    (("--bogus",), "--bogus"),
])
def test_usage(args, text):
    got = measure(*args)
    assert got.returncode == 2 and text in got.stderr and got.stdout == ""


def test_bad_files(tmp_path):
    def bad(content, text, option="--uki"):
        (tmp_path / "image").write_bytes(content)
        got = measure(option, tmp_path / "image")
        assert got.returncode == 3 and got.stdout == "" and "image: " + text in got.stderr, got

    kernel = oracle.bzimage(bytes(5000))
    bad(b"", "no EFI application: expected \"MZ\" at 0x0")
    bad(b"MZ" + bytes(100), "no EFI application: expected \"PE\" at 0x0")
    bad(kernel, "no PE section .linux")
    bad(oracle.uki([(".linux", b"no kernel")]), "section .linux: no EFI application")
    bad(oracle.uki([(".linux", kernel), (".osrel", b"a"), (".osrel", b"b")]), "PE section .osrel stands twice")
    bad(oracle.pe([(".linux", kernel, len(kernel) + 5000)]), "PE section .linux: 0x")
    bad(kernel[:0x500], "PE section at 0x", "--kernel")
    bad(oracle.pe([(".a", b"a" * 600, None)], tail=b"t", certificates=b"c" * 9) + b"x", "PE certificates: 0x9 bytes at 0x801",
        "--kernel")


def test_help():
    got = measure("--help")
    assert got.returncode == 0 and got.stdout.startswith("usage: nacre-measure pcr")
