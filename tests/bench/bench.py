#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench: measure against the budgets of the design. Ratios come from one run on one machine; sizes are bytes.

Nothing here passes or fails: a figure past its budget is printed as such.
"""

import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boot"))

from lab import BIN, BUILD, free_port, make_lab  # noqa: E402

BOOTS = 5
JOINS = 30


def row(what, value, budget="", met=None):
    verdict = "" if met is None else ("met" if met else "NOT MET")
    print(f"{what:<58} {value:>22}   {budget:<28} {verdict}", flush=True)


def sizes():
    print("\n-- sizes")
    guest = sorted((BUILD / "guest").iterdir())
    total = 0
    for p in guest:
        size = p.stat().st_size
        total += size
        row(f"guest/{p.name}", f"{size} B", "200 KB" if p.name == "init" else "", size <= 204800 if p.name == "init" else None)
    row("all guest programs", f"{total} B", "2 MB; a kata-agent: 30-34 MB", total <= 2 << 20)
    for kind in ("production", "dev"):
        for f in ("vmlinuz", "initrd"):
            row(f"image/{kind}/{f}", f"{(BUILD / 'image' / kind / f).stat().st_size} B")


def median_of(boots, key):
    return statistics.median(b[key] for b in boots)


def one_boot(lab, disk, options=()):
    port = free_port()
    policy = lab.policy(port, volumes=[lab.volume()], workload__argv=["/bin/probe", "sleep", "1"])
    result = lab.boot_policy(policy, port=port, disks=[f"data={disk}"], options=options)
    return result


def figures(result):
    """Stage times and the rest of what init says at nacre.log=info, in milliseconds and KiB."""
    out = {f"stage {n}": float(ms) for n, ms in re.findall(r"^nacre: stage (\w+) ([\d.]+) ms", result.console, re.M)}
    for key, value in re.findall(r"(\w+)=([\d.]+)", " ".join(re.findall(r"^nacre: figures (.*?)\r?$", result.console, re.M))):
        out[key] = float(value)
    return out


def boots(lab):
    print(f"\n-- boot under QEMU's emulation, q35, 128 MiB, 1 vCPU, median of {BOOTS}")
    disk = lab.path("bench.img")
    with open(disk, "wb") as f:
        f.truncate(64 << 20)
    first = one_boot(lab, disk)
    assert first.halt() == "supervise: exit: 0", first.console
    runs = [figures(one_boot(lab, disk)) for _ in range(BOOTS)]
    kernel = median_of(runs, "kernel_ms")
    row("kernel, its start to PID 1's first instruction", f"{kernel:.1f} ms")
    own = 0.0
    for name in [k for k in runs[0] if k.startswith("stage ")]:
        ms = median_of(runs, name)
        own += 0 if name in ("stage network", "stage attest") else ms
        row(name, f"{ms:.2f} ms")
    row("PID 1 to execve, network and attestation left out", f"{own:.1f} ms = {100 * own / kernel:.1f} %",
        "10 % of the kernel's time", own <= 0.1 * kernel)
    row("first boot's volume stage (format and mkfs)", f"{figures(first)['stage volumes']:.1f} ms")
    row("PID 1 resident", f"{median_of(runs, 'init_rss_kib'):.0f} KiB", "1.5 MB", median_of(runs, "init_rss_kib") <= 1536)
    row("used in the whole guest when the workload starts", f"{median_of(runs, 'guest_used_kib'):.0f} KiB")
    return disk


def smallest(lab, disk):
    print("\n-- smallest VM that boots the volume and the workload")
    low, high = 24, 128
    while high - low > 2:
        mid = (low + high) // 2
        ok = one_boot(lab, disk, ["--memory", str(mid)]).halt() == "supervise: exit: 0"
        low, high = (low, mid) if ok else (mid, high)
    row("smallest memory", f"{high} MiB", "64 MiB; Contrast 512", high <= 64)


# --- a join, measured outside a VM: agent and Coordinator on one machine over loopback

def message(kind, payload):
    return struct.pack("<HHI", kind, 0, len(payload)) + payload


class Psp:
    """softpsp on its socket, as the kernel's provider talks to it."""

    def __init__(self, lab, image, host_data):
        self.path = lab.path("psp.sock")
        args = [BIN / "softpsp", "--listen", self.path, "--state", lab.psp, "--firmware", BUILD / "firmware/OVMF.fd",
                "--kernel", image / "vmlinuz", "--initrd", image / "initrd", "--cmdline",
                (image / "cmdline").read_text(), "--vcpus", 1, "--host-data", host_data]
        self.process = subprocess.Popen([str(a) for a in args], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(str(self.path))
                break
            except OSError:
                time.sleep(0.05)

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


def join(psp, policy):
    """One agent from its start to the certificates; milliseconds, those spent in softpsp left out."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    start = time.monotonic()
    agent = subprocess.Popen([str(BUILD / "guest/agent")], preexec_fn=lambda: dup_to_3(theirs.fileno()), close_fds=False,
                             stdin=subprocess.DEVNULL)
    theirs.close()
    ours.send(message(1, struct.pack("<HQI", 1, 1767225600, len(policy)) + policy + struct.pack("<I", 0)))
    in_psp = 0.0
    while True:
        datagram = ours.recv(1 << 18)
        assert datagram, "the agent closed"
        kind = struct.unpack("<H", datagram[:2])[0]
        if kind == 2:
            before = time.monotonic()
            report, aux = psp.report(datagram[8:72])
            in_psp += time.monotonic() - before
            ours.send(message(3, struct.pack("<I", len(report)) + report + struct.pack("<I", len(aux)) + aux))
        elif kind == 4:
            took = time.monotonic() - start - in_psp
            agent.wait(10)
            return took * 1000
        else:
            raise AssertionError(f"the agent said {datagram[8:]!r}")


def dup_to_3(fd):
    import os
    os.dup2(fd, 3, inheritable=True)


def joins(lab):
    print(f"\n-- join over loopback, {JOINS} in a row")
    import json
    port = free_port()
    policy = lab.policy(port)
    policy["coordinator"]["address"] = f"127.0.0.1:{port}"
    i = lab.initdata(policy)
    with lab.coordinator(port, lab.manifest(i.host_data)):
        psp = Psp(lab, BUILD / "image/dev", i.host_data)
        times = [join(psp, json.dumps(policy).encode()) for _ in range(JOINS)]
        psp.process.terminate()
    row("join: agent's start to certificates", f"{statistics.median(times):.1f} ms", "30 ms",
        statistics.median(times) <= 30)
    row("  fastest, slowest", f"{min(times):.1f}, {max(times):.1f} ms")


def main():
    with tempfile.TemporaryDirectory() as d:
        lab = make_lab(d)
        sizes()
        disk = boots(lab)
        joins(lab)
        smallest(lab, disk)


if __name__ == "__main__":
    main()
