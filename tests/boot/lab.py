# SPDX-License-Identifier: GPL-2.0-or-later
"""What a boot test needs: policies, initdata disks, manifests, a running Coordinator, and VMs."""

import copy
import gzip
import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
BIN = BUILD / "bin"
SCRIPTS = TOP / "scripts"


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, text=True, capture_output=True, **kw)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read_env(path):
    return dict(line.split("=", 1) for line in Path(path).read_text().split() if "=" in line)


@dataclass
class Result:
    """How a VM ended, as the host saw it."""

    status: int
    console: str
    reason: dict
    seconds: float
    run_dir: Path

    def halt(self):
        lines = re.findall(r"^nacre: halt: (.*?)\r?$", self.console, re.M)
        return lines[0] if lines else None

    def probe(self):
        """What the workload printed, as a dict."""
        return dict(re.findall(r"^(\w+)=(.*?)\r?$", self.console, re.M))

    def refused(self, stage, code, text):
        """Assert a refusal: the named reason on the console and in the record, no workload, powered off."""
        where = f"\n--- console ({self.run_dir})\n{self.console}"
        assert self.status == 0, f"QEMU ended with {self.status}, not by a power off{where}"
        assert self.halt() is not None, f"no halt line{where}"
        assert self.halt().startswith(f"{stage}: {code}: "), f"halt line {self.halt()!r}{where}"
        assert text in self.halt(), f"{text!r} not in {self.halt()!r}"
        assert self.reason["stage"] == stage and self.reason["code"] == code, self.reason
        assert text in self.reason["text"], self.reason
        assert "probe=" not in self.console, f"the workload ran{where}"
        assert "nacre: stage workload" not in self.console, f"the workload stage passed{where}"


@dataclass
class Initdata:
    document: bytes
    disk: Path
    host_data: str


