# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured inside VMs: the boot, the way to a volume, the memory."""

import re
import statistics
import subprocess
import time

from lab import BUILD, SCRIPTS, free_port, read_env, run

BOOTS = 5
MEMORY = (24, 96)  # MiB: between these the smallest VM is looked for
PATIENCE_S = 90  # a VM that has too little memory ends by itself; a busy machine is only slow
STEP = 2
DISK_MIB = 64
# The rest waits for the network: how long a stage takes there is not PID 1's doing.
NOT_OURS = ("network", "attest")


def empty_disk(lab):
    disk = lab.path("bench.img")
    with open(disk, "wb") as f:
        f.truncate(DISK_MIB << 20)
    return disk


def boot_probe(lab, disk, **kw):
    port = free_port()
    policy = lab.policy(port, volumes=[lab.volume()], workload__argv=["/bin/probe", "sleep", "1"])
    if "image" in kw:
        host_data = lab.initdata(policy).host_data
        kw["manifest"] = lab.manifest(host_data, TrustedMeasurement=lab.digest(kw["image"]))
    return lab.boot_policy(policy, port=port, disks=[f"data={disk}"], **kw)


def ended_well(result):
    return result.halt() == "supervise: exit: 0"


def good_probe(lab, disk, **kw):
    result = boot_probe(lab, disk, **kw)
    assert ended_well(result), result.console
    return result


def figures(result):
    """Stage times in milliseconds, and the other figures by the names that init gives them."""
    console = result.console
    out = {f"stage {n}": float(ms) for n, ms in re.findall(r"^nacre: stage (\w+) ([\d.]+) ms", console, re.M)}
    line = re.findall(r"^nacre: figures (.*?)\r?$", console, re.M)
    assert len(line) == 1, console
    out.update((k, float(v)) for k, v in re.findall(r"(\w+)=([\d.]+)", line[0]))
    return out


def boot(lab, table):
    table.section("boot", f"boot under emulation, q35, 128 MiB, 1 vCPU, a volume; medians of {BOOTS}")
    disk = empty_disk(lab)
    table.progress("first boot")
    first = figures(good_probe(lab, disk))
    runs = []
    for i in range(BOOTS):
        table.progress(f"boot {i + 1} of {BOOTS}")
        runs.append(figures(good_probe(lab, disk)))
    middle = {k: statistics.median(r[k] for r in runs) for k in runs[0]}
    own = [r["init_ms"] - sum(r[f"stage {n}"] for n in NOT_OURS) for r in runs]
    table.row("kernel: start of its clock to PID 1's first call", middle["kernel_ms"], "ms")
    for name in [k for k in middle if k.startswith("stage ")]:
        table.row(f"  {name}", middle[name], "ms")
    table.row("PID 1 to the workload's execve", middle["init_ms"], "ms")
    table.row("  without network and attest", statistics.median(own), "ms")
    ratios = [o / r["kernel_ms"] for o, r in zip(own, runs)]
    table.row("PID 1's own time / kernel's time", statistics.median(ratios), "x", 0.1, "network and attest left out")
    table.row("a blank volume: the same stage with LUKS2 and ext4 made", first["stage volumes"], "ms")
    table.row("PID 1 resident", int(middle["init_rss_kib"]), "KiB", 1536)
    table.row("used in the whole guest when the workload starts", int(middle["guest_used_kib"]), "KiB")


# --- the way to a volume

def unlock_image(lab):
    """The dev image with tests/bench/unlock.c in the place of init-volumes."""
    programs = lab.path("programs")
    programs.mkdir()
    run("cp", "-r", BUILD / "guest", BUILD / "guest-dev", programs)
    run("cp", BUILD / "bench/unlock", programs / "guest/init-volumes")
    image = lab.path("image")
    image.mkdir()
    run("cp", "-L", BUILD / "image/dev/vmlinuz", image / "vmlinuz")
    run("cp", BUILD / "image/dev/cmdline", image / "cmdline")
    run(SCRIPTS / "build-initrd", image / "initrd", programs, "dev")
    return image


