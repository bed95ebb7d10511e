# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot that must work: what the workload sees, its exit status, its volume, its certificate."""

import re
import signal
import struct
import time

import pytest

from lab import BUILD, SCRIPTS, TOP, run, read_env

STAGES = ["console", "earlyfs", "cmdline", "entropy", "platform", "initdata", "policy", "measure", "network",
          "attest", "volumes", "image", "workload"]


def empty_disk(lab, mib=64):
    out = lab.path("data.img")
    with open(out, "wb") as f:
        f.truncate(mib << 20)
    return out


def test_stages_in_order_and_clean_end(lab, port):
    result = lab.boot_policy(lab.policy(port), port=port)
    assert result.status == 0
    assert re.findall(r"^nacre: stage (\w+) [\d.]+ ms\r?$", result.console, re.M) == STAGES
    assert result.halt() == "supervise: exit: 0"
    assert result.reason["stage"] == "supervise" and result.reason["exit"] == 0


@pytest.mark.parametrize("protocol", [None, "nacre/1", "contrast"])
def test_both_dialects(lab, port, protocol):
    """nacre/1 is what no key means; it binds the head of the event log that the console shows."""
    policy = lab.policy(port)
    if protocol:
        policy["coordinator"]["protocol"] = protocol
    i = lab.initdata(policy)
    with lab.coordinator(port, lab.manifest(i.host_data)) as c:
        result = lab.boot([i.disk], i.host_data)
        log = c.log()
    assert result.halt() == "supervise: exit: 0", result.console
    assert f" protocol={protocol or 'nacre/1'} " in log
    if protocol != "contrast":
        head = re.search(r"event log head ([0-9a-f]{96})", result.console)
        assert head and f" events={head.group(1)} " in log


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_both_machines(lab, port, machine):
    policy = lab.policy(port)
    append = "tsc_early_khz=2600000" if machine == "microvm" else ""
    manifest = lab.manifest(lab.initdata(policy).host_data, TrustedMeasurement=lab.digest(append=append))
    result = lab.boot_policy(policy, port=port, manifest=manifest, options=["--machine", machine])
    assert result.halt() == "supervise: exit: 0", result.console


def test_two_vcpus_are_another_measurement(lab, port):
    policy = lab.policy(port)
    manifest = lab.manifest(lab.initdata(policy).host_data, TrustedMeasurement=lab.digest(vcpus=2))
    result = lab.boot_policy(policy, port=port, manifest=manifest, options=["--vcpus", "2"])
    assert result.halt() == "supervise: exit: 0", result.console
    assert lab.digest(vcpus=2) != lab.digest()


def test_the_workload_is_confined(lab, port):
    seen = lab.boot_policy(lab.policy(port), port=port).probe()
    assert seen["uid"] == "1000" and seen["gid"] == "1000" and seen["groups"] == ""
    assert seen["no_new_privs"] == "1"
    assert seen["seccomp"] == "2"
    for caps in ("cap_inh", "cap_prm", "cap_eff", "cap_bnd", "cap_amb"):
        assert int(seen[caps], 16) == 0, (caps, seen[caps])
    assert seen["pid"] == "1"
    assert seen["hostname"] == "probe"
    assert seen["env"] == "A=1"
    assert seen["nofile"] == "64:64"
    assert seen["root_writable"] == "no"
    assert seen["fds"] == "0,1,2"


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_exit_status_reaches_the_host(lab, port, status):
    result = lab.boot_policy(lab.policy(port, workload__argv=["/bin/probe", "exit", str(status)]), port=port)
    assert result.halt() == f"supervise: exit: {status}"
    assert result.reason["exit"] == status


def test_console_none_keeps_the_workloads_words(lab, port):
    result = lab.boot_policy(lab.policy(port, workload__console="none"), port=port)
    assert result.halt() == "supervise: exit: 0"
    assert "probe=" not in result.console


def test_only_listed_capabilities(lab, port):
    seen = lab.boot_policy(lab.policy(port, workload__capabilities=["CAP_NET_BIND_SERVICE"]), port=port).probe()
    for caps in ("cap_inh", "cap_prm", "cap_eff", "cap_bnd", "cap_amb"):
        assert int(seen[caps], 16) == 1 << 10, (caps, seen[caps])


