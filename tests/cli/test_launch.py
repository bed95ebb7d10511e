# SPDX-License-Identifier: GPL-2.0-or-later
"""The real init-launch with the tests' probe as workload, in namespaces of this machine.

Needs root (mounts, user switch). The boot tests run the same steps inside a guest, where nobody needs it.
"""
import copy
import json
import os
import pathlib
import socket
import struct
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
LAUNCH = TOP / os.environ.get("NACRE_BUILD", "build") / "guest/init-launch"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it mounts and changes user")

POLICY = {
    "version": 1,
    "platforms": ["snp"],
    "image": {
        "device": "image", "filesystem": "erofs", "hash": "sha256", "root_hash": "00" * 32, "salt": "",
        "data_block_size": 4096, "hash_block_size": 4096, "data_blocks": 16, "hash_start_block": 16,
    },
    "workload": {
        "argv": ["/bin/probe", "report"], "env": ["A=1", "B=two"], "cwd": "/bin", "hostname": "inside",
        "uid": 1000, "gid": 1001, "groups": [7], "capabilities": ["CAP_NET_BIND_SERVICE"],
        "rlimits": [{"name": "nofile", "soft": 64, "hard": 128}], "seccomp": {"profile": "default"},
        "tmpfs": [{"path": "/tmp", "size_bytes": 1048576}], "masked_paths": ["/secret", "/hidden"],
        "readonly_paths": ["/state/fixed"], "console": "host",
    },
    "volumes": [
        {"name": "data", "device": "data", "mount": "/state", "filesystem": "ext4", "format_if_blank": True},
    ],
    "network": [{"link": "eth0", "address": "10.0.2.15/24", "gateway": "10.0.2.2"}],
    "coordinator": {
        "address": "10.0.2.2:7777", "root_ca_key_sha256": "00" * 32, "deadline_ms": 1000, "retry_ms": 100,
        "retry_max_ms": 100,
    },
}

# What PID 1 has prepared by then: image, volume, certificates, cgroup2.
PREPARE = """
set -e
mount -t tmpfs run /run
mkdir -p /run/nacre/image /run/nacre/volumes/data /run/nacre/contrast
mount --bind "$1" /run/nacre/image
mount -t tmpfs -o nosuid,nodev,noexec data /run/nacre/volumes/data
mkdir /run/nacre/volumes/data/fixed
chown -R 1000:1001 /run/nacre/volumes/data
mount -t tmpfs -o mode=0500,uid=1000 contrast /run/nacre/contrast
echo pem >/run/nacre/contrast/mesh-ca.pem
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec unshare --pid --fork --kill-child "$2"
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    root = tmp_path_factory.mktemp("image")
    root.chmod(0o755)
    for name in "bin", "proc", "dev", "tmp", "state", "contrast", "hidden", "empty":
        (root / name).mkdir()
    (root / "secret").write_text("must not be read\n")
    (root / "hidden" / "file").write_text("must not be seen\n")
    (root / "link").symlink_to("tmp")
    subprocess.run(["musl-gcc", "-static", "-O1", "-D_GNU_SOURCE", "-isystem", TOP / "build/deps/musl/include",
                    "-o", root / "bin" / "probe", *sorted((TOP / "tests/probe").glob("*.c"))], check=True)
    return root


def launch(image, policy):
    """Run init-launch; returns its messages, the workload's key=value lines and the exit status."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    text = json.dumps(policy).encode()
    payload = struct.pack("<HQ48xI", 4, 0, len(text)) + text + struct.pack("<I", 0)
    ours.sendall(struct.pack("<HHI", 1, 0, len(payload)) + payload)

    def pass_socket():
        os.dup2(theirs.fileno(), 3, inheritable=True)

    # descriptor 9 stands for one that somebody forgot: it must not reach the workload
    child = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", PREPARE, "prepare", image, LAUNCH],
        preexec_fn=pass_socket, close_fds=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    theirs.close()
    output, _ = child.communicate(timeout=60)
    messages = []
    while message := ours.recv(65536):
        kind, _, length = struct.unpack_from("<HHI", message)
        messages.append((kind, message[8:8 + length]))
    ours.close()
    report = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    return messages, report, child.returncode, output


def failure(image, policy):
    messages, report, status, output = launch(image, policy)
    assert "probe" not in report, output
    assert status == 127, output
    assert [kind for kind, _ in messages] == [6]
    _, number = struct.unpack_from("<HI", messages[0][1])
    return messages[0][1][6:].decode(), number


