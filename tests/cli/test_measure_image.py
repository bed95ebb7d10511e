# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure image, verify and footer: what is published is true, reproducible, and every change shows."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = TOP / os.environ.get("NACRE_BUILD", "build") / "bin"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"
PLAIN = TOP / "tests/vectors/ovmf/no-kernel-hashes.fd"
CMDLINE = "console=ttyS0 quiet panic=-1"
DOCUMENT = b'version = "0.1.0"\nalgorithm = "sha256"\n\n[data]\n"policy.json" = \'\'\'\n{}\n\'\'\'\n'
MODELS = {"EPYC-Genoa": "0xa10f10", "EPYC-Milan": "0xa00f11", "EPYC-Rome": "0x830f10", "EPYC-Turin": "0xb00f00",
          "EPYC-v4": "0x800f12"}


def measure(*args, **more):
    return subprocess.run([BIN / "nacre-measure", *map(str, args)], text=True, capture_output=True, timeout=60, **more)


def ok(*args):
    got = measure(*args)
    assert (got.returncode, got.stderr) == (0, ""), got.stdout
    return got.stdout


@pytest.fixture
def image(tmp_path):
    """a built image's folder, a workload, an initdata document, a lock"""
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "vmlinuz").write_bytes(b"K\n" * 3000)
    (folder / "initrd").write_bytes(b"I\n" * 5000)
    (folder / "cmdline").write_text(CMDLINE)
    work = tmp_path / "work.img"
    work.write_bytes(bytes(range(256)) * 16 * 200)
    root = json.loads(ok("verity", work, "--salt", "aabb", "--append", "--json"))["root_hash"]
    (tmp_path / "work.env").write_text(f"ROOT_HASH={root}\nSALT=aabb\nDATA_BLOCKS=200\nHASH_START_BLOCK=200\n")
    (tmp_path / "initdata.toml").write_bytes(DOCUMENT)
    (tmp_path / "a.lock").write_text("# comment\nwolfssl 5.7.2-0.1+deb13u2 pool/w/wolfssl.tar.gz " + "ab" * 32 +
                                     "\nlibstdc++6 14.2.0-19 pool/g/libstdc++6_14.2.0-19_amd64.deb " + "cd" * 32 + "\n")
    (tmp_path / "licences").write_text("wolfssl GPL-2.0-or-later\n"
                                       "libstdc++6 GPL-3.0-or-later WITH GCC-exception-3.1\nother MIT\n")
    return folder


def publish(image, *more):
    return ok("image", image, "--firmware", FIRMWARE, "--workload", image.parent / "work.img",
              "--initdata", image.parent / "initdata.toml", *more)


@pytest.fixture
def keys(tmp_path):
    def key(name, curve="P-384"):
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out",
                        private], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        return private, public
    return key


