# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured on the host: sizes, a join over loopback, the speed of nacre-measure."""

import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import time

import oracle
from lab import BIN, BUILD, free_port

JOINS = 30
ROUNDS = 9
VERITY_MIB = 256
TIME_FLOOR = 1767225600  # START's: seconds since 1970, as init/boot.h has it
EVENTS_HEAD = bytes(48)  # of a boot that has decided nothing


def sizes(_lab, table):
    table.section("sizes", "guest programs (static, stripped) and images")
    total = 0
    for p in sorted((BUILD / "guest").iterdir()):
        size = p.stat().st_size
        total += size
        table.row(f"guest/{p.name}", size, "B", 200000 if p.name == "init" else None,
                  "of e2fsprogs" if p.name == "mke2fs" else "")
    table.row("all guest programs", total, "B", 2000000, "kata-agent alone: 30-34 MB")
    table.row("  without mke2fs", total - (BUILD / "guest/mke2fs").stat().st_size, "B")
    for kind in ("production", "dev"):
        for f in ("vmlinuz", "initrd"):
            table.row(f"image/{kind}/{f}", (BUILD / "image" / kind / f).stat().st_size, "B",
                      note="with busybox" if (kind, f) == ("dev", "initrd") else "")


# --- a join, outside of a VM: agent, Coordinator and softpsp on one machine

