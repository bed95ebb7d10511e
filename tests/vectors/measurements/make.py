#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make.py: measurements.json files in the canonical form, written without our code. The digests are made up: each is
the hash of what it stands for."""
import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).parent


def h(text, bits=384):
    return hashlib.new(f"sha{bits}", text.encode()).hexdigest()


def file(name, size):
    return {"name": name, "sha256": h(name, 256), "sha384": h(name), "size": size}


def cpu(name, sig):
    return {"launch_digests": {str(n): h(f"{name} {n}") for n in range(1, 221)}, "vcpu_sig": sig, "vcpu_type": name}


def image(*cpus):
    return {"cmdline": 'console=ttyS0 quiet note="a\\b"',
            "files": {"firmware": file("OVMF.fd", 4194304), "initrd": file("initrd", 0),
                      "kernel": file("vmlinuz", 9007199254740991)},
            "snp": {"cpus": list(cpus), "firmware_digest": h("firmware"), "guest_features": "0x1"}}


def tdx():
    return {"mrtd_single_pass": h("single"), "mrtd_two_pass": h("two"), "rtmr1": h("rtmr1"), "rtmr2": h("rtmr2")}


def host_data(name):
    return {"name": name, "snp_host_data": h(name, 256), "tdx_mrconfigid": h(name, 256) + "00" * 16}


def workload(name, salt):
    return {"file": file(name, 811008),
            "verity": {"data_block_size": 4096, "data_blocks": 190, "hash": "sha256", "hash_block_size": 4096,
                       "hash_start_block": 190, "root_hash": h("root " + name, 256), "salt": salt}}


def write(name, values):
    text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (HERE / name).write_text(text)


production = {"version": 1, "image": image(cpu("EPYC-v4", "0x800f12")), "host_data": [host_data("a.toml"), host_data("b.toml")],
              "workloads": [workload("redis.img", "aabb"), workload("web.img", "")]}
dev = {"version": 1, "dev": {"debug": True, **image(cpu("EPYC-v4", "0x800f12"))}, "host_data": [], "workloads": []}
both = {"version": 1, "image": {"tdx": tdx(), **image(cpu("EPYC-Milan", "0xa00f11"), cpu("EPYC-v4", "0x800f12"))},
        "host_data": [], "workloads": []}
both["image"]["files"]["tdx_firmware"] = file("TDVF.fd", 2097152)
only_tdx = {"version": 1, "image": {"tdx": tdx(), **image()}, "host_data": [host_data("a.toml")], "workloads": []}
del only_tdx["image"]["snp"]
write("production.json", production)
write("dev.json", dev)
write("snp-and-tdx.json", both)
write("tdx.json", only_tdx)
