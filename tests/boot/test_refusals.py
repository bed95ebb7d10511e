# SPDX-License-Identifier: GPL-2.0-or-later
"""Every refusal the guest makes: the workload never runs, the VM is powered off, the reason is named."""

import gzip
import json
import struct

import pytest

from lab import BIN, BUILD, run


# --- initdata

def test_initdata_missing(lab, port):
    lab.boot().refused("initdata", "missing", "no initdata disk")


def test_initdata_one_byte_changed(lab, port):
    good = lab.initdata(lab.policy(port))
    forged = lab.document(lab.policy(port, workload__hostname="prob3"))
    lab.boot([lab.disk(forged)], good.host_data).refused("initdata", "denied", "host data")


def test_initdata_twice(lab, port):
    good = lab.initdata(lab.policy(port))
    lab.boot([good.disk, good.disk], good.host_data).refused("initdata", "denied", "two initdata disks")


def test_initdata_too_long(lab, port):
    good = lab.initdata(lab.policy(port))
    disk = lab.disk(good.document, size=1 << 40)
    lab.boot([disk], good.host_data).refused("initdata", "limit", "initdata")


def test_initdata_longer_than_its_disk(lab, port):
    good = lab.initdata(lab.policy(port))
    disk = lab.disk(good.document, size=128 * 1024)
    lab.boot([disk], good.host_data).refused("initdata", "limit", "the disk has")


def test_initdata_inflates_beyond_the_bound(lab, port):
    bomb = gzip.compress(bytes(64 << 20), mtime=0)
    lab.boot([lab.disk(b"", packed=bomb)], "00" * 32).refused("initdata", "limit", "bytes come out")


def test_initdata_unknown_file(lab, port):
    i = lab.initdata(lab.policy(port), name="extra.sh")
    lab.boot([i.disk], i.host_data).refused("initdata", "denied", "extra.sh")


def test_initdata_path_in_a_name(lab, port):
    i = lab.initdata(lab.policy(port), name="../policy.json")
    lab.boot([i.disk], i.host_data).refused("initdata", "denied", "../policy.json")


# --- policy

@pytest.mark.parametrize("change, text", [
    ({"workload__seccomp": {"profile": "everything"}}, "everything"),
    ({"surprise": 1}, "surprise"),
    ({"workload__argv": []}, "argv"),
    ({"platforms": ["tdx"]}, "platform"),
    ({"image__device": "nowhere"}, "nowhere"),
    ({"workload__attestation": "all"}, "attestation"),
    ({"workload__reload_signal": "SIGKILL"}, "reload_signal"),
], ids=["seccomp-profile-name", "unknown-key", "no-argv", "other-platform", "no-such-device",
        "attestation", "reload-signal"])
def test_policy_refused(lab, port, change, text):
    lab.boot_policy(lab.policy(port, **change), coordinator=False).refused("policy", *outcome(change), text)


def outcome(change):
    if "platforms" in change:
        return ("denied",)
    return ("missing",) if "image__device" in change or "workload__argv" in change else ("format",)


@pytest.mark.parametrize("change, text", [
    ({"volumes": True}, "no coordinator to give its key"),
    ({"workload__reload_signal": "SIGHUP"}, "no coordinator, so no renewals"),
], ids=["volume", "reload-signal"])
def test_policy_without_a_coordinator(lab, port, change, text):
    change = {k: [lab.volume()] if v is True else v for k, v in change.items()}
    policy = lab.policy(port, **change)
    del policy["coordinator"]
    lab.boot_policy(policy, coordinator=False).refused("policy", "denied", text)


def test_policy_key_twice(lab, port):
    text = json.dumps(lab.policy(port)).replace('"version": 1', '"version": 1, "version": 1', 1)
    lab.boot_policy(text, coordinator=False).refused("policy", "format", "version")


# --- command line

@pytest.mark.parametrize("words, text", [
    ("nacre.surprise", "nacre.surprise"),
    ("nacre.log=info nacre.log=quiet", "nacre.log"),
], ids=["unknown", "double"])
def test_command_line_refused(lab, words, text):
    lab.boot(options=["--append", words]).refused("cmdline", "format", text)


# --- platform

def test_debug_bit(lab, port):
    i = lab.initdata(lab.policy(port))
    lab.boot([i.disk], i.host_data, psp=["--guest-policy", "b0000"]).refused("platform", "denied", "debug")