class Psp:
    """softpsp, as the kernel's provider talks to it."""

    def __init__(self, lab, host_data):
        image = BUILD / "image/dev"
        path = lab.path("psp.sock")
        args = [BIN / "softpsp", "--listen", "--socket", path, "--state", lab.psp,
                "--firmware", BUILD / "firmware/OVMF.fd", "--kernel", image / "vmlinuz", "--initrd", image / "initrd",
                "--cmdline", (image / "cmdline").read_text(), "--vcpus", 1, "--host-data", host_data]
        self.process = subprocess.Popen([str(a) for a in args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.connect(str(path))

    def connect(self, path):
        for _ in range(100):
            try:
                self.socket.connect(path)
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("softpsp does not listen")

    def exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            assert part, "softpsp closed"
            data += part
        return data

    def report(self, report_data):
        self.socket.sendall(b"\0\x40" + report_data)
        report_len, aux_len = struct.unpack("<II", self.exactly(8))
        return self.exactly(report_len), self.exactly(aux_len)

    def end(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)


def block(data):
    return struct.pack("<I", len(data)) + data


def message(kind, payload):
    return struct.pack("<HHI", kind, 0, len(payload)) + payload


def one_join(psp, policy):
    """One agent, from its start to the certificates: milliseconds, and those of them spent in softpsp."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    start = time.monotonic()
    agent = subprocess.Popen([str(BUILD / "guest/agent")], close_fds=False, stdin=subprocess.DEVNULL,
                             preexec_fn=lambda: os.dup2(theirs.fileno(), 3, inheritable=True))
    theirs.close()
    ours.send(message(1, struct.pack("<HQ", 1, TIME_FLOOR) + EVENTS_HEAD + block(policy) + block(b"")))
    in_psp = 0.0
    while True:
        datagram = ours.recv(1 << 18)
        assert datagram, "the agent closed"
        kind = struct.unpack("<H", datagram[:2])[0]
        if kind == 4:
            took = time.monotonic() - start
            break
        assert kind == 2, f"the agent said {datagram[8:]!r}"
        before = time.monotonic()
        report, aux = psp.report(datagram[8:72])
        in_psp += time.monotonic() - before
        ours.send(message(3, block(report) + block(aux)))
    ours.close()  # it would stay
    agent.wait(10)
    return took * 1000, in_psp * 1000


def join(lab, table):
    table.section("join", f"joining over loopback: agent, Coordinator, softpsp; {JOINS} in a row")
    what = "join: the agent's start to its certificates"
    if os.geteuid() != 0:
        table.skipped(what, "the agent drops privileges that only root has")
        return
    port = free_port()
    policy = lab.policy(port)
    policy["coordinator"]["address"] = f"127.0.0.1:{port}"
    i = lab.initdata(policy)
    with lab.coordinator(port, lab.manifest(i.host_data)):
        psp = Psp(lab, i.host_data)
        table.progress("joining")
        times = [one_join(psp, json.dumps(policy).encode()) for _ in range(JOINS)]
        psp.end()
    whole = [t[0] for t in times]
    table.row(what, statistics.median(whole), "ms", 30, f"fastest {min(whole):.1f}, slowest {max(whole):.1f}")
    table.row("  of these in softpsp", statistics.median(t[1] for t in times), "ms")


# --- many joins: guests of one process (tests/tools/joins.c) against the real Coordinator

def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def processor_ms(process):
    with open(f"/proc/{process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def load(lab, table):
    table.section("load", "many guests in one process against one Coordinator, over loopback, both on this machine")
    port = free_port()
    i = lab.initdata(lab.policy(port))
    manifest = lab.manifest(i.host_data)
    measurement = json.loads(manifest.read_text())["ReferenceValues"]["snp"][0]["TrustedMeasurement"]
    with lab.coordinator(port, manifest) as c:
        def joins(count, at_once, protocol):
            table.progress(f"{count} joins, {at_once} at once")
            args = [BUILD / "tools/joins", lab.psp, port, lab.pin, i.host_data, measurement, count, at_once, protocol]
            before = processor_ms(c.process)
            out = subprocess.run([str(a) for a in args], check=True, text=True, capture_output=True).stdout.split()
            return float(out[2]), float(out[3]), (processor_ms(c.process) - before) / count

        start = resident_kib(c.process)
        seconds, median, cost = joins(1000, 8, "nacre/1")
        first = resident_kib(c.process)
        table.row("1,000 joins by nacre/1, 8 at once", seconds, "s", 60, f"{1000 / seconds:.0f} a second, median {median:.1f} ms")
        table.row("  the Coordinator's processor time, each", cost, "ms")
        seconds, median, cost = joins(1000, 8, "contrast")
        table.row("1,000 joins by Contrast's aTLS, 8 at once", seconds, "s", 60,
                  f"{1000 / seconds:.0f} a second, median {median:.1f} ms")
        table.row("  the Coordinator's processor time, each", cost, "ms")
        joins(3000, 8, "nacre/1")
        last = resident_kib(c.process)
        table.row("the Coordinator's memory at its start", start, "KiB")
        table.row("  after 1,000 joins", first, "KiB")
        table.row("  more after 5,000 than after 1,000", last - first, "KiB", 1024)


# --- nacre-measure

def alternate(table, commands, rounds=ROUNDS, env=None):
    """Run the commands in turn; median milliseconds of each."""
    times = {name: [] for name in commands}
    for i in range(rounds):
        table.progress(f"round {i + 1} of {rounds}")
        for name, argv in commands.items():
            start = time.monotonic()
            subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.DEVNULL, env=env)
            times[name].append((time.monotonic() - start) * 1000)
    return {name: statistics.median(t) for name, t in times.items()}


def peak_kib(argv):
    """The most memory that a command holds, seen from outside while it runs: wait4 would count ours, before the exec."""
    peak = 0
    process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as f:
            peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
    return peak


def sev_snp_measure():
    """The peer of the tests (tests/cli/oracle.py), installed once into the cache: its command and its environment."""
    try:
        place = oracle.install()
    except (OSError, subprocess.SubprocessError):
        return None, None
    return [place.parent / "venv/bin/python", place / "bin/sev-snp-measure"], dict(os.environ, PYTHONPATH=str(place))


def measure_snp(table):
    image = BUILD / "image/dev"
    firmware, kernel, initrd = BUILD / "firmware/OVMF.fd", image / "vmlinuz", image / "initrd"
    argv = [BIN / "nacre-measure", "snp", "--firmware", firmware, "--kernel", kernel, "--initrd", initrd, "--cmdline",
            (image / "cmdline").read_text(), "--vcpus", 64, "--vcpu-type", "EPYC-v4"]
    commands = {"ours": argv, "firmware": ["openssl", "dgst", "-sha384", firmware],
                "rest": ["openssl", "dgst", "-sha256", kernel, initrd], "start": ["openssl", "dgst", "/dev/null"]}
    peer, env = sev_snp_measure()
    if peer:
        commands["peer"] = [*peer, "--mode", "snp", "--vcpus", 64, "--vcpu-type", "EPYC-v4", "--ovmf", firmware,
                            "--kernel", kernel, "--initrd", initrd, "--append", (image / "cmdline").read_text(),
                            "--output-format", "hex"]
        digests = [subprocess.run([str(a) for a in commands[name]], check=True, text=True, capture_output=True,
                                  env=env).stdout.split()[-1] for name in ("ours", "peer")]
        assert digests[0] == digests[1], "the launch digests differ"
    ms = alternate(table, commands, rounds=21, env=env)
    openssl = ms["firmware"] + ms["rest"] - ms["start"]
    table.row("SNP launch digest, 64 vCPU", ms["ours"], "ms")
    table.row("  openssl dgst, the same bytes and digests", openssl, "ms", note="two runs less an empty one")
    table.row("launch digest / openssl", ms["ours"] / openssl, "x", 1.2)
    table.row("launch digest: resident", max(peak_kib(argv) for _ in range(5)), "KiB", 5000)
    if peer:
        table.row("launch digest / sev-snp-measure", ms["ours"] / ms["peer"], "x", note=f"it takes {ms['peer']:.0f} ms")
    else:
        table.skipped("launch digest / sev-snp-measure", "it cannot be installed here")


def measure_verity(lab, table, veritysetup):
    data, ours, theirs = (lab.path(n) for n in ("data", "ours", "theirs"))
    with open(data, "wb") as f:
        for _ in range(VERITY_MIB):
            f.write(os.urandom(1 << 20))
    salt = "5a" * 32
    ms = alternate(table, {
        "ours": [BIN / "nacre-measure", "verity", "--salt", salt, "--format-out", ours, data],
        "veritysetup": [veritysetup, "format", "--no-superblock", "--salt", salt, data, theirs],
    })
    assert ours.read_bytes() == theirs.read_bytes(), "the trees differ"
    table.row(f"dm-verity tree of {VERITY_MIB} MiB", ms["ours"], "ms")
    table.row("  veritysetup", ms["veritysetup"], "ms")
    table.row("verity tree / veritysetup", ms["ours"] / ms["veritysetup"], "x", 0.6, f"{os.cpu_count()} processors")
    for p in (data, ours, theirs):
        p.unlink()


def measure(lab, table):
    table.section("measure", "nacre-measure beside other tools, in turn; medians")
    measure_snp(table)
    veritysetup = shutil.which("veritysetup", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if veritysetup:
        measure_verity(lab, table, veritysetup)
    else:
        table.skipped("verity tree / veritysetup", "veritysetup is not installed")