@dataclass
class Lab:
    dir: Path
    psp: Path
    coordinator_state: Path
    pin: str
    digests: dict = field(default_factory=dict)
    count: int = 0

    # --- what the policy says

    def policy(self, port, **changes):
        env = read_env(BUILD / "workload/probe.env")
        policy = {
            "version": 1,
            "platforms": ["snp"],
            "image": {
                "device": "image", "filesystem": "erofs", "hash": "sha256",
                "root_hash": env["ROOT_HASH"], "salt": env["SALT"],
                "data_block_size": 4096, "hash_block_size": 4096,
                "data_blocks": int(env["DATA_BLOCKS"]), "hash_start_block": int(env["HASH_START_BLOCK"]),
            },
            "workload": {
                "argv": ["/bin/probe", "report"], "env": ["A=1"], "cwd": "/", "hostname": "probe",
                "uid": 1000, "gid": 1000, "groups": [], "capabilities": [],
                "rlimits": [{"name": "nofile", "soft": 64, "hard": 64}],
                "seccomp": {"profile": "default"},
                "tmpfs": [{"path": "/tmp", "size_bytes": 65536}],
                "masked_paths": ["/proc/kcore", "/proc/timer_list"], "readonly_paths": ["/proc/sys"],
                "console": "host",
            },
            "volumes": [],
            "network": [{"link": "eth0", "address": "10.0.2.15/24", "gateway": "10.0.2.2"}],
            "coordinator": {
                "address": f"10.0.2.2:{port}", "root_ca_key_sha256": self.pin,
                "deadline_ms": 20000, "retry_ms": 100, "retry_max_ms": 1000,
            },
        }
        for path, value in changes.items():
            at = policy
            *parents, last = path.split("__")
            for key in parents:
                at = at[key]
            at[last] = value
        return policy

    def volume(self, **changes):
        v = {"name": "data", "device": "data", "mount": "/state", "filesystem": "ext4", "format_if_blank": True}
        v.update(changes)
        return v

    # --- what the host hands over

    def path(self, name):
        self.count += 1
        return self.dir / f"{self.count:03}-{name}"

    def document(self, policy, name="policy.json"):
        text = policy if isinstance(policy, str) else json.dumps(policy)
        return (f'version = "0.1.0"\nalgorithm = "sha256"\n\n[data]\n"{name}" = \'\'\'\n{text}\'\'\'\n').encode()

    def disk(self, document, size=None, packed=None):
        packed = packed if packed is not None else gzip.compress(document, mtime=0)
        size = size if size is not None else len(packed)
        out = self.path("initdata.img")
        raw = b"initdata" + struct.pack("<Q", size) + packed
        out.write_bytes(raw + bytes(-len(raw) % 512))
        return out

    def initdata(self, policy, name="policy.json"):
        document = self.document(policy, name)
        return Initdata(document, self.disk(document), hashlib.sha256(document).hexdigest())

    def digest(self, image="dev", append="", vcpus=1):
        """Launch digest of an image (a name under build/image, or a folder) as nacre-measure predicts it."""
        d = image if isinstance(image, Path) else BUILD / "image" / image
        cmdline = (d / "cmdline").read_text() + (f" {append}" if append else "")
        key = (d, cmdline, vcpus)
        if key not in self.digests:
            self.digests[key] = run(
                BIN / "nacre-measure", "snp", "--firmware", BUILD / "firmware/OVMF.fd", "--kernel", d / "vmlinuz",
                "--initrd", d / "initrd", "--cmdline", cmdline, "--vcpus", vcpus, "--vcpu-type", "EPYC-v4",
            ).stdout.split()[-1]
        return self.digests[key]

    def manifest(self, host_data, **changes):
        m = json.loads(re.sub(r"@\w+@", "0" * 64, (TOP / "docs/examples/manifest.json.in").read_text()))
        m["Policies"] = {host_data: {"SANs": ["probe", "127.0.0.1"], "WorkloadSecretID": "tests/probe"}}
        snp = m["ReferenceValues"]["snp"][0]
        snp["TrustedMeasurement"] = self.digest()
        snp.update(copy.deepcopy(changes))
        out = self.path("manifest.json")
        out.write_text(json.dumps(m))
        return out

    # --- what runs

    def coordinator(self, port, manifest, state=None, more=()):
        """Without a state: one with the same seed and no history, so that the manifest is its first."""
        if state is None:
            state = self.path("state")
            state.mkdir(mode=0o700)
            shutil.copy(self.coordinator_state / "seed", state / "seed")
        return Coordinator(self, port, manifest, state, more)

    def boot(self, initdata=(), host_data="", disks=(), rodisks=None, psp=(), options=(), image="dev", timeout=120,
             talk=None):
        """Boot one VM to its end. talk(run_dir) is called once the VM is started."""
        run_dir = self.path("vm")
        rodisks = rodisks if rodisks is not None else [f"image={BUILD}/workload/probe.img"]
        image_dir = image if isinstance(image, Path) else BUILD / "image" / image
        args = [SCRIPTS / "run-vm", "--image", image_dir, "--run", run_dir, "--psp-state", self.psp,
                "--timeout", timeout]
        for i in initdata:
            args += ["--initdata", i]
        if host_data:
            args += ["--host-data", host_data]
        for d in disks:
            args += ["--disk", d]
        for d in rodisks:
            args += ["--rodisk", d]
        for p in psp:
            args += ["--psp", p]
        args += list(options)
        start = time.monotonic()
        vm = subprocess.Popen([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL)
        try:
            if talk:
                talk(run_dir)
            _, errors = vm.communicate(timeout=timeout + 30)
        finally:
            if vm.poll() is None:
                vm.terminate()
                vm.wait(10)
        console = (run_dir / "console.log").read_text(errors="replace")
        record = run_dir / "reason.json"
        text = record.read_text() if record.exists() else ""
        reason = json.loads(text) if text.strip() else {"stage": None, "code": None, "text": errors}
        return Result(vm.returncode, console, reason, time.monotonic() - start, run_dir)

    def boot_policy(self, policy, coordinator=True, manifest=None, port=None, state=None, **kw):
        """The usual boot: policy -> initdata and host data, a Coordinator that knows it, one VM."""
        i = self.initdata(policy)
        if not coordinator:
            return self.boot([i.disk], i.host_data, **kw)
        with self.coordinator(port, manifest or self.manifest(i.host_data), state):
            return self.boot([i.disk], i.host_data, **kw)


class Coordinator:
    def __init__(self, lab, port, manifest, state, more=()):
        self.log_path = lab.path("coordinator.log")
        self.ca = lab.path("ca")
        self.args = [BIN / "nacre-coordinator", "run", "--state", state, "--manifest", manifest, "--listen",
                     f"127.0.0.1:{port}", "--user-listen", "none", "--http-listen", "none",
                     "--metrics-listen", "none", "--test-root", lab.psp / "ark.pem", "--no-tee", "--collateral", "none",
                     "--ca-out", self.ca, *more]
        self.port = port

    def __enter__(self):
        self.out = open(self.log_path, "w")
        self.process = subprocess.Popen([str(a) for a in self.args], stderr=self.out, stdout=self.out)
        for _ in range(100):
            if self.process.poll() is not None:
                raise AssertionError(f"the Coordinator ended: {self.log()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the Coordinator does not listen")

    def log(self):
        return self.log_path.read_text()

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(10)
        self.out.close()


def make_lab(directory):
    directory = Path(directory)
    psp = directory / "psp"
    run(BIN / "softpsp", "--state", psp, "--init")
    state = directory / "coordinator"
    pin = run(BIN / "nacre-coordinator", "init", "--state", state).stdout.split()[-1]
    return Lab(directory, psp, state, pin)


__all__ = ["BIN", "BUILD", "SCRIPTS", "TOP", "Coordinator", "Initdata", "Lab", "Result", "free_port", "make_lab",
           "os", "read_env", "run", "shutil"]