def test_vmpl_not_zero(lab, port):
    i = lab.initdata(lab.policy(port))
    lab.boot([i.disk], i.host_data, psp=["--vmpl", "1"]).refused("platform", "denied", "VMPL")


def test_production_kernel_has_no_soft_provider(lab, port):
    i = lab.initdata(lab.policy(port))
    lab.boot([i.disk], i.host_data, image="production").refused("platform", "missing", "TEE")


def test_no_answer_from_the_secure_processor(lab):
    lab.boot(options=["--no-psp"]).refused("platform", "sys", "report")


# --- image

def probe_image(lab, offset, flip=0x01):
    out = lab.path("image.img")
    data = bytearray((BUILD / "workload/probe.img").read_bytes())
    data[offset] ^= flip
    out.write_bytes(data)
    return out


def dies_unrun(result):
    """A corrupted block that only a later read meets: the kernel panics, which ends the VM."""
    assert result.status == 0, result.console
    assert "Kernel panic" in result.console, result.console
    assert "dm-verity" in result.console, result.console
    assert "probe=" not in result.console, result.console


def test_image_byte_flipped(lab, port):
    image = probe_image(lab, 1024)  # the first block: erofs cannot be mounted without it
    dies_unrun(lab.boot_policy(lab.policy(port), port=port, rodisks=[f"image={image}"]))


def test_image_tree_flipped(lab, port):
    env = dict(line.split("=") for line in (BUILD / "workload/probe.env").read_text().split())
    image = probe_image(lab, int(env["HASH_START_BLOCK"]) * 4096)
    lab.boot_policy(lab.policy(port), port=port, rodisks=[f"image={image}"]).refused("image", "denied", "root hash")


def test_image_read_error(lab, port):
    rules = lab.path("blkdebug.conf")
    sector = (BUILD / "workload/probe.img").read_bytes().index(b"\x7fELF") // 512  # where execve has to look
    rules.write_text(f'[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "{sector}"\nonce = "off"\n')
    dies_unrun(lab.boot_policy(lab.policy(port), port=port, options=["--blkdebug", f"image={rules}"]))


def test_wrong_root_hash(lab, port):
    policy = lab.policy(port, image__root_hash="ab" * 32)
    lab.boot_policy(policy, port=port).refused("image", "denied", "root hash")


def test_image_too_small(lab, port):
    policy = lab.policy(port)
    policy["image"]["data_blocks"] += 100000
    policy["image"]["hash_start_block"] += 100000
    lab.boot_policy(policy, port=port).refused("image", "denied", "image")


# --- Coordinator

def test_coordinator_absent(lab, port):
    policy = lab.policy(port, coordinator__deadline_ms=3000)
    result = lab.boot_policy(policy, coordinator=False)
    result.refused("attest", "timeout", "10.0.2.2")


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_coordinator_with_another_root(lab, port, protocol):
    state = lab.path("other-coordinator")
    run(BIN / "nacre-coordinator", "init", "--state", state)
    lab.boot_policy(lab.policy(port, coordinator__protocol=protocol), port=port, state=state).refused("attest", "denied", "root CA")


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_coordinator_refuses_the_measurement(lab, port, protocol):
    policy = lab.policy(port, coordinator__protocol=protocol)
    manifest = lab.manifest(lab.initdata(policy).host_data, TrustedMeasurement="ab" * 48)
    lab.boot_policy(policy, port=port, manifest=manifest).refused("attest", "denied", "measurement")


def test_coordinator_refuses_the_policy(lab, port):
    manifest = lab.manifest("cd" * 32)
    lab.boot_policy(lab.policy(port), port=port, manifest=manifest).refused("attest", "denied", "host data")


def test_coordinator_refuses_a_changed_command_line(lab, port):
    result = lab.boot_policy(lab.policy(port), port=port, options=["--append", "loglevel=3"])
    result.refused("attest", "denied", "measurement")


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_stale_nonce(lab, port, protocol):
    policy = lab.policy(port, coordinator__protocol=protocol)
    result = lab.boot_policy(policy, port=port, psp=["--replay-from", "2"])
    result.refused("attest", "denied", "report data")


# --- the disk's own words are not believed

def test_initdata_disk_with_rubbish_length(lab, port):
    out = lab.path("initdata.img")
    out.write_bytes((b"initdata" + struct.pack("<Q", 0)).ljust(512, b"\0"))
    lab.boot([out], "00" * 32).refused("initdata", "format", "initdata")
