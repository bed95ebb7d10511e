# SPDX-License-Identifier: GPL-2.0-or-later
"""Fresh evidence for the workload: asked for inside the VM, judged outside of it."""

import json
import re
import subprocess

import pytest

from lab import BIN

NONCE = bytes(range(32)).hex()
OTHER = "ff" * 32
DATA = bytes(range(64)).hex()
# What a test root cannot give, and what no test here is about.
ANY = "revocation,chip-id,csp-id,id-key,tcb,platform-info"


def ask(lab, port, policy, argv, **kw):
    policy["workload"]["argv"] = ["/bin/probe", "attest", *argv]
    result = lab.boot_policy(policy, port=port, **kw)
    return result, result.probe(), lab.initdata(policy).host_data


def judge(lab, reply, *options):
    path = lab.path("reply.bin")
    path.write_bytes(bytes.fromhex(reply))
    args = [BIN / "nacre-verify", "evidence", path, "--test-root", lab.psp / "ark.pem", "--json", *options]
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr


def expectations(lab, host_data, nonce=NONCE):
    return ["--nonce", nonce, "--measurement", lab.digest(), "--host-data", host_data, "--any", ANY]


def test_nonce(lab, port):
    result, seen, host_data = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["1", NONCE])
    assert seen.get("statuses") == "1,0,0", result.console
    reply = bytes.fromhex(seen["reply"])
    head = re.search(r"event log head ([0-9a-f]{96})", result.console).group(1)
    assert reply[4:52].hex() == head
    code, text = judge(lab, seen["reply"], *expectations(lab, host_data))
    assert code == 0, text
    # Another nonce, another VM, another event log, another key: each is seen.
    code, text = judge(lab, seen["reply"], *expectations(lab, host_data, OTHER))
    assert code == 1 and "report_data" in text.lower().replace(" ", "_").replace("-", "_"), text
    assert judge(lab, seen["reply"], *expectations(lab, "ab" * 32))[0] == 1
    for offset in (4, 60):
        changed = bytearray(reply)
        changed[offset] ^= 1
        assert judge(lab, changed.hex(), *expectations(lab, host_data))[0] != 0


def test_key_of_the_reply_is_the_certificates(lab, port):
    """The key in the reply is the one that the Coordinator issued the certificate for."""
    result, seen, _ = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["1", NONCE])
    reply = bytes.fromhex(seen["reply"])
    length = int.from_bytes(reply[52:54], "big")
    spki = reply[54:54 + length]
    assert length == 91 and spki[:2] == b"\x30\x59", result.console


def test_report_data_is_refused(lab, port):
    result, seen, _ = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["2", DATA])
    assert seen["statuses"] == "0,1,0" and seen["refused"] == "the policy allows nonces only", result.console


def test_report_data(lab, port):
    policy = lab.policy(port, workload__attestation="report-data")
    result, seen, host_data = ask(lab, port, policy, ["2", DATA])
    assert seen["statuses"] == "1,0,0", result.console
    reply = bytes.fromhex(seen["reply"])
    assert reply[4:54] == bytes(50), "a key or a head that the report does not bind"
    code, text = judge(lab, seen["reply"], "--report-data", DATA, "--measurement", lab.digest(), "--host-data", host_data,
                       "--any", ANY)
    assert code == 0, text


def test_alone(lab, port):
    """Without a Coordinator: no certificate, but evidence."""
    policy = lab.policy(port, workload__attestation="nonce")
    del policy["coordinator"]
    result, seen, host_data = ask(lab, port, policy, ["1", NONCE], coordinator=False)
    assert seen["statuses"] == "1,0,0", result.console
    reply = bytes.fromhex(seen["reply"])
    assert reply[52:54] == b"\0\0"
    assert judge(lab, seen["reply"], *expectations(lab, host_data))[0] == 0


@pytest.mark.parametrize("attestation", [None, "none"])
def test_no_socket(lab, port, attestation):
    policy = lab.policy(port)
    if attestation:
        policy["workload"]["attestation"] = attestation
    result, seen, _ = ask(lab, port, policy, ["1", NONCE])
    assert seen["connect"] == "ENOENT", result.console


@pytest.mark.parametrize("uid, seen", [(1000, "statuses"), (2000, "connect")])
def test_another_user(lab, port, uid, seen):
    """A process of the workload that has become another user does not reach the socket."""
    policy = lab.policy(port, workload__attestation="nonce", workload__capabilities=["CAP_SETUID"],
                        workload__argv=["/bin/probe", "attest-as", str(uid), "1", NONCE])
    result = lab.boot_policy(policy, port=port)
    found = result.probe()
    assert found["uid"] == str(uid) and found.get(seen) in ("1,0,0", "EACCES"), result.console


def test_rate_limit(lab, port):
    result, seen, _ = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["1", NONCE, "40"])
    ok, refused, busy = (int(n) for n in seen["statuses"].split(","))
    assert refused == 0 and ok + busy == 40, result.console
    assert ok >= 8 and busy >= 1 and seen["busy"] == "too many requests"


def test_garbage_is_refused(lab, port):
    result, seen, _ = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["9", NONCE])
    assert seen["statuses"] == "0,1,0" and "kind of request 9" in seen["refused"], result.console


def test_no_report_is_busy(lab, port):
    """A secure processor that stops: the workload is told, and goes on."""
    policy = lab.policy(port, workload__attestation="nonce")
    result, seen, _ = ask(lab, port, policy, ["1", NONCE], psp=["--refuse-from", "3"])
    assert seen["statuses"] == "0,0,1" and seen["busy"] == "there is no report just now", result.console
    assert result.halt() == "supervise: exit: 0"
    assert "nacre: no report: " in result.console


def test_json_of_a_reply_names_the_head(lab, port):
    result, seen, host_data = ask(lab, port, lab.policy(port, workload__attestation="nonce"), ["1", NONCE])
    code, text = judge(lab, seen["reply"], *expectations(lab, host_data))
    assert code == 0 and isinstance(json.loads(text), dict), text
