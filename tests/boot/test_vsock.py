# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole boot whose join goes over vsock.

A host without vhost-vsock cannot give a guest a vsock device, but a guest of the dev kernel has a loopback (context id 1).
So the Coordinator runs inside the guest, beside the image's own PID 1: its program, libraries and state come on a disk.
"""

import re
import shutil

import pytest

from lab import BIN, BUILD, TOP, run

PORT = 7777


def cpio(name, content):
    """A newc archive with one program."""
    archive = b""
    for path, mode, data in ((name, 0o100755, content), ("TRAILER!!!", 0, b"")):
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + path.encode() + b"\0"
        archive += header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)
    return archive


@pytest.fixture(name="image", scope="module")
def build_image(tmp_path_factory):
    """The dev image with one more program in front of its initrd."""
    image = tmp_path_factory.mktemp("image")
    run("musl-gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-static", "-Os", "-s",
        "-o", image / "init.lab", TOP / "tests/boot/vsock_lab.c")
    for name in ("vmlinuz", "cmdline"):
        shutil.copy(BUILD / "image/dev" / name, image / name)
    (image / "initrd").write_bytes(cpio("init.lab", (image / "init.lab").read_bytes())
                                   + (BUILD / "image/dev/initrd").read_bytes())
    return image


def coordinator_disk(lab, manifest):
    """An erofs with the Coordinator, the libraries it needs, its state and its arguments."""
    root = lab.path("coordinator-root")
    for name in ("bin", "seed", "state"):
        (root / name).mkdir(parents=True)
    program = root / "bin/nacre-coordinator"
    run("strip", "-o", program, BIN / "nacre-coordinator")
    for library in re.findall(r"(/\S+) \(0x", run("ldd", program).stdout):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
    for file in lab.coordinator_state.iterdir():
        shutil.copy(file, root / "seed" / file.name)
    shutil.copy(manifest, root / "manifest.json")
    shutil.copy(lab.psp / "ark.pem", root / "ark.pem")
    (root / "args").write_text("\n".join(["/bin/nacre-coordinator", "run", "--state", "/state", "--manifest",
                                          "/manifest.json", "--listen", f"vsock:{PORT}", "--user-listen", "none",
                                          "--http-listen", "none", "--metrics-listen", "none", "--no-tee",
                                          "--collateral", "none", "--test-root", "/ark.pem"]) + "\n")
    disk = lab.path("coordinator.img")
    run("mkfs.erofs", "--quiet", disk, root)
    return disk


def boot(lab, image, policy, digest=None):
    i = lab.initdata(policy)
    manifest = lab.manifest(i.host_data, TrustedMeasurement=digest or lab.digest(image, append="rdinit=/init.lab"))
    return lab.boot([i.disk], i.host_data, image=image, options=["--append", "rdinit=/init.lab", "--no-net"],
                    rodisks=[f"image={BUILD}/workload/probe.img", f"lab={coordinator_disk(lab, manifest)}"])


def vsock_policy(lab, protocol, port=PORT):
    return lab.policy(port, network=[], coordinator__address=f"vsock:1:{port}", coordinator__protocol=protocol,
                      workload__argv=["/bin/probe", "secrets"])


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_joins_over_vsock(lab, image, protocol):
    """TLS, evidence, certificate and workload secret; the machine has no network device at all."""
    result = boot(lab, image, vsock_policy(lab, protocol))
    assert result.halt() == "supervise: exit: 0", result.console
    assert re.search(rf"vsock:1:\d+ joined .*protocol={re.escape(protocol)} ", result.console), result.console
    assert "nacre: stage attest" in result.console and "probe=secrets" in result.console


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_refused_over_vsock(lab, image, protocol):
    result = boot(lab, image, vsock_policy(lab, protocol), digest="ab" * 48)
    result.refused("attest", "denied", "measurement")