@pytest.fixture(scope="module")
def report(image):
    messages, report, status, output = launch(image, POLICY)
    assert messages == []
    assert status == 0, output
    return report


def test_identity(report):
    assert (report["uid"], report["gid"], report["groups"]) == ("1000", "1001", "7")
    bind = f"{1 << 10:016x}"
    assert {report[f"cap_{name}"] for name in ("prm", "eff", "inh", "amb", "bnd")} == {bind}
    assert report["no_new_privs"] == "1"
    assert report["seccomp"] == "2"


def test_process(report):
    assert report["pid"] == "1"
    assert report["hostname"] == "inside"
    assert report["cwd"] == "/bin"
    assert report["env"] == "A=1,B=two"
    assert report["nofile"] == "64:128"
    assert report["fds"] == "0,1,2"


def test_root(report):
    mounts = {}
    for mount in report["mounts"].rstrip(";").split(";"):
        path, kind, options = mount.split(":")
        mounts[path] = (kind, options.split(","))
    assert {"ro", "nosuid", "nodev"} <= set(mounts["/"][1])
    assert {"nosuid", "nodev"} <= set(mounts["/state"][1])
    assert "ro" not in mounts["/state"][1]
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(mounts["/contrast"][1])
    assert {"ro", "nosuid", "noexec"} <= set(mounts["/dev"][1])
    assert "ro" in mounts["/state/fixed"][1]
    assert "ro" in mounts["/hidden"][1] and mounts["/hidden"][0] == "tmpfs"
    assert "/secret" in mounts
    assert not [path for path in mounts if path.startswith(("/run", "/sys"))]
    assert report["proc_sys_writable"] == "no"


@pytest.mark.parametrize("change, text", [
    ({"tmpfs": [{"path": "/missing", "size_bytes": 4096}]}, "root: tmpfs: /missing: not in the image"),
    ({"tmpfs": [{"path": "/link/sub", "size_bytes": 4096}]}, "root: tmpfs: /link/sub: a symbolic link is on the way"),
    ({"masked_paths": ["/nowhere"]}, "root: policy path: /nowhere: not in the image"),
    ({"readonly_paths": ["/nowhere"]}, "root: policy path: /nowhere: not in the image"),
    ({"argv": ["/bin/none"]}, "identity: argv[0] /bin/none"),
    ({"argv": ["/secret"]}, "identity: argv[0] /secret"),
    ({"cwd": "/none"}, "identity: cwd /none"),
    ({"seccomp": {"oci": {"defaultAction": "SCMP_ACT_ERRNO",
                          "syscalls": [{"names": ["read", "opne"], "action": "SCMP_ACT_ALLOW"}]}}},
     "filter: seccomp: opne: no such system call"),
    ({"seccomp": {"oci": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO",
         "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_GT"}, {"index": 1, "value": 9, "op": "SCMP_CMP_LT"}]}]}}},
     "filter: seccomp: ioctl: argument 1 is compared twice in one row"),
])
def test_refused(image, change, text):
    policy = copy.deepcopy(POLICY)
    policy["workload"].update(change)
    assert failure(image, policy)[0] == text


def test_missing_mount_point_of_volume(image):
    policy = copy.deepcopy(POLICY)
    policy["volumes"][0]["mount"] = "/srv"
    policy["workload"]["readonly_paths"] = []
    assert failure(image, policy)[0] == "root: volume data: /srv: not in the image"


def test_kernel_paths_may_be_absent(image):
    policy = copy.deepcopy(POLICY)
    policy["workload"]["masked_paths"] = ["/proc/no-such-file", "/sys/firmware"]
    messages, report, status, output = launch(image, policy)
    assert (messages, status) == ([], 0), output


def test_root_user_without_capabilities(image):
    policy = copy.deepcopy(POLICY)
    policy["workload"].update({"uid": 0, "gid": 0, "capabilities": []})
    messages, report, status, output = launch(image, policy)
    assert (messages, status) == ([], 0), output
    assert report["uid"] == "0"
    assert report["cap_eff"] == report["cap_bnd"] == report["cap_amb"] == "0" * 16


def test_forbidden_calls(image):
    policy = copy.deepcopy(POLICY)
    policy["workload"]["argv"] = ["/bin/probe", "syscalls"]
    messages, report, status, output = launch(image, policy)
    assert (messages, status) == ([], 0), output
    calls = {key[5:]: value for key, value in report.items() if key.startswith("call_")}
    assert calls.pop("clone3") == "ENOSYS"
    assert {calls.pop(name) for name in ("x32", "i386")} == {"signal 31"}
    assert set(calls.values()) == {"EPERM"}, calls