def test_forbidden_system_calls(lab, port):
    seen = lab.boot_policy(lab.policy(port, workload__argv=["/bin/probe", "syscalls"]), port=port).probe()
    calls = {k: v for k, v in seen.items() if k.startswith("call_")}
    assert len(calls) >= 20, seen
    other = {
        "call_clone3": "ENOSYS",
        "call_x32": f"signal {int(signal.SIGSYS)}",  # killed by the filter
        "call_i386": f"signal {int(signal.SIGSEGV)}",  # the kernel has no int 0x80
    }
    for name, result in calls.items():
        assert result == other.get(name, "EPERM"), (name, result)


def test_secrets_have_contrasts_names_and_modes(lab, port):
    seen = lab.boot_policy(lab.policy(port, workload__argv=["/bin/probe", "secrets"]), port=port).probe()
    assert seen["mesh_ca_pem"] == "0444" and seen["certChain_pem"] == "0444"
    assert seen["coordinator_root_ca_pem"] == "0444"
    assert seen["key_pem"] == "0400" and seen["workload_secret_seed"] == "0400:128"
    assert seen["contrast_writable"] == "no"


# --- volumes

def file_policy(lab, port, verb, **volume):
    return lab.policy(port, volumes=[lab.volume(**volume)], workload__argv=["/bin/probe", verb, "/state/value",
                                                                           "nacre-marks-this"])


def test_volume_keeps_its_data_and_hides_it(lab, port):
    disk = empty_disk(lab)
    wrote = lab.boot_policy(file_policy(lab, port, "write"), port=port, disks=[f"data={disk}"])
    assert wrote.halt() == "supervise: exit: 0", wrote.console
    read = lab.boot_policy(file_policy(lab, port, "read"), port=port, disks=[f"data={disk}"])
    assert read.probe()["content"] == "nacre-marks-this", read.console
    assert b"nacre-marks-this" not in disk.read_bytes()


def test_large_volume_has_a_small_journal(lab, port):
    """The guest's kernel keeps the whole journal in memory; left alone it would make one of 2 MiB here."""
    disk = empty_disk(lab, mib=256)
    result = lab.boot_policy(file_policy(lab, port, "write"), port=port, disks=[f"data={disk}"])
    assert result.halt() == "supervise: exit: 0", result.console
    read = lab.boot_policy(file_policy(lab, port, "read"), port=port, disks=[f"data={disk}"])
    assert read.probe()["content"] == "nacre-marks-this", read.console
    with open(disk, "rb") as f:
        f.seek(16 << 20)
        magic, _, tag_size, sections = struct.unpack("<8sHHI", f.read(16))
    assert magic == b"integrt\0" and tag_size == 32
    assert 0 < sections <= 7  # of 146 KiB each


def test_volume_not_formatted_without_leave(lab, port):
    disk = empty_disk(lab)
    policy = file_policy(lab, port, "write", format_if_blank=False)
    lab.boot_policy(policy, port=port, disks=[f"data={disk}"]).refused("volumes", "denied", "data")
    assert not any(disk.read_bytes())


def test_volume_not_blank(lab, port):
    disk = empty_disk(lab)
    with open(disk, "r+b") as f:
        f.seek(5 << 20)
        f.write(b"somebody's data")
    before = disk.read_bytes()
    lab.boot_policy(file_policy(lab, port, "write"), port=port, disks=[f"data={disk}"]).refused(
        "volumes", "denied", "not blank")
    assert disk.read_bytes() == before


def test_volume_of_another_workload(lab, port):
    """Another workload secret: the volume stays shut and stays as it was."""
    disk = empty_disk(lab)
    assert lab.boot_policy(file_policy(lab, port, "write"), port=port, disks=[f"data={disk}"]).status == 0
    before = disk.read_bytes()
    policy = file_policy(lab, port, "read")
    host_data = lab.initdata(policy).host_data
    manifest = lab.manifest(host_data)
    manifest.write_text(manifest.read_text().replace("tests/probe", "tests/other"))
    lab.boot_policy(policy, port=port, manifest=manifest, disks=[f"data={disk}"]).refused("volumes", "denied", "data")
    assert disk.read_bytes() == before


VARIANTS = run("python3", TOP / "tests/boot/luks_forge.py", "--list").stdout.split()


@pytest.fixture(scope="session")
def formatted(lab):
    """A volume that a guest formatted: (disk image, its Coordinator's port in the policy)."""
    from lab import free_port
    port = free_port()
    disk = empty_disk(lab)
    result = lab.boot_policy(file_policy(lab, port, "write"), port=port, disks=[f"data={disk}"])
    assert result.halt() == "supervise: exit: 0", result.console
    return disk


