# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent after the join: renewals, what ends the VM, and clocks that are wrong."""

import re
import shutil
import subprocess
import time

import pytest

from lab import BIN, run

LIFE = 20  # seconds, of a certificate


def serial(pem_hex):
    text = subprocess.run(["openssl", "x509", "-noout", "-serial", "-pubkey", "-enddate"], input=bytes.fromhex(pem_hex),
                          capture_output=True, check=True).stdout.decode()
    return text


def short_lived(lab, port, policy, **kw):
    i = lab.initdata(policy)
    return i, lab.coordinator(port, lab.manifest(i.host_data), more=["--certificate-life", str(LIFE)], **kw)


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_renewal(lab, port, protocol):
    """The workload gets the signal, and a certificate for another key; who had the folder open keeps the old one."""
    policy = lab.policy(port, coordinator__protocol=protocol, workload__reload_signal="SIGHUP",
                        workload__argv=["/bin/probe", "renewal", "40"])
    i, coordinator = short_lived(lab, port, policy)
    with coordinator as c:
        result = lab.boot([i.disk], i.host_data)
        log = c.log()
    seen = result.probe()
    assert seen.get("signal") == "1", result.console
    assert result.halt() == "supervise: exit: 0"
    assert "nacre: certificate renewed" in result.console
    first, second = serial(seen["first_chain"]), serial(seen["second_chain"])
    assert first != second
    assert first.split("-----BEGIN")[1] != second.split("-----BEGIN")[1], "the same key"
    assert seen["kept_chain"] == seen["first_chain"]
    assert int(seen["second_key_size"]) > 0 and int(seen["kept_key_size"]) > 0
    for when in ("first", "second"):
        assert seen[f"{when}_chain_mode"] == "0444:1000"
    assert seen["contrast_writable"] == "no"
    assert len(re.findall(r" joined ", log)) >= 2, log


def test_no_signal_unless_the_policy_names_one(lab, port):
    policy = lab.policy(port, workload__argv=["/bin/probe", "renewal", "18"])
    i, coordinator = short_lived(lab, port, policy)
    with coordinator:
        result = lab.boot([i.disk], i.host_data)
    seen = result.probe()
    assert seen["signal"] == "-1" and result.halt() == "supervise: exit: 1", result.console
    assert seen["first_chain"] != seen["second_chain"]


def test_end_of_the_certificate_is_the_end(lab, port):
    """The Coordinator goes away after the join: the VM tries until its certificate ends, and then ends."""
    policy = lab.policy(port, workload__argv=["/bin/probe", "sleep", "90000"])
    i, coordinator = short_lived(lab, port, policy)
    with coordinator as c:
        def leave(run_dir):
            for _ in range(300):
                if "nacre: stage workload" in (run_dir / "console.log").read_text(errors="replace"):
                    break
                time.sleep(0.1)
            c.process.terminate()
        result = lab.boot([i.disk], i.host_data, talk=lambda d: (time.sleep(1), leave(d)))
    assert result.status == 0
    assert re.fullmatch(r"attest: timeout: agent: the certificate ended at 20\S+Z: coordinator 10\.0\.2\.2:\d+: .+",
                        result.halt()), result.console
    assert result.reason["stage"] == "attest" and result.reason["code"] == "timeout"
    assert LIFE - 5 <= result.seconds <= LIFE + 60


def test_refused_renewal_is_the_end_too(lab, port):
    """The Coordinator comes back with a manifest that no longer has this guest."""
    policy = lab.policy(port, workload__argv=["/bin/probe", "sleep", "90000"])
    state = lab.path("coordinator-state")
    pin = run(BIN / "nacre-coordinator", "init", "--state", state).stdout.split()[-1]
    policy["coordinator"]["root_ca_key_sha256"] = pin
    other = lab.path("other-state")
    shutil.copytree(state, other)
    i, coordinator = short_lived(lab, port, policy, state=state)
    second = lab.coordinator(port, lab.manifest("cd" * 32), state=other)
    with coordinator as c:
        def replace(run_dir):
            time.sleep(1)
            for _ in range(300):
                if "nacre: stage workload" in (run_dir / "console.log").read_text(errors="replace"):
                    break
                time.sleep(0.1)
            c.process.terminate()
            c.process.wait(10)
            second.__enter__()
        try:
            result = lab.boot([i.disk], i.host_data, talk=replace)
        finally:
            second.__exit__()
    assert result.halt().startswith("attest: timeout: agent: the certificate ended at "), result.console
    assert "host data" in result.halt()


# --- clocks

@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_host_clock_in_the_past(lab, port, protocol):
    """Nothing is accepted, and nothing made, with a date before the floor; and no earlier certificate gets in."""
    policy = lab.policy(port, coordinator__protocol=protocol)
    result = lab.boot_policy(policy, port=port, options=["--rtc", "2019-06-01T00:00:00"])
    result.refused("attest", "denied", "2026-01-01T00:00")


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_host_clock_in_the_far_future(lab, port, protocol):
    policy = lab.policy(port, coordinator__protocol=protocol)
    result = lab.boot_policy(policy, port=port, options=["--rtc", "2090-06-01T00:00:00"])
    result.refused("attest", "denied", "2090-06-01T00:00")


def test_the_floor_is_the_workloads_too(lab, port):
    """Without a Coordinator nobody refuses the past: the clock stands at the floor all the same."""
    policy = lab.policy(port, workload__argv=["/bin/probe", "date"])
    del policy["coordinator"]
    result = lab.boot_policy(policy, coordinator=False, options=["--rtc", "2019-06-01T00:00:00"])
    assert 1767225600 <= int(result.probe()["date"]) < 1767225600 + 600, result.console