def unlock(lab, table):
    table.section("unlock", "opening a volume in the guest, medians of 11 warm rounds in turn with plain dm-crypt")
    disk = empty_disk(lab)
    table.progress("making the volume")
    good_probe(lab, disk)
    table.progress("building the initrd with the stop watch")
    image = unlock_image(lab)
    table.progress("opening and closing")
    console = good_probe(lab, disk, image=image).console
    ms = {k: float(us) / 1000 for k, us in re.findall(r"(\w+)=(\d+)", re.findall(r"^bench: (.*)$", console, re.M)[0])}
    table.row("plain dm-crypt with a raw key, by libdevmapper alone", ms["plain"], "ms")
    table.row("our volume, from its serial to the checked device", ms["unlock"], "ms")
    for part, what in (("find", "disk by its serial"), ("keys", "keys derived"),
                       ("open", "header read, checked, rebuilt; opened by libcryptsetup"), ("check", "live tables")):
        table.row(f"  {what}", ms[part], "ms")
    table.row("ext4 mounted", ms["mount"], "ms")
    table.row("unlock / plain dm-crypt", ms["unlock"] / ms["plain"], "x", 2)
    table.row("  fastest round / fastest round", ms["fast_unlock"] / ms["fast_plain"], "x", note="less disturbed by the host")
    table.row("  with the mount", (ms["unlock"] + ms["mount"]) / ms["plain"], "x")
    table.row("  cold, the first round", ms["cold_unlock"] / ms["cold_plain"], "x", note="after plain dm-crypt's")


# --- the smallest VM

def smallest(table, what, low, works):
    """Above low, which is known to be too little."""
    high = MEMORY[1]
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        table.progress(f"{what}: {middle} MiB")
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def redis_policy(lab, port):
    env = read_env(BUILD / "workload/redis.env")
    policy = lab.policy(port, workload__argv=["/usr/bin/redis-server", "/etc/redis/redis.conf"], volumes=[lab.volume()],
                        workload__console="none", workload__hostname="redis",
                        workload__rlimits=[{"name": "nofile", "soft": 1024, "hard": 1024}])
    policy["image"].update(root_hash=env["ROOT_HASH"], salt=env["SALT"], data_blocks=int(env["DATA_BLOCKS"]),
                           hash_start_block=int(env["HASH_START_BLOCK"]))
    return policy


class RedisClient:
    """A value is written over TLS, read back, and the server told to end."""

    def __init__(self, ca, port):
        self.start = ["redis-cli", "--tls", "--cacert", str(ca), "-h", "127.0.0.1", "-p", str(port)]
        self.got = None

    def ask(self, *words):
        try:
            done = subprocess.run([*self.start, *words], capture_output=True, text=True, timeout=5, check=False)
        except subprocess.TimeoutExpired:  # the VM's port is forwarded before anybody listens there
            return ""
        return done.stdout.strip()

    def talk(self, run_dir):
        give_up = time.monotonic() + PATIENCE_S
        console = run_dir / "console.log"
        while self.ask("ping") != "PONG":
            said = console.read_text(errors="replace") if console.exists() else ""
            if re.search("nacre: halt|Kernel panic", said) or time.monotonic() > give_up:
                return
            time.sleep(0.1)
        self.ask("set", "key", "x" * 1000)
        self.got = self.ask("get", "key")
        self.ask("shutdown")


def redis_works(lab, mib):
    """The demo's first boot: blank disk, server, its client over TLS, clean end."""
    port = free_port()
    outside = free_port()
    i = lab.initdata(redis_policy(lab, port))
    with lab.coordinator(port, lab.manifest(i.host_data)) as c:
        client = RedisClient(c.ca / "mesh-ca.pem", outside)
        result = lab.boot([i.disk], i.host_data, talk=client.talk, disks=[f"data={empty_disk(lab)}"], timeout=PATIENCE_S,
                          rodisks=[f"image={BUILD}/workload/redis.img"],
                          options=["--forward", f"{outside}:6379", "--memory", str(mib)])
    return client.got == "x" * 1000 and ended_well(result)


def memory(lab, table):
    table.section("memory", f"smallest VM that boots, in steps of {STEP} MiB")
    disk = empty_disk(lab)
    good_probe(lab, disk)
    mib = smallest(table, "probe", MEMORY[0],
                   lambda m: ended_well(boot_probe(lab, disk, options=["--memory", str(m)], timeout=PATIENCE_S)))
    table.row("a small program with a volume", mib, "MiB", 64, "Contrast's default: 512")
    mib = smallest(table, "redis", mib - STEP, lambda m: redis_works(lab, m))
    table.row("the demo: blank disk, redis with TLS, a value kept", mib, "MiB", 64)