@pytest.mark.parametrize("variant", VARIANTS)
def test_forged_header(lab, port, formatted, variant):
    disk = lab.path("forged.img")
    run("cp", "--sparse=always", formatted, disk)
    run("python3", TOP / "tests/boot/luks_forge.py", disk, "--variant", variant)
    result = lab.boot_policy(file_policy(lab, port, "read"), port=port, disks=[f"data={disk}"])
    result.refused("volumes", result.reason["code"], "data")
    assert "content=" not in result.console


# --- helpers

KILLS = [("agent", "attest"), ("init-volumes", "volumes"), ("init-volumes", "image"), ("init-launch", "workload")]


@pytest.mark.parametrize("program, stage", KILLS, ids=[k[1] for k in KILLS])
def test_helper_killed(lab, port, tmp_path, program, stage):
    """The helper dies by a signal as soon as it has its job: the boot ends at its stage."""
    image = killed_image(tmp_path, program)
    # Without a volume the first job of init-volumes is the image.
    policy = lab.policy(port, volumes=[] if stage == "image" else [lab.volume()])
    manifest = lab.manifest(lab.initdata(policy).host_data, TrustedMeasurement=lab.digest(image))
    result = lab.boot_policy(policy, port=port, manifest=manifest, image=image,
                             disks=[f"data={empty_disk(lab)}"])
    result.refused(stage, "helper", "SIGILL")


def killed_image(tmp_path, program):
    """The dev image with one helper replaced by tests/boot/killed.c."""
    programs = tmp_path / "programs"
    programs.mkdir()
    run("cp", "-r", BUILD / "guest", BUILD / "guest-dev", programs)
    folder = "guest-dev" if program == "agent" else "guest"
    run("musl-gcc", "-static", "-Os", "-o", programs / folder / program, TOP / "tests/boot/killed.c")
    image = tmp_path / "image"
    image.mkdir()
    run("cp", "-L", BUILD / "image/dev/vmlinuz", image / "vmlinuz")
    run("cp", BUILD / "image/dev/cmdline", image / "cmdline")
    run(SCRIPTS / "build-initrd", image / "initrd", programs, "dev")
    return image


# --- the demo's server, by its own client

def test_redis_over_tls_by_its_own_client(lab, port):
    from lab import free_port
    import subprocess
    outside = free_port()
    env = read_env(BUILD / "workload/redis.env")
    policy = lab.policy(port, workload__argv=["/usr/bin/redis-server", "/etc/redis/redis.conf"],
                        volumes=[lab.volume()], workload__console="none",
                        workload__rlimits=[{"name": "nofile", "soft": 1024, "hard": 1024}])
    policy["image"].update(root_hash=env["ROOT_HASH"], salt=env["SALT"], data_blocks=int(env["DATA_BLOCKS"]),
                           hash_start_block=int(env["HASH_START_BLOCK"]))
    i = lab.initdata(policy)
    replies = {}
    with lab.coordinator(port, lab.manifest(i.host_data)) as c:
        def cli(ca, *words):
            done = subprocess.run(["redis-cli", "--tls", "--cacert", str(ca), "-h", "127.0.0.1", "-p", str(outside),
                                   *words], capture_output=True, text=True, timeout=20)
            return (done.stdout + done.stderr).strip()

        def talk(run_dir):
            for _ in range(300):
                if cli(c.ca / "mesh-ca.pem", "ping") == "PONG":
                    break
                time.sleep(0.2)
            replies["set"] = cli(c.ca / "mesh-ca.pem", "set", "k", "v")
            replies["get"] = cli(c.ca / "mesh-ca.pem", "get", "k")
            replies["root"] = cli(c.ca / "coordinator-root-ca.pem", "get", "k")
            replies["other"] = cli(lab.psp / "ark.pem", "get", "k")
            cli(c.ca / "mesh-ca.pem", "shutdown")

        result = lab.boot([i.disk], i.host_data, talk=talk, disks=[f"data={empty_disk(lab)}"],
                          rodisks=[f"image={BUILD}/workload/redis.img"],
                          options=["--forward", f"{outside}:6379"])
    assert replies["set"] == "OK" and replies["get"] == "v", (replies, result.console)
    assert "certificate verify failed" in replies["other"]
    assert result.halt() == "supervise: exit: 0", result.console