def test_values(image):
    publish(image)
    text = (image / "measurements.json").read_bytes()
    got = json.loads(text)
    assert list(got) == ["host_data", "image", "version", "workloads"]
    assert got["version"] == 1
    part = got["image"]
    assert "debug" not in part and part["cmdline"] == CMDLINE
    for role, path in (("firmware", FIRMWARE), ("kernel", image / "vmlinuz"), ("initrd", image / "initrd")):
        data = path.read_bytes()
        assert part["files"][role] == {"name": path.name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
                                       "sha384": hashlib.sha384(data).hexdigest()}
    cpus = {cpu["vcpu_type"]: cpu for cpu in part["snp"]["cpus"]}
    assert {name: cpu["vcpu_sig"] for name, cpu in cpus.items()} == MODELS
    for name, cpu in cpus.items():
        want = json.loads(ok("snp", "--firmware", FIRMWARE, "--kernel", image / "vmlinuz", "--initrd", image / "initrd",
                             "--cmdline", CMDLINE, "--vcpus", "1-220", "--vcpu-type", name, "--json"))
        assert cpu["launch_digests"] == want["digests"]
        assert part["snp"]["firmware_digest"] == want["firmware_digest"]
    digest = hashlib.sha256(DOCUMENT).hexdigest()
    assert got["host_data"] == [{"name": "initdata.toml", "snp_host_data": digest, "tdx_mrconfigid": digest + "00" * 16}]
    assert got["workloads"][0]["verity"]["data_blocks"] == 200
    assert got["workloads"][0]["file"]["name"] == "work.img"
    # canonical: what another canonical writer makes of the same values
    assert text == (json.dumps(got, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    assert not re.search(rb"\b20[0-9][0-9]-", text), "no time stamp"


def test_reproducible(image, tmp_path):
    publish(image, "--lock", tmp_path / "a.lock", "--licences", tmp_path / "licences")
    names = ["measurements.json", "measurements.spdx.json", "reference-values.json"]
    first = [(image / name).read_bytes() for name in names]
    other = tmp_path / "elsewhere"
    shutil.copytree(image, other)
    for name in names:
        (other / name).unlink()
    for path in other.iterdir():
        os.utime(path, (1, 1))
    got = measure("image", ".", "--firmware", FIRMWARE, "--workload", tmp_path / "work.img", "--initdata",
                  tmp_path / "initdata.toml", "--lock", tmp_path / "a.lock", "--licences", tmp_path / "licences",
                  cwd=other, env={"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "HOME": "/"}, umask=0o077)
    assert got.returncode == 0
    assert [(other / name).read_bytes() for name in names] == first


def test_debug_is_apart(image):
    publish(image, "--debug")
    got = json.loads((image / "measurements.json").read_text())
    assert "image" not in got and got["dev"]["debug"] is True
    refused = measure("verify", image / "measurements.json")
    assert refused.returncode == 1
    assert "a dev image" in refused.stdout
    ok("verify", image / "measurements.json", "--allow-debug")


def test_dev_word_needs_debug(image):
    (image / "cmdline").write_text("console=ttyS0 nacre.dev")
    got = measure("image", image, "--firmware", FIRMWARE)
    assert got.returncode == 3
    assert "--debug" in got.stderr
    assert not (image / "measurements.json").exists()
    ok("image", image, "--firmware", FIRMWARE, "--debug")
    (image / "cmdline").write_text("console=ttyS0 nacre.device=1")
    ok("image", image, "--firmware", FIRMWARE)


def test_signature(image, keys, tmp_path):
    private, public = keys("owner")
    _, wrong = keys("other")
    publish(image, "--key", private)
    path, sig = image / "measurements.json", image / "measurements.json.sig"
    ok("verify", path, "--key", public)
    # the same by another implementation
    subprocess.run(["openssl", "dgst", "-sha384", "-verify", public, "-signature", sig, path], check=True,
                   capture_output=True)
    got = measure("verify", path, "--key", wrong)
    assert got.returncode == 1
    assert "failed   signature" in got.stdout
    # another's signature, made by another implementation, is accepted from its own key only
    theirs = tmp_path / "theirs.sig"
    subprocess.run(["openssl", "dgst", "-sha384", "-sign", private, "-out", theirs, path], check=True)
    ok("verify", path, "--key", public, "--signature", theirs)
    # every byte counts: one more workload name
    path.write_bytes(path.read_bytes().replace(b"initdata.toml", b"initdatb.toml"))
    assert measure("verify", path, "--key", public).returncode == 1
    sig.unlink()
    assert measure("verify", path, "--key", public).returncode == 3


def test_keys_refused(image, keys):
    private, public = keys("small", "P-256")
    got = measure("image", image, "--firmware", FIRMWARE, "--key", private)
    assert got.returncode == 3
    assert "P-384" in got.stderr
    assert not (image / "measurements.json").exists(), "nothing is written when a part fails"
    good, _ = keys("good")
    publish(image, "--key", good)
    for key in (public, private, FIRMWARE, image / "cmdline"):
        assert measure("verify", image / "measurements.json", "--key", key).returncode == 3
    (image / "measurements.json.sig").write_bytes(b"\x30\x00")
    got = measure("verify", image / "measurements.json", "--key", image.parent / "good.pub.pem")
    assert got.returncode == 3
    assert "measurements.json.sig" in got.stderr


def test_files(image, tmp_path):
    publish(image)
    args = ("verify", image / "measurements.json", "--files", image, FIRMWARE.parent, tmp_path)
    ok(*args)
    rows = json.loads(measure(*args, "--json").stdout)
    assert rows["match"] is True
    assert {row["result"] for row in rows["checks"]} == {"ok", "skipped"}
    for name in ("vmlinuz", "initrd", "cmdline"):
        good = (image / name).read_bytes()
        for bad in (good + b" ", good[:-1], good[:-1] + bytes([good[-1] ^ 1])):
            (image / name).write_bytes(bad)
            got = measure(*args)
            assert got.returncode == 1, name
            assert re.search(rf"^failed +\S+ (line|{name})", got.stdout, re.M)
        (image / name).write_bytes(good)
    (image / "vmlinuz").unlink()
    got = measure(*args)
    assert got.returncode == 1
    assert "not found" in got.stdout


def report(measurement, host_data, policy=0x30000, vmpl=0):
    """a version 2 report with these values; everything else zero, unsigned"""
    r = bytearray(1184)
    struct.pack_into("<IIQ", r, 0, 2, 0, policy)
    struct.pack_into("<II", r, 0x30, vmpl, 1)
    r[0x90:0xc0] = bytes.fromhex(measurement)
    r[0xc0:0xe0] = bytes.fromhex(host_data)
    r[0x2a0] = r[0x2a0 + 72] = 1
    return bytes(r)


def test_report(image, tmp_path):
    publish(image)
    path, raw = image / "measurements.json", tmp_path / "report.bin"
    got = json.loads(path.read_text())
    host_data = hashlib.sha256(DOCUMENT).hexdigest()
    cpu = got["image"]["snp"]["cpus"][4]

    def check(code, text, *args, **values):
        raw.write_bytes(report(**{"measurement": cpu["launch_digests"]["7"], "host_data": host_data, **values}))
        out = measure("verify", path, "--report", raw, *args)
        assert out.returncode == code, out.stdout + out.stderr
        assert text in out.stdout

    check(0, "EPYC-v4, 7 vCPUs")
    check(0, "ok       report host data             initdata.toml")
    check(1, "expected one of 1100 published, found " + "ee" * 48, measurement="ee" * 48)
    check(1, "failed   report host data", host_data="11" * 32)
    check(1, "failed   report policy, debug", policy=0x30000 | 1 << 19)
    check(1, "failed   report policy, debug", "--allow-debug", policy=0x30000 | 1 << 19)
    check(1, "failed   report policy, migration", policy=0x30000 | 1 << 18)
    check(1, "failed   report VMPL", vmpl=1)
    check(0, "ok       report host data", "--initdata", tmp_path / "initdata.toml")
    (tmp_path / "mine.toml").write_bytes(DOCUMENT + b"\n")
    check(1, "failed   report host data", "--initdata", tmp_path / "mine.toml")
    for bad in (b"", bytes(1184), bytes(100)):
        raw.write_bytes(bad)
        out = measure("verify", path, "--report", raw)
        assert out.returncode == 3
        assert "report.bin" in out.stderr


def test_report_of_dev_image(image, tmp_path):
    publish(image, "--debug")
    path, raw = image / "measurements.json", tmp_path / "report.bin"
    cpu = json.loads(path.read_text())["dev"]["snp"]["cpus"][0]
    raw.write_bytes(report(cpu["launch_digests"]["1"], hashlib.sha256(DOCUMENT).hexdigest(), 0x30000 | 1 << 19))
    assert measure("verify", path, "--report", raw).returncode == 1
    ok("verify", path, "--report", raw, "--allow-debug")


def canonical(values):
    return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_quote(image, tmp_path):
    """a real machine's quote, with published values made from it, and then with one that differs"""
    publish(image)
    path, raw = image / "measurements.json", tmp_path / "quote.bin"
    quote = bytearray((TOP / "tests/vectors/tdx/dstack.bin").read_bytes())
    body = 48
    host_data = bytes.fromhex("5a" * 32)
    quote[body + 184:body + 232] = host_data + bytes(16)
    quote[body + 472:body + 520] = bytes(48)  # RTMR3: nothing of ours extends it
    raw.write_bytes(quote)
    values = json.loads(path.read_text())
    values["host_data"] = [{"name": "mine", "snp_host_data": host_data.hex(), "tdx_mrconfigid": host_data.hex() + "00" * 16}]
    tdx = {"mrtd_single_pass": "00" * 48, "mrtd_two_pass": quote[body + 136:body + 184].hex(),
           "rtmr1": quote[body + 376:body + 424].hex(), "rtmr2": quote[body + 424:body + 472].hex()}
    path.write_text(canonical(values))
    got = measure("verify", path, "--report", raw)
    assert got.returncode == 1
    assert "no values for it" in got.stdout
    values["image"]["tdx"] = tdx
    path.write_text(canonical(values))
    got = ok("verify", path, "--report", raw)
    assert "ok       quote MRTD" in got and "ok       report host data             mine" in got
    assert "skipped  quote RTMR0" in got
    tdx["mrtd_single_pass"], tdx["mrtd_two_pass"] = tdx["mrtd_two_pass"], tdx["mrtd_single_pass"]
    path.write_text(canonical(values))
    assert "single pass" in ok("verify", path, "--report", raw)
    for at, name in ((body + 140, "MRTD"), (body + 380, "RTMR1"), (body + 430, "RTMR2"), (body + 480, "RTMR3"),
                     (body + 190, "host data"), (body + 225, "host data")):
        bad = bytearray(quote)
        bad[at] ^= 1
        raw.write_bytes(bad)
        got = measure("verify", path, "--report", raw)
        assert got.returncode == 1
        assert re.search(rf"^failed +\S+ {name}", got.stdout, re.M), got.stdout
    bad = bytearray(quote)
    bad[body + 120] |= 1
    raw.write_bytes(bad)
    assert "failed   quote attributes, debug" in measure("verify", path, "--report", raw).stdout


@pytest.mark.parametrize("old, new", [
    ('"version": 1', '"version": 2'),
    ('"version": 1,\n', '"version": 1,\n\n'),
    ('"version": 1', '"version":1'),
    ('"version": 1', '"version": 1,\n  "more": 1'),
    ('"image": {', '"dev": {'),
    ('"cmdline": ', '"debug": true,\n    "cmdline": '),
    ('"guest_features": "0x1"', '"guest_features": "0x01"'),
    ('"guest_features": "0x1"', '"guest_features": 1'),
    ('"220": ', '"221": '),
    ('"vcpu_type": "EPYC-v4"', '"vcpu_type": "EPYC-Turin"'),
    ('"name": "vmlinuz"', '"name": "../vmlinuz"'),
    ('"name": "vmlinuz"', '"name": "vmlinu\\u007a"'),
    ('"name": "vmlinuz"', '"name": "vmlinuz",\n        "name": "vmlinuz"'),
    ('"size": 6000', '"size": 6000.0'),
    ('"hash": "sha256"', '"hash": "sha1"'),
    ('"tdx_mrconfigid": "', '"tdx_mrconfigid": "00'),
    ('0000"', '0001"'),
    ('"hash_start_block": 200', '"hash_start_block": 100'),
    ('console=ttyS0', 'console=\\u0074tyS0'),
])
def test_form(image, old, new):
    """unknown, double, missing, other spelling: refused, whatever the values say"""
    publish(image)
    path = image / "measurements.json"
    text = path.read_text()
    ok("verify", path)
    assert old in text
    at = text.rfind(old)
    path.write_text(text[:at] + new + text[at + len(old):])
    got = measure("verify", path)
    assert (got.returncode, got.stdout) == (3, "")
    assert str(path) in got.stderr


def test_form_of_bytes(image):
    publish(image)
    path = image / "measurements.json"
    text = path.read_bytes()
    for bad in (b"", text[:-1], text + b"\n", b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text[:1000],
                json.dumps(json.loads(text)).encode()):
        path.write_bytes(bad)
        assert measure("verify", path).returncode == 3


def test_reference_values(image, tmp_path):
    publish(image)
    values = json.loads((image / "reference-values.json").read_text())
    published = json.loads((image / "measurements.json").read_text())["image"]["snp"]["cpus"]
    first = {cpu["vcpu_sig"]: cpu["launch_digests"]["1"] for cpu in published}
    assert [(e["ProductName"], e["VCPUSig"]) for e in values["snp"]] == [
        ("Milan", "00a00f11"), ("Milan", "00800f12"), ("Genoa", "00a10f10"), ("Genoa", "00800f12"),
        ("Turin", "00b00f00"), ("Turin", "00800f12")]
    for entry in values["snp"]:
        assert entry["TrustedMeasurement"] == first[hex(int(entry["VCPUSig"], 16))]
    # as they are, no Coordinator takes them; with the operator's part they are a manifest's
    manifest = {"Policies": {"ab" * 32: {"SANs": ["a"], "Role": "coordinator"}}, "ReferenceValues": values}
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    check = [BIN / "nacre-coordinator", "manifest", "check", path]
    got = subprocess.run(check, capture_output=True, text=True)
    assert got.returncode == 3
    assert "MinimumTCB" in got.stderr
    for entry in values["snp"]:
        entry["MinimumTCB"] = {"BootloaderVersion": 10, "TEEVersion": 0, "SNPVersion": 23, "MicrocodeVersion": 25}
        entry["AllowedChipIDs"] = ["11" * 64]
    path.write_text(json.dumps(manifest))
    got = subprocess.run(check, capture_output=True, text=True)
    assert got.returncode == 0, got.stderr


def test_sbom(image, tmp_path):
    args = ("--lock", tmp_path / "a.lock", "--licences", tmp_path / "licences")
    publish(image, *args)
    doc = json.loads((image / "measurements.spdx.json").read_text())
    assert doc["spdxVersion"] == "SPDX-2.3" and doc["dataLicense"] == "CC0-1.0" and doc["SPDXID"] == "SPDXRef-DOCUMENT"
    packages = {p["SPDXID"]: p for p in doc["packages"]}
    assert len(packages) == len(doc["packages"]) == 6
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in packages)
    lib = next(p for p in packages.values() if p["name"] == "libstdc++6")
    assert lib["versionInfo"] == "14.2.0-19"
    assert lib["licenseDeclared"] == "GPL-3.0-or-later WITH GCC-exception-3.1"
    assert lib["checksums"] == [{"algorithm": "SHA256", "checksumValue": "cd" * 32}]
    assert lib["externalRefs"][0]["referenceLocator"] == "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64"
    for relation in doc["relationships"]:
        assert relation["relatedSpdxElement"] in packages
        assert relation["spdxElementId"] in packages or relation["spdxElementId"] == "SPDXRef-DOCUMENT"
    publish(image, *args, "--without", "libstdc++6")
    doc = json.loads((image / "measurements.spdx.json").read_text())
    assert "libstdc++6" not in [p["name"] for p in doc["packages"]]
    for bad, text in ((("--without", "nothing"), "nothing"),):
        got = measure("image", image, "--firmware", FIRMWARE, *args, *bad)
        assert got.returncode == 3
        assert text in got.stderr


@pytest.mark.parametrize("lock, licences, text", [
    ("unknown 1 p " + "ab" * 32, "wolfssl MIT", "no licence for unknown"),
    ("wolfssl 1 p abc", "wolfssl MIT", "a.lock: line 1"),
    ("\nwolfssl 1 p " + "ab" * 32 + " more", "wolfssl MIT", "a.lock: line 2"),
    ("wolfssl 1 " + "x" * 600, "wolfssl MIT", "too long"),
])
def test_bad_locks(image, tmp_path, lock, licences, text):
    (tmp_path / "a.lock").write_text(lock + "\n")
    (tmp_path / "licences").write_text(licences + "\n")
    got = measure("image", image, "--firmware", FIRMWARE, "--lock", tmp_path / "a.lock", "--licences",
                  tmp_path / "licences")
    assert got.returncode == 3
    assert text in got.stderr
    assert not (image / "measurements.json").exists()


def test_locks_of_this_tree(image):
    """every component that goes in has a licence"""
    publish(image, "--lock", TOP / "rootfs/sources.lock", "--lock", TOP / "rootfs/workload.lock", "--licences",
            TOP / "rootfs/licences")
    doc = json.loads((image / "measurements.spdx.json").read_text())
    assert {"linux", "wolfssl", "redis-tools", "edk2"} <= {p["name"] for p in doc["packages"]}


@pytest.mark.skipif(not all((TOP / "build" / name).exists() for name in ("firmware/TDVF.fd", "image/production/vmlinuz")),
                    reason="needs the built image")
def test_tdx_values_of_the_built_image(tmp_path):
    """What make image publishes is what nacre-measure tdx computes for the firmware of TDX, and not for the other one."""
    image = TOP / "build/image/production"
    published = json.loads((image / "measurements.json").read_text())["image"]
    tdvf = TOP / "build/firmware/TDVF.fd"
    assert published["files"]["tdx_firmware"]["sha256"] == hashlib.sha256(tdvf.read_bytes()).hexdigest()
    options = ("--kernel", image / "vmlinuz", "--initrd", image / "initrd", "--cmdline", published["cmdline"])
    got = json.loads(ok("tdx", "--firmware", tdvf, *options, "--edk2", "202502", "--qemu", "10.1", "--json"))
    assert published["tdx"] == {"mrtd_single_pass": got["mrtd"]["single_pass"], "mrtd_two_pass": got["mrtd"]["two_pass"],
                                "rtmr1": got["rtmr"][1]["value"], "rtmr2": got["rtmr"][2]["value"]}
    assert "ok       tdx_firmware TDVF.fd" in ok("verify", image / "measurements.json", "--files", image, TOP / "build/firmware",
                                                 TOP / "build/workload")


def test_workload_checked(image, tmp_path):
    data = bytearray((tmp_path / "work.img").read_bytes())
    data[70000] ^= 1
    (tmp_path / "work.img").write_bytes(data)
    got = measure("image", image, "--firmware", FIRMWARE, "--workload", tmp_path / "work.img")
    assert got.returncode == 3
    assert "root hash" in got.stderr
    env = (tmp_path / "work.env").read_text()
    for bad, text in ((env + "MORE=1\n", "MORE"), (env.replace("SALT=aabb\n", ""), "no SALT"), (env + env, "twice"),
                      (env.replace("200\nHASH", "20000\nHASH"), "work.env"), (env.replace("aabb", "aab"), "work.env")):
        (tmp_path / "work.env").write_text(bad)
        got = measure("image", image, "--firmware", FIRMWARE, "--workload", tmp_path / "work.img")
        assert got.returncode == 3
        assert text in got.stderr


@pytest.mark.parametrize("args, code, text", [
    ((), 2, "a folder is needed"),
    (("DIR",), 2, "--firmware"),
    (("DIR", "--firmware", FIRMWARE, "--edk2", "202411"), 2, "go together"),
    (("DIR", "--firmware", FIRMWARE, "--tdx-firmware", FIRMWARE), 2, "--tdx-firmware needs"),
    (("DIR", "--firmware", FIRMWARE, "--tdx-firmware", "/nonexistent/T.fd", "--edk2", "202502", "--qemu", "10.1"), 3, "/nonexistent/T.fd"),
    (("DIR", "--firmware", FIRMWARE, "--lock", "x"), 2, "go together"),
    (("DIR", "--firmware", FIRMWARE, "--without", "x"), 2, "--without"),
    (("DIR", "--firmware", PLAIN), 3, "kernel hashes"),
    (("DIR", "--firmware", "/nonexistent"), 3, "/nonexistent"),
    (("/nonexistent", "--firmware", FIRMWARE), 3, "/nonexistent"),
    (("DIR", "--firmware", FIRMWARE, "--out", "/nonexistent/m.json"), 3, "/nonexistent/m.json"),
    (("DIR", "--firmware", FIRMWARE, "--workload", "/nonexistent/w.img"), 3, "/nonexistent/w"),
    (("DIR", "--firmware", FIRMWARE, "--initdata", FIRMWARE), 3, "kernel-hashes.fd"),
])
def test_image_errors(image, args, code, text):
    got = measure("image", *[image if arg == "DIR" else arg for arg in args])
    assert got.returncode == code
    assert text in got.stderr
    assert not (image / "measurements.json").exists()


def test_cmdline_file(image):
    for bad in (CMDLINE + "\n", CMDLINE + "\0", "é", "x" * 3000):
        (image / "cmdline").write_text(bad)
        got = measure("image", image, "--firmware", FIRMWARE)
        assert got.returncode == 3
        assert "cmdline" in got.stderr


@pytest.mark.parametrize("args, text", [
    ((), "measurements.json is needed"), (("m.json", "--signature", "s"), "--key"),
    (("m.json", "--initdata", "i"), "--report"), (("m.json", "n.json"), "n.json"), (("m.json", "--bogus"), "--bogus"),
])
def test_verify_usage(args, text):
    got = measure("verify", *args)
    assert got.returncode == 2
    assert text in got.stderr


def test_footer():
    got = json.loads(ok("footer", "--json", FIRMWARE))
    assert list(got) == sorted(got)
    assert got["verifies_kernel"] is True
    assert got["size"] == FIRMWARE.stat().st_size
    assert "KERNEL_HASHES" in [s["type"] for s in got["sev_sections"]]
    assert "SEV_METADATA" in [e.get("name") for e in got["entries"]]
    data = FIRMWARE.read_bytes()
    for entry in got["entries"]:
        assert data[entry["offset"]:entry["offset"] + len(entry["data"]) // 2].hex() == entry["data"]
    assert "verifies the kernel: yes" in ok("footer", FIRMWARE)


def test_footer_says_what_is_missing():
    got = json.loads(ok("footer", "--json", PLAIN))
    assert got["verifies_kernel"] is False
    assert "AmdSevX64.dsc" in got["why_not"]
    assert "verifies the kernel: no: no KERNEL_HASHES section" in ok("footer", PLAIN)


def test_footer_errors(tmp_path):
    assert measure("footer").returncode == 2
    bad = tmp_path / "bad.fd"
    whole = FIRMWARE.read_bytes()
    for data in (b"", whole[:-1], bytes(4096)):
        bad.write_bytes(data)
        got = measure("footer", bad)
        assert got.returncode == 3
        assert "bad.fd" in got.stderr


@pytest.mark.parametrize("command", ["image", "verify", "footer", "verity", "host-data"])
def test_help(command):
    got = measure(command, "--help")
    assert got.returncode == 0
    assert got.stdout.startswith(f"usage: nacre-measure {command}")
    assert max(map(len, got.stdout.splitlines())) <= 120
