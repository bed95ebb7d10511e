/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "policy.h"

#include <signal.h>
#include <sys/resource.h>

#define FULL "tests/vectors/policy/full.json"
#define MINIMAL "tests/vectors/policy/minimal.json"

static struct policy *must_parse(const char *path)
{
    struct policy *p = NULL;
    struct err err = {0};
    size_t len;
    char *text = test_slurp(path, &len);

    if (policy_parse(span_of(text, len), &p, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    memset(text, 'x', len); /* the policy must not borrow from the text */
    free(text);
    return p;
}

static void test_minimal(void **state)
{
    struct policy *p = must_parse(MINIMAL);

    (void) state;
    assert_int_equal(p->platforms, POLICY_SNP);
    assert_string_equal(p->image.device, "image");
    assert_int_equal(p->image.verity.salt_len, 0);
    assert_int_equal(p->image.verity.root_hash[31], 0x1f);
    assert_int_equal(p->workload.argc, 1);
    assert_string_equal(p->workload.argv[0], "/bin/true");
    assert_null(p->workload.argv[1]);
    assert_null(p->workload.env[0]);
    assert_true(p->workload.seccomp.builtin);
    assert_int_equal(p->workload.console, POLICY_CONSOLE_NONE);
    assert_int_equal(p->workload.attestation, POLICY_ATTESTATION_NONE);
    assert_int_equal(p->workload.reload_signal, 0);
    assert_true(p->has_coordinator);
    assert_int_equal(p->coordinator.address.kind, NETADDR_VSOCK);
    assert_int_equal(p->coordinator.address.cid, 2);
    assert_true(p->coordinator.has_root_ca_key);
    assert_int_equal(p->coordinator.protocol, POLICY_NACRE_1); /* what no key means */
    assert_int_equal(p->coordinator.reference_count, 0);
    policy_free(p);
}

static void test_full_workload(void **state)
{
    struct policy *p = must_parse(FULL);
    const struct policy_workload *w = &p->workload;

    (void) state;
    assert_int_equal(w->argc, 5);
    assert_string_equal(w->argv[3], "caf\xc3\xa9 \"x\"");
    assert_string_equal(w->argv[4], "");
    assert_null(w->argv[5]);
    assert_int_equal(w->env_count, 3);
    assert_string_equal(w->env[2], "_K9=a=b");
    assert_null(w->env[3]);
    assert_string_equal(w->cwd, "/state");
    assert_string_equal(w->hostname, "redis-0");
    assert_int_equal(w->uid, 999);
    assert_int_equal(w->gid, 998);
    assert_int_equal(w->group_count, 2);
    assert_int_equal(w->groups[1], 4294967294u);
    assert_int_equal(w->capabilities, 1u << 10 | 1u << 0 | UINT64_C(1) << 40);
    assert_int_equal(w->rlimit_count, 2);
    assert_int_equal(w->rlimits[0].resource, RLIMIT_NOFILE);
    assert_int_equal(w->rlimits[0].hard, 4096);
    assert_int_equal(w->tmpfs_count, 2);
    assert_string_equal(w->tmpfs[1].path, "/dev/shm");
    assert_int_equal(w->masked_count, 2);
    assert_string_equal(w->masked_paths[1], "/sys/firmware");
    assert_int_equal(w->readonly_count, 1);
    assert_int_equal(w->console, POLICY_CONSOLE_HOST);
    assert_int_equal(w->attestation, POLICY_ATTESTATION_NONCE);
    assert_int_equal(w->reload_signal, SIGHUP);
    policy_free(p);
}

static void test_full_rest(void **state)
{
    struct policy *p = must_parse(FULL);
    const struct policy_coordinator *c = &p->coordinator;

    (void) state;
    assert_int_equal(p->platforms, POLICY_SNP | POLICY_TDX);
    assert_int_equal(c->protocol, POLICY_CONTRAST);
    assert_int_equal(p->image.verity.salt_len, 32);
    assert_int_equal(p->image.verity.salt[31], 0xbf);
    assert_int_equal(p->image.verity.hash_start_block, 4097);
    assert_int_equal(p->volume_count, 2);
    assert_string_equal(p->volumes[1].name, "keep-2");
    assert_string_equal(p->volumes[1].device, "keep.2");
    assert_string_equal(p->volumes[1].mount, "/srv/keep");
    assert_true(p->volumes[0].format_if_blank);
    assert_false(p->volumes[1].format_if_blank);
    assert_int_equal(p->link_count, 2);
    assert_string_equal(p->links[0].link, "eth0");
    assert_int_equal(p->links[0].address.prefix_bits, 24);
    assert_true(p->links[0].has_gateway);
    assert_int_equal(p->links[0].gateway.bytes[3], 2);
    assert_false(p->links[1].has_gateway);
    assert_int_equal(c->address.kind, NETADDR_TCP4);
    assert_int_equal(c->address.port, 7777);
    assert_int_equal(c->deadline_ms, 60000);
    assert_int_equal(c->retry_ms, 100);
    assert_int_equal(c->retry_max_ms, 2000);
    assert_int_equal(c->root_ca_key_sha256[0], 0xff);
    assert_int_equal(c->reference_count, 2);
    assert_int_equal(c->references[0].measurement[47], 0x5d);
    assert_true(c->references[0].has_host_data);
    assert_int_equal(c->references[0].minimum_tcb.microcode, 213);
    assert_int_equal(c->references[0].chip_count, 1);
    assert_int_equal(c->references[0].chip_ids[0][63], 0x21);
    assert_false(c->references[1].has_host_data);
    assert_int_equal(c->references[1].chip_count, 0);
    policy_free(p);
}

/* full.json with one text replaced; the error it must give. */
struct bad_row {
    const char *from, *to;
    enum err_code code;
    const char *part;
};

#define KEY_TWICE "\"uid\": 999, \"uid\": 999"
static const struct bad_row bad[] = {
  /* the document */
    {"{",                                    "[",                                     ERR_FORMAT,  "policy.json: not JSON"                                           },
    {"\"version\": 1,",                      "",                                      ERR_MISSING, "policy.json: key \"version\" is missing"                         },
    {"\"version\": 1",                       "\"version\": 2",                        ERR_LIMIT,   "version: 2 is not in 1..1"                                       },
    {"\"version\": 1",                       "\"version\": \"1\"",                    ERR_FORMAT,  "version: expected a number, found a string"                      },
    {"\"version\": 1",                       "\"version\": 1.0",                      ERR_FORMAT,  "line 2: a number that is no plain integer"                       },
    {"\"version\": 1",                       "\"Version\": 1",                        ERR_FORMAT,  "unknown key \"Version\""                                         },
    {"\"version\": 1",                       "\"version\": 1, \"extra\": 0",          ERR_FORMAT,  "policy.json: unknown key \"extra\""                              },
    {"\"volumes\":",                         "\"network\": [], \"volumes\":",         ERR_FORMAT,  "network: this key is given twice"                                },
    {"[\"snp\", \"tdx\"]",                   "[]",                                    ERR_FORMAT,  "platforms: no platform at all"                                   },
    {"\"tdx\"",                              "\"sev\"",                               ERR_FORMAT,  "platforms[1]: unknown value \"sev\", known: snp, tdx"            },
    {"\"tdx\"",                              "\"snp\"",                               ERR_DENIED,  "platforms[1]: snp is named twice"                                },
    {"[\"snp\", \"tdx\"]",                   "\"snp\"",                               ERR_FORMAT,  "platforms: expected an array, found a string"                    },
 /* image */
    {"\"erofs\"",                            "\"ext4\"",                              ERR_FORMAT,  "image.filesystem: unknown value \"ext4\", known: erofs"          },
    {"\"sha256\",\n",                        "\"sha512\",\n",                         ERR_FORMAT,  "image.hash: unknown value \"sha512\", known: sha256"             },
    {"1d1e1f\",",                            "1d1e1\",",                              ERR_FORMAT,  "image.root_hash: expected 64 hex digits, found 63"               },
    {"1d1e1f\",",                            "1d1e1F\",",                             ERR_FORMAT,  "image.root_hash"                                                 },
    {"\"salt\": \"a0",                       "\"salt\": \"a",                         ERR_FORMAT,  "image.salt: expected 62 hex digits, found 63"                    },
    {"\"salt\": \"a0",                       "\"salt\": \"a0a0",                      ERR_LIMIT,   "image.salt: 66 bytes, at most 64"                                },
    {"\"data_block_size\": 4096",            "\"data_block_size\": 3000",             ERR_FORMAT,
     "image: data_block_size: 3000 is no"                                                                                                                            },
    {"\"data_block_size\": 4096",            "\"data_block_size\": 65536",            ERR_LIMIT,   "image.data_block_size: 65536"                                    },
    {"\"hash_start_block\": 4097",           "\"hash_start_block\": 4095",            ERR_FORMAT,  "lies inside the data"                                            },
    {"\"data_blocks\": 4096",                "\"data_blocks\": 0",                    ERR_LIMIT,   "image.data_blocks: 0 is not in 1.."                              },
    {"\"device\": \"image\"",                "\"device\": \"../image\"",              ERR_FORMAT,  "image.device: a character other than"                            },
    {"\"device\": \"image\"",                "\"device\": \"a23456789012345678901\"", ERR_LIMIT,   "image.device: 21 bytes"                                          },
    {"\"device\": \"image\"",                "\"device\": \"\"",                      ERR_FORMAT,  "image.device: an empty string"                                   },
 /* argv, env */
    {"\"--name\"",                           "7",                                     ERR_FORMAT,  "policy.json: workload.argv[2]: expected a string, found a number"},
    {"\"/usr/bin/redis-server\"",            "\"redis-server\"",                      ERR_FORMAT,
     "workload.argv[0]: expected an absolute path"                                                                                                                   },
    {"\"/usr/bin/redis-server\"",            "\"/\"",                                 ERR_FORMAT,  "workload.argv[0]: expected the path of a program"                },
    {"\"/usr/bin/redis-server\"",            "\"/usr/../redis\"",                     ERR_FORMAT,
     "workload.argv[0]: expected an absolute path"                                                                                                                   },
    {"\"--name\"",                           "\"a\\u0000b\"",                         ERR_FORMAT,  "\\u0000 in a string"                                             },
    {"\"--name\"",                           "\"a\nb\"",                              ERR_FORMAT,  "a control byte in a string"                                      },
    {"\"--name\"",                           "\"\xff\"",                              ERR_FORMAT,  "not UTF-8"                                                       },
    {"\"EMPTY=\"",                           "\"EMPTY\"",                             ERR_FORMAT,  "workload.env[1]: expected KEY=VALUE"                             },
    {"\"EMPTY=\"",                           "\"=x\"",                                ERR_FORMAT,  "workload.env[1]: expected KEY=VALUE"                             },
    {"\"EMPTY=\"",                           "\"9A=x\"",                              ERR_FORMAT,  "workload.env[1]: expected KEY=VALUE"                             },
    {"\"EMPTY=\"",                           "\"PATH=\"",                             ERR_DENIED,  "workload.env: PATH is set twice"                                 },
 /* who */
    {"\"uid\": 999",                         KEY_TWICE,                               ERR_FORMAT,  "workload.uid: this key is given twice"                           },
    {"\"uid\": 999",                         "\"uid\": -1",                           ERR_FORMAT,  "workload.uid: a negative number"                                 },
    {"\"uid\": 999",                         "\"uid\": 4294967295",                   ERR_LIMIT,   "workload.uid: 4294967295 is not in 0..4294967294"                },
    {"\"uid\": 999",                         "\"uid\": 9007199254740992",             ERR_FORMAT,  "a number of 2^53 or more"                                        },
    {"\"uid\": 999",                         "\"uid\": null",                         ERR_FORMAT,  "workload.uid: expected a number, found null"                     },
    {"\"uid\": 999",                         "\"uid\": true",                         ERR_FORMAT,  "workload.uid: expected a number, found a boolean"                },
    {"[5, 4294967294]",                      "[5, 5]",                                ERR_DENIED,  "workload.groups: group 5 is named twice"                         },
    {"\"CAP_CHOWN\"",                        "\"CAP_ROOT\"",                          ERR_FORMAT,
     "workload.capabilities[1]: unknown capability \"CAP_ROOT\""                                                                                                     },
    {"\"CAP_CHOWN\"",                        "\"cap_chown\"",                         ERR_FORMAT,  "unknown capability"                                              },
    {"\"CAP_CHOWN\"",                        "\"CAP_NET_BIND_SERVICE\"",              ERR_DENIED,  "CAP_NET_BIND_SERVICE is named twice"                             },
 /* limits */
    {"\"nofile\"",                           "\"files\"",                             ERR_FORMAT,  "workload.rlimits[0].name: unknown limit \"files\""               },
    {"\"nofile\"",                           "\"core\"",                              ERR_DENIED,  "workload.rlimits: core is named twice"                           },
    {"\"soft\": 1024",                       "\"soft\": 5000",                        ERR_DENIED,  "workload.rlimits[0]: soft is above hard"                         },
    {"\"soft\": 1024,",                      "",                                      ERR_MISSING, "workload.rlimits[0]: key \"soft\" is missing"                    },
 /* what it sees */
    {"\"cwd\": \"/state\"",                  "\"cwd\": \"state\"",                    ERR_FORMAT,  "workload.cwd: expected an absolute path"                         },
    {"\"cwd\": \"/state\"",                  "\"cwd\": \"/state/\"",                  ERR_FORMAT,  "workload.cwd: expected an absolute path"                         },
    {"\"cwd\": \"/state\"",                  "\"cwd\": \"//state\"",                  ERR_FORMAT,  "workload.cwd: expected an absolute path"                         },
    {"\"redis-0\"",                          "\"Redis\"",                             ERR_FORMAT,  "workload.hostname: a character other than"                       },
    {"\"redis-0\"",                          "\"redis-\"",                            ERR_FORMAT,  "workload.hostname: a host name that starts or ends with"         },
    {"\"redis-0\"",                          "\"\"",                                  ERR_FORMAT,  "workload.hostname: an empty string"                              },
    {"\"path\": \"/tmp\"",                   "\"path\": \"/\"",                       ERR_DENIED,  "nothing can be mounted here: /"                                  },
    {"\"path\": \"/tmp\"",                   "\"path\": \"/proc\"",                   ERR_DENIED,  "nothing can be mounted here: /proc"                              },
    {"\"path\": \"/tmp\"",                   "\"path\": \"/dev/pts\"",                ERR_DENIED,  "nothing can be mounted here: /dev/pts"                           },
    {"\"path\": \"/tmp\"",                   "\"path\": \"/state\"",                  ERR_DENIED,  "two mounts at one path: /state"                                  },
    {"\"size_bytes\": 1048576",              "\"size_bytes\": 100",                   ERR_LIMIT,   "workload.tmpfs[0].size_bytes: 100 is not"                        },
    {"\"/sys/firmware\"",                    "\"/proc/kcore\"",                       ERR_DENIED,  "workload.masked_paths: /proc/kcore is named twice"               },
    {"\"/proc/sys\"",                        "\"/\"",                                 ERR_DENIED,  "workload.readonly_paths: the root cannot"                        },
    {"\"console\": \"host\"",                "\"console\": \"tty\"",                  ERR_FORMAT,  "unknown value \"tty\", known: none, host"                        },
    {"\"nonce\"",                            "\"any\"",                               ERR_FORMAT,
     "workload.attestation: unknown value \"any\", known: none, nonce, report-data"                                                                                  },
    {"\"nonce\"",                            "true",                                  ERR_FORMAT,  "workload.attestation: "                                          },
    {"\"attestation\"",                      "\"Attestation\"",                       ERR_FORMAT,  "unknown key \"Attestation\""                                     },
    {"\"SIGHUP\"",                           "\"SIGKILL\"",                           ERR_FORMAT,
     "workload.reload_signal: unknown value \"SIGKILL\", known: SIGHUP, SIGUSR1, SIGUSR2"                                                                            },
    {"\"SIGHUP\"",                           "1",                                     ERR_FORMAT,  "workload.reload_signal: "                                        },
    {"\"SIGHUP\"",                           "\"HUP\"",                               ERR_FORMAT,  "workload.reload_signal: "                                        },
    {",\n    \"console\": \"host\"",         "",                                      ERR_MISSING, "workload: key \"console\" is missing"                            },
 /* volumes */
    {"\"name\": \"data\"",                   "\"name\": \"Data\"",                    ERR_FORMAT,  "volumes[0].name: a character other than"                         },
    {"\"name\": \"data\"",                   "\"name\": \"a/b\"",                     ERR_FORMAT,  "volumes[0].name"                                                 },
    {"\"name\": \"data\"",                   "\"name\": \"keep-2\"",                  ERR_DENIED,  "two volumes of one name: keep-2"                                 },
    {"\"device\": \"data\"",                 "\"device\": \"keep.2\"",                ERR_DENIED,  "two volumes on one device: keep.2"                               },
    {"\"device\": \"data\"",                 "\"device\": \"image\"",                 ERR_DENIED,  "a volume on the image's device: image"                           },
    {"\"/srv/keep\"",                        "\"/state\"",                            ERR_DENIED,  "two mounts at one path: /state"                                  },
    {"\"/srv/keep\"",                        "\"/sys/x\"",                            ERR_DENIED,  "nothing can be mounted here: /sys/x"                             },
    {"\"ext4\", \"format_if_blank\": false", "\"xfs\", \"format_if_blank\": false",   ERR_FORMAT,
     "volumes[1].filesystem: unknown value \"xfs\", known: ext4"                                                                                                     },
    {"\"format_if_blank\": true",            "\"format_if_blank\": 1",                ERR_FORMAT,  "expected a boolean, found a number"                              },
 /* network */
    {"\"eth1\"",                             "\"eth0\"",                              ERR_DENIED,  "one link twice: eth0"                                            },
    {"\"eth1\"",                             "\"et/h\"",                              ERR_FORMAT,  "network[1].link: a character other than"                         },
    {"10.0.2.15/24",                         "10.0.2.15",                             ERR_FORMAT,  "network[0].address: expected an IPv4 address with prefix"        },
    {"10.0.2.15/24",                         "10.0.2.015/24",                         ERR_FORMAT,  "network[0].address: expected an IPv4 address"                    },
    {"\"gateway\": \"10.0.2.2\"",            "\"gateway\": \"gw\"",                   ERR_FORMAT,  "network[0].gateway: expected an IPv4"                            },
 /* coordinator */
    {"\"10.0.2.2:7777\"",                    "\"localhost:7777\"",                    ERR_FORMAT,  "coordinator.address: expected an IPv4 address"                   },
    {"\"contrast\"",                         "\"nacre/2\"",                           ERR_FORMAT,  "coordinator.protocol: expected \"nacre/1\" or"                   },
    {"\"contrast\"",                         "1",                                     ERR_FORMAT,  "coordinator.protocol: "                                          },
    {"\"contrast\"",                         "\"\"",                                  ERR_FORMAT,  "coordinator.protocol: "                                          },
    {"\"10.0.2.2:7777\"",                    "\"10.0.2.2\"",                          ERR_FORMAT,  "coordinator.address: expected address and port"                  },
    {"\"retry_ms\": 100",                    "\"retry_ms\": 3000",                    ERR_DENIED,
     "expected retry_ms <= retry_max_ms <= deadline_ms"                                                                                                              },
    {"\"retry_max_ms\": 2000",               "\"retry_max_ms\": 60001",               ERR_DENIED,  "expected retry_ms <= retry_max_ms"                               },
    {"\"deadline_ms\": 60000",               "\"deadline_ms\": 3600001",              ERR_LIMIT,   "coordinator.deadline_ms"                                         },
    {"\"retry_ms\": 100",                    "\"retry_ms\": 0",                       ERR_LIMIT,   "coordinator.retry_ms: 0 is not in 1.."                           },
    {"\"microcode\": 213",                   "\"microcode\": 256",                    ERR_LIMIT,
     "coordinator.reference_values.snp[0].minimum_tcb.microcode: 256 is not in 0..255"                                                                               },
    {"\"tee\": 0, ",                         "",                                      ERR_MISSING, "minimum_tcb: key \"tee\" is missing"                             },
    {"\"measurement\": \"7f",                "\"measurement\": \"",                   ERR_FORMAT,
     "snp[0].measurement: expected 96 hex digits"                                                                                                                    },
    {"\"host_data\": \"78",                  "\"host_data\": \"",                     ERR_FORMAT,  "snp[0].host_data: expected 64 hex digits"                        },
    {"[\"3ac3fe21",                          "[\"",                                   ERR_FORMAT,  "snp[0].chip_ids[0]: expected 128 hex digits, found 120"          },
    {"\"reference_values\": {",              "\"reference_values\": {\"tdx\": [], ",  ERR_FORMAT,  "unknown key \"tdx\""                                             },
    {"\"chip_ids\": [",                      "\"chip_ids\": [], \"x\": [",            ERR_FORMAT,  "snp[0]: unknown key \"x\""                                       },
    {"\"/proc/sys\"",                        "\"/proc/\\u0001\"",                     ERR_FORMAT,
     "workload.readonly_paths[0]: expected an absolute path"                                                                                                         },
    {"\"/proc/sys\"",                        "\"/proc/./sys\"",                       ERR_FORMAT,  "workload.readonly_paths[0]: expected an absolute path"           },
};

static void test_bad(void **state)
{
    size_t len;
    char *full = test_slurp(FULL, &len);

    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *text = test_replace(full, bad[i].from, bad[i].to);
        struct policy marker;
        struct policy *p = &marker;
        struct err err = {0};

        assert_int_equal(policy_parse(span_str(text), &p, &err), -1);
        test_check_err(&err, bad[i].code, bad[i].part, bad[i].to);
        assert_ptr_equal(p, &marker);
        free(text);
    }
    free(full);
}

#define ZEROS                                                                                                \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"

/* Lists and alternatives that may not be empty. */
static void test_empty_lists(void **state)
{
    size_t len;
    char *full = test_slurp(MINIMAL, &len);
    static const struct bad_row rows[] = {
        {"\"deadline_ms\"",                                                                               "\"reference_values\": {\"snp\": []}, \"deadline_ms\"", ERR_FORMAT,
         "coordinator.reference_values.snp: no reference values at all"                                                                                                                                                                      },
        {"\"deadline_ms\"",
         "\"reference_values\": {\"snp\": [{\"measurement\": \"" ZEROS "\", \"minimum_tcb\": "
         "{\"bootloader\": 0, \"tee\": 0, \"snp\": 0, \"microcode\": 0}, \"chip_ids\": []}]}, "
         "\"deadline_ms\"",                                                                                                                                       ERR_FORMAT,  "coordinator.reference_values.snp[0].chip_ids: no chip at all"},
        {"[\"/bin/true\"]",                                                                               "[]",                                                   ERR_MISSING, "workload.argv: no program"                                   },
        {"\"root_ca_key_sha256\": \"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff\",", "",
         ERR_MISSING,                                                                                                                                                          "neither \"root_ca_key_sha256\" nor \"reference_values\""     },
        {"vsock:2:7777",                                                                                  "10.0.2.2:7777",                                        ERR_DENIED,  "the coordinator's address needs a link"                      },
        {"{\"profile\": \"default\"}",                                                                    "{\"profile\": \"none\"}",                              ERR_FORMAT,
         "workload.seccomp.profile: unknown seccomp profile \"none\", known: default"                                                                                                                                                        },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = test_replace(full, rows[i].from, rows[i].to);
        struct policy *p = NULL;
        struct err err = {0};

        assert_int_equal(policy_parse(span_str(text), &p, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].part, rows[i].to);
        free(text);
    }
    free(full);
}

/* Cut anywhere, the document is refused. */
static void test_cut(void **state)
{
    size_t len;
    char *full = test_slurp(FULL, &len);

    (void) state;
    while (full[len - 1] != '}')
        len--;
    for (size_t n = 0; n < len; n++) {
        struct policy *p = NULL;
        struct err err = {0};

        assert_int_equal(policy_parse(span_of(full, n), &p, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_null(p);
    }
    free(full);
}

static void test_too_long(void **state)
{
    const size_t size = POLICY_BYTES_MAX + 1;
    char *text = malloc(size);
    struct policy *p = NULL;
    struct err err = {0};

    (void) state;
    assert_non_null(text);
    memset(text, ' ', size);
    assert_int_equal(policy_parse(span_of(text, size), &p, &err), -1);
    test_check_err(&err, ERR_LIMIT, "policy.json: 65537 bytes, at most 65536", "too long");
    free(text);
}

/* One more than the maximum of each list. */
static void test_list_maxima(void **state)
{
    static const struct {
        const char *from, *item;
        size_t max;
        const char *part;
    } rows[] = {
        {"[\"/bin/true\"]",      "\"/b\"", POLICY_ARGV_MAX,    "workload.argv: 65 entries, at most 64"},
        {"\"groups\": []",       "7",      POLICY_GROUPS_MAX,  "workload.groups: 33 entries"          },
        {"\"env\": []",          "\"A=\"", POLICY_ENV_MAX,     "workload.env: 129 entries"            },
        {"\"masked_paths\": []", "\"/a\"", POLICY_PATHS_MAX,   "workload.masked_paths: 65 entries"    },
        {"\"volumes\": []",      "{}",     POLICY_VOLUMES_MAX, "volumes: 9 entries, at most 8"        },
        {"\"network\": []",      "{}",     POLICY_LINKS_MAX,   "network: 9 entries"                   },
    };
    size_t len;
    char *full = test_slurp(MINIMAL, &len);

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char list[2048] = "";
        const char *colon = strchr(rows[i].from, ':');
        size_t at = (size_t) snprintf(list, sizeof(list), "%.*s[",
                                      colon ? (int) (colon - rows[i].from + 1) : 0, rows[i].from);
        struct policy *p = NULL;
        struct err err = {0};
        char *text;

        for (size_t n = 0; n <= rows[i].max; n++)
            at += (size_t) snprintf(list + at, sizeof(list) - at, "%s%s", n > 0 ? "," : "", rows[i].item);
        (void) snprintf(list + at, sizeof(list) - at, "]");
        text = test_replace(full, rows[i].from, list);
        assert_int_equal(policy_parse(span_str(text), &p, &err), -1);
        test_check_err(&err, ERR_LIMIT, rows[i].part, rows[i].from);
        free(text);
    }
    free(full);
}

/* minimal.json without its coordinator, and with one more text replaced. */
static void test_no_coordinator(void **state)
{
    static const struct {
        const char *from, *to;
        const char *part; /* NULL: it parses */
    } rows[] = {
        {"\"console\"",     "\"console\"",                                   NULL                            },
        {"\"console\"",     "\"attestation\": \"report-data\", \"console\"", NULL                            },
        {"\"console\"",     "\"reload_signal\": \"SIGUSR1\", \"console\"",   "no coordinator, so no renewals"},
        {"\"volumes\": []",
         "\"volumes\": [{\"name\": \"data\", \"device\": \"data\", \"mount\": \"/state\","
         " \"filesystem\": \"ext4\", \"format_if_blank\": true}]",           "no coordinator to give its key"},
    };
    size_t len;
    char *minimal = test_slurp(MINIMAL, &len);
    char *at = strstr(minimal, "\"coordinator\"");

    (void) state;
    assert_non_null(at);
    while (*at != ',')
        at--;
    (void) snprintf(at, 3, "}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = test_replace(minimal, rows[i].from, rows[i].to);
        struct policy *p = NULL;
        struct err err = {0};
        int rc = policy_parse(span_str(text), &p, &err);

        if (rows[i].part != NULL) {
            assert_int_equal(rc, -1);
            test_check_err(&err, ERR_DENIED, rows[i].part, rows[i].part);
        } else {
            assert_int_equal(rc, 0);
            assert_false(p->has_coordinator);
        }
        policy_free(p);
        free(text);
    }
    free(minimal);
}

static void test_long_path(void **state)
{
    char path[POLICY_PATH_MAX + 4] = "\"";
    struct policy *p = NULL;
    struct err err = {0};
    size_t len;
    char *minimal = test_slurp(MINIMAL, &len);
    char *text;

    (void) state;
    memset(path + 1, 'a', POLICY_PATH_MAX + 1);
    path[1] = '/';
    path[POLICY_PATH_MAX + 2] = '"';
    text = test_replace(minimal, "\"/bin/true\"", path);
    assert_int_equal(policy_parse(span_str(text), &p, &err), -1);
    test_check_err(&err, ERR_LIMIT, "workload.argv[0]: a path of more than 255 bytes", "path");
    free(text);
    free(minimal);
}

static void test_capability_names(void **state)
{
    (void) state;
    assert_string_equal(policy_capability_name(0), "CAP_CHOWN");
    assert_string_equal(policy_capability_name(21), "CAP_SYS_ADMIN");
    assert_string_equal(policy_capability_name(39), "CAP_BPF");
    assert_string_equal(policy_capability_name(40), "CAP_CHECKPOINT_RESTORE");
    assert_null(policy_capability_name(41));
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minimal),          cmocka_unit_test(test_full_workload),
        cmocka_unit_test(test_full_rest),        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_empty_lists),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_too_long),         cmocka_unit_test(test_list_maxima),
        cmocka_unit_test(test_no_coordinator),   cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_capability_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
