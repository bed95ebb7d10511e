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
    """An erofs with its verity tree: nacre-coordinator, the launcher, the test root."""
    tree = lab.path("tree")
    for folder in ("contrast", "state", "tmp", "proc", "dev", "run", "sys", "etc", "bin"):
        (tree / folder).mkdir(parents=True)
    for library in LIBRARIES:
        target = tree / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    shutil.copy(BIN / "nacre-coordinator", tree / "bin")
    shutil.copy(lab.psp / "ark.pem", tree / "etc/ark.pem")
    run("musl-gcc", "-static", "-Os", "-o", tree / "bin/launcher", TOP / "tests/boot/coordinator_vm.c")
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
    policy = lab.policy(0, image=image[1], workload__argv=["/bin/launcher"], workload__attestation="report-data",
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


class CoordinatorVm:
    """The first VM. `with` gives it its manifest and waits until it serves."""

    def __init__(self, lab, image, initdata, manifest):
        self.lab, self.image, self.initdata, self.manifest = lab, image, initdata, manifest
        self.port, self.user, self.control = free_port(), free_port(), free_port()
        self.run_dir, self.result = None, None

    def boot(self):
        ports = [(self.port, 7777), (self.user, 1313), (self.control, 5555)]
        forwards = [o for host, guest in ports for o in ("--forward", f"{host}:{guest}")]
        self.result = self.lab.boot([self.initdata.disk], self.initdata.host_data, rodisks=[f"image={self.image[0]}"],
                                    options=forwards, timeout=150, talk=self.note)

    def note(self, run_dir):
        self.run_dir = run_dir

    def console(self):
        path = self.run_dir / "console.log" if self.run_dir else None
        return path.read_text(errors="replace") if path and path.exists() else ""

    def wait(self, text):
        for _ in range(600):
            if text in self.console():
                return
            assert self.thread.is_alive(), self.console()
            time.sleep(0.1)
        raise AssertionError(f"no {text!r}: {self.console()}")

    def __enter__(self):
        self.thread = threading.Thread(target=self.boot)
        self.thread.start()
        self.wait("waiting=manifest")
        with socket.create_connection(("127.0.0.1", self.control), 10) as s:
            s.sendall(self.manifest.read_bytes())
        self.wait("listening on")
        return self

    def __exit__(self, *_):
        try:
            socket.create_connection(("127.0.0.1", self.control), 10).close()
        except OSError:
            pass
        self.thread.join(180)


def manifest_of(lab, coordinator_host_data, *guests):
    path = lab.manifest(coordinator_host_data)
    m = json.loads(path.read_text())
    m["Policies"] = {coordinator_host_data: {"SANs": ["coordinator"], "Role": "coordinator"}}
    for g in guests:
        m["Policies"][g] = {"SANs": ["probe"], "WorkloadSecretID": "tests/probe"}
    path.write_text(json.dumps(m))
    return path


def check_as_owner(lab, vm):
    """The data owner's one command, from outside."""
    def verify(manifest, *options):
        args = [BIN / "nacre-verify", "coordinator", f"127.0.0.1:{vm.user}", "--manifest", manifest, "--measurements",
                BUILD / "image/dev/measurements.json", "--any", "csp-id,id-key,revocation,chip-id", "--allow-debug",
                "--test-root", lab.psp / "ark.pem", "--out", lab.path("verified"), *options]
        return subprocess.run([str(a) for a in args], capture_output=True, text=True)
    good = verify(vm.manifest)
    assert good.returncode == 0, good.stdout + good.stderr
    other = lab.path("other-manifest.json")
    other.write_text(vm.manifest.read_text().replace("probe", "other"))
    assert verify(other).returncode == 1


def test_join_a_coordinator_in_a_vm(lab, image):
    port = free_port()
    first = lab.initdata(coordinator_policy(lab, image))
    good = {p: guest_policy(lab, port, first.host_data, p) for p in ("nacre/1", "contrast")}
    # One that pins another Coordinator: it would be accepted, but does not accept.
    bad = {p: guest_policy(lab, port, "ab" * 32, p) for p in good}
    initdata = {(k, p): lab.initdata(policies[p]) for k, policies in (("good", good), ("bad", bad)) for p in policies}
    vm = CoordinatorVm(lab, image, first, manifest_of(lab, first.host_data, *[i.host_data for i in initdata.values()]))
    vm.port = port
    with vm:
        for (kind, protocol), i in initdata.items():
            result = lab.boot([i.disk], i.host_data)
            if kind == "bad":
                result.refused("attest", "denied", "host data")
                continue
            assert result.halt() == "supervise: exit: 0", result.console + vm.console()
            assert result.probe()["key_pem"] == "0400"
            assert f" protocol={protocol} " in vm.console()
        check_as_owner(lab, vm)
    assert vm.result.halt() == "supervise: exit: 0", vm.result.console
    assert "WARNING: --no-tee" not in vm.result.console
