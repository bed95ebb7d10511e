# SPDX-License-Identifier: GPL-2.0-or-later
"""A Coordinator as the workload of one VM, and a second VM that joins it, with reference values instead of a key."""

import json
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from lab import BIN, BUILD, TOP, free_port, make_lab, run

ARGV = ["/bin/nacre-coordinator", "run", "--state", "/state/c", "--evidence-socket", "/dev/nacre/attest.sock",
        "--collateral", "none", "--test-root", "/etc/ark.pem", "--http-listen", "none", "--metrics-listen", "none"]
LIBRARIES = ("/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """With the secure processor whose root the dev image's agent knows."""
    lab = make_lab(tmp_path_factory.mktemp("lab"))
    shutil.rmtree(lab.psp)
    shutil.copytree(TOP / "tests/vectors/psp", lab.psp)
    (lab.psp / "NOTICE").unlink()
    lab.psp.chmod(0o700)
    for key in lab.psp.glob("*.key"):
        key.chmod(0o600)
    return lab


@pytest.fixture(scope="module")
def image(lab):
    """An erofs with its verity tree: nacre-coordinator, the library that it needs, the test root."""
    tree = lab.path("tree")
    for folder in ("contrast", "state", "tmp", "proc", "dev", "run", "sys", "etc", "bin"):
        (tree / folder).mkdir(parents=True)
    for library in LIBRARIES:
        target = tree / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    shutil.copy(BIN / "nacre-coordinator", tree / "bin")
    shutil.copy(lab.psp / "ark.pem", tree / "etc/ark.pem")
    img = lab.path("coordinator.img")
    run("mkfs.erofs", "-T0", "--all-root", "--quiet", img, tree)
    size = -(-img.stat().st_size // 4096) * 4096
    with open(img, "r+b") as f:
        f.truncate(size)
    blocks = size // 4096
    out = run("veritysetup", "format", img, img, "--no-superblock", "--hash", "sha256", "--salt", "-", "--data-block-size",
              4096, "--hash-block-size", 4096, "--data-blocks", blocks, "--hash-offset", size).stdout
    root = re.search(r"^Root hash:\s*([0-9a-f]{64})$", out, re.M).group(1)
    return img, {"device": "image", "filesystem": "erofs", "hash": "sha256", "root_hash": root, "salt": "",
                 "data_block_size": 4096, "hash_block_size": 4096, "data_blocks": blocks, "hash_start_block": blocks}


def coordinator_policy(lab, image):
    policy = lab.policy(0, image=image[1], workload__argv=ARGV, workload__attestation="report-data",
                        workload__tmpfs=[{"path": "/state", "size_bytes": 4 << 20}, {"path": "/tmp", "size_bytes": 65536}],
                        workload__rlimits=[{"name": "nofile", "soft": 1024, "hard": 1024}])
    del policy["coordinator"]
    return policy


def guest_policy(lab, port, host_data, protocol, argv=("/bin/probe", "secrets")):
    policy = lab.policy(port, coordinator__protocol=protocol, workload__argv=list(argv))
    del policy["coordinator"]["root_ca_key_sha256"]
    policy["coordinator"]["reference_values"] = {"snp": [{
        "measurement": lab.digest(), "host_data": host_data,
        "minimum_tcb": {"bootloader": 0, "tee": 0, "snp": 0, "microcode": 0}}]}
    return policy


class Ended(Exception):
    pass


class CoordinatorVm:
    """The first VM, until the end of `with`."""

    def __init__(self, lab, image, initdata, port):
        self.lab, self.image, self.initdata, self.port, self.user = lab, image, initdata, port, free_port()
        self.run_dir, self.end = None, threading.Event()

    def boot(self):
        forwards = [o for host, guest in ((self.port, 7777), (self.user, 1313)) for o in ("--forward", f"{host}:{guest}")]
        try:
            self.lab.boot([self.initdata.disk], self.initdata.host_data, rodisks=[f"image={self.image[0]}"],
                          options=forwards, timeout=150, talk=self.hold)
        except Ended:
            pass

    def hold(self, run_dir):
        self.run_dir = run_dir
        self.end.wait(150)
        raise Ended

    def console(self):
        path = self.run_dir / "console.log" if self.run_dir else None
        return path.read_text(errors="replace") if path and path.exists() else ""

    def __enter__(self):
        self.thread = threading.Thread(target=self.boot)
        self.thread.start()
        for _ in range(600):
            if "listening on 0.0.0.0:7777" in self.console() or "nacre: halt" in self.console():
                break
            time.sleep(0.1)
        assert "nacre: halt" not in self.console() and "listening on" in self.console(), self.console()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join(30)


def manifest_of(lab, coordinator_host_data, *guests):
    path = lab.manifest(coordinator_host_data)
    m = json.loads(path.read_text())
    m["Policies"] = {coordinator_host_data: {"SANs": ["coordinator"], "Role": "coordinator"}}
    for g in guests:
        m["Policies"][g] = {"SANs": ["probe"], "WorkloadSecretID": "tests/probe"}
    path.write_text(json.dumps(m))
    return path


def set_manifest(lab, vm, manifest, initdata):
    """The owner, from outside: judges the Coordinator by this very manifest, then gives it to it."""
    policies = lab.path("policies")
    policies.mkdir()
    for i in initdata:
        (policies / i.host_data).write_bytes(i.document)
    args = [BIN / "nacre-coordinator", "manifest", "set", manifest, "--coordinator", f"127.0.0.1:{vm.user}", "--policy",
            policies, "--collateral", "none", "--test-root", lab.psp / "ark.pem"]
    return subprocess.run([str(a) for a in args], capture_output=True, text=True)


def verify(lab, vm, manifest):
    """The data owner's one command."""
    args = [BIN / "nacre-verify", "coordinator", f"127.0.0.1:{vm.user}", "--manifest", manifest, "--measurements",
            BUILD / "image/dev/measurements.json", "--any", "csp-id,id-key,revocation,chip-id", "--allow-debug",
            "--test-root", lab.psp / "ark.pem", "--out", lab.path("verified")]
    return subprocess.run([str(a) for a in args], capture_output=True, text=True)


def test_join_a_coordinator_in_a_vm(lab, image):
    port = free_port()
    first = lab.initdata(coordinator_policy(lab, image))
    good = {p: lab.initdata(guest_policy(lab, port, first.host_data, p)) for p in ("nacre/1", "contrast")}
    # These would be accepted, but pin another Coordinator: another policy, or another image.
    bad = lab.initdata(guest_policy(lab, port, "ab" * 32, "nacre/1"))
    other_image = guest_policy(lab, port, first.host_data, "contrast")
    other_image["coordinator"]["reference_values"]["snp"][0]["measurement"] = "cd" * 48
    other_image = lab.initdata(other_image)
    every = [*good.values(), bad, other_image]
    manifest = manifest_of(lab, first.host_data, *[i.host_data for i in every])
    with CoordinatorVm(lab, image, first, port) as vm:
        wrong = set_manifest(lab, vm, manifest_of(lab, "ab" * 32, first.host_data), [first])
        assert wrong.returncode != 0, "an owner gave a manifest to a Coordinator that it does not name"
        done = set_manifest(lab, vm, manifest, [first, *every])
        assert done.returncode == 0, done.stdout + done.stderr + vm.console()
        for protocol, i in good.items():
            result = lab.boot([i.disk], i.host_data)
            assert result.halt() == "supervise: exit: 0", result.console + vm.console()
            assert result.probe()["key_pem"] == "0400"
            assert f" protocol={protocol} " in vm.console()
        lab.boot([bad.disk], bad.host_data).refused("attest", "denied", "host data")
        lab.boot([other_image.disk], other_image.host_data).refused("attest", "denied", "measurement")
        checked = verify(lab, vm, manifest)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert verify(lab, vm, manifest_of(lab, first.host_data)).returncode == 1
        assert "WARNING: --no-tee" not in vm.console()
