/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measurements_read.h"

#include "hex.h"
#include "json_fields.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* No string is kept outside the struct, so the tables' arena stays empty. */
static int fields(const struct json *at, const struct json_field *table, size_t count, void *out,
                  struct err *err)
{
    struct arena none = {0};

    return json_fields(at, table, count, &none, out, err);
}

static int read_text(const struct json *at, size_t max, char *out, struct err *err)
{
    struct span text;

    if (json_string(at, max, &text, err) < 0)
        return -1;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

/* "0x" and lower-case hex digits */
static int read_number(const struct json *at, uint64_t max, uint64_t *value, struct err *err)
{
    char text[20];
    uint64_t v = 0;
    size_t len;

    if (read_text(at, sizeof text - 1, text, err) < 0)
        return -1;
    len = strspn(text[0] == '0' && text[1] == 'x' ? text + 2 : "", "0123456789abcdef");
    if (len == 0 || len > 16 || text[2 + len] != '\0')
        return json_fail(at, err, ERR_FORMAT, "expected \"0x\" and lower-case hex digits");
    for (const char *c = text + 2; *c; c++)
        v = v << 4 | (uint64_t) (*c <= '9' ? *c - '0' : *c - 'a' + 10);
    if (v > max)
        return json_fail(at, err, ERR_LIMIT, "0x%llx is too large", (unsigned long long) v);
    *value = v;
    return 0;
}

/* --- files --- */

static int file_name(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_file *f = out;

    (void) strings;
    if (read_text(at, MEASUREMENTS_NAME_MAX, f->name, err) < 0)
        return -1;
    if (!measurements_name_ok(f->name))
        return json_fail(at, err, ERR_FORMAT, "expected a file's name without a path");
    return 0;
}

static int file_sha256(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_file *) out)->sha256, SHA256_SIZE, err);
}

static int file_sha384(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_file *) out)->sha384, SHA384_SIZE, err);
}

static int file_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u64(at, 0, JSON_INT_MAX, &((struct measurements_file *) out)->size, err);
}

static const struct json_field file_fields[] = {
    {"name",   true, file_name  },
    {"sha256", true, file_sha256},
    {"sha384", true, file_sha384},
    {"size",   true, file_size  },
};

static int read_file(const struct json *at, struct measurements_file *f, struct err *err)
{
    return fields(at, file_fields, COUNT(file_fields), f, err);
}

static int files_firmware(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_file(at, &((struct measurements *) out)->files[MEASUREMENTS_FIRMWARE], err);
}

static int files_initrd(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_file(at, &((struct measurements *) out)->files[MEASUREMENTS_INITRD], err);
}

static int files_kernel(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_file(at, &((struct measurements *) out)->files[MEASUREMENTS_KERNEL], err);
}

static int files_tdx_firmware(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_file(at, &((struct measurements *) out)->files[MEASUREMENTS_TDX_FIRMWARE], err);
}

static const struct json_field files_fields[] = {
    {"firmware",     true,  files_firmware    },
    {"initrd",       true,  files_initrd      },
    {"kernel",       true,  files_kernel      },
    {"tdx_firmware", false, files_tdx_firmware},
};

/* --- snp --- */

static int cpu_model(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_text(at, MEASUREMENTS_MODEL_MAX, ((struct measurements_cpu *) out)->model, err);
}

static int cpu_sig(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t sig;

    (void) strings;
    if (read_number(at, UINT32_MAX, &sig, err) < 0)
        return -1;
    ((struct measurements_cpu *) out)->sig = (uint32_t) sig;
    return 0;
}

/* An entry for every count; that there is no other follows from their number. */
static int cpu_digests(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_cpu *cpu = out;
    struct json member;
    size_t count;

    (void) strings;
    if (json_object(at, MEASUREMENTS_VCPUS, &count, err) < 0)
        return -1;
    for (unsigned i = 0; i < MEASUREMENTS_VCPUS; i++) {
        char key[12];

        (void) snprintf(key, sizeof key, "%u", i + 1);
        if (json_get(at, key, &member, err) < 0 || json_hex(&member, cpu->digests[i], SHA384_SIZE, err) < 0)
            return -1;
    }
    return 0;
}

static const struct json_field cpu_fields[] = {
    {"launch_digests", true, cpu_digests},
    {"vcpu_sig",       true, cpu_sig    },
    {"vcpu_type",      true, cpu_model  },
};

static int read_cpu(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, cpu_fields, COUNT(cpu_fields), strings, out, err);
}

static int snp_cpus(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {MEASUREMENTS_CPUS_MAX, sizeof(struct measurements_cpu), read_cpu};
    struct measurements_snp *snp = out;

    if (json_list(at, &list, strings, snp->cpus, &snp->cpu_count, err) < 0)
        return -1;
    if (snp->cpu_count == 0)
        return json_fail(at, err, ERR_MISSING, "no CPU model");
    return 0;
}

static int snp_firmware_digest(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_snp *) out)->firmware_digest, SHA384_SIZE, err);
}

static int snp_features(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_number(at, JSON_INT_MAX, &((struct measurements_snp *) out)->features, err);
}

static const struct json_field snp_fields[] = {
    {"cpus",            true, snp_cpus           },
    {"firmware_digest", true, snp_firmware_digest},
    {"guest_features",  true, snp_features       },
};

/* --- tdx --- */

static int tdx_single_pass(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_tdx *) out)->mrtd_single_pass, SHA384_SIZE, err);
}

static int tdx_two_pass(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_tdx *) out)->mrtd_two_pass, SHA384_SIZE, err);
}

static int tdx_rtmr1(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_tdx *) out)->rtmr1, SHA384_SIZE, err);
}

static int tdx_rtmr2(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_tdx *) out)->rtmr2, SHA384_SIZE, err);
}

static const struct json_field tdx_fields[] = {
    {"mrtd_single_pass", true, tdx_single_pass},
    {"mrtd_two_pass",    true, tdx_two_pass   },
    {"rtmr1",            true, tdx_rtmr1      },
    {"rtmr2",            true, tdx_rtmr2      },
};

/* --- image, dev --- */

static int image_cmdline(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_text(at, CMDLINE_MAX, ((struct measurements *) out)->cmdline, err);
}

static int image_debug(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements *m = out;

    (void) strings;
    if (json_bool(at, &m->debug, err) < 0)
        return -1;
    return m->debug ? 0 : json_fail(at, err, ERR_FORMAT, "expected true");
}

static int image_files(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, files_fields, COUNT(files_fields), strings, out, err);
}

static int image_snp(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_snp *snp = &((struct measurements *) out)->snp;

    snp->present = true;
    return json_fields(at, snp_fields, COUNT(snp_fields), strings, snp, err);
}

static int image_tdx(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_tdx *tdx = &((struct measurements *) out)->tdx;

    tdx->present = true;
    return json_fields(at, tdx_fields, COUNT(tdx_fields), strings, tdx, err);
}

/* "debug" stands in the part "dev" and nowhere else: see top_dev and top_image. */
static const struct json_field image_fields[] = {
    {"cmdline", true,  image_cmdline},
    {"files",   true,  image_files  },
    {"snp",     false, image_snp    },
    {"tdx",     false, image_tdx    },
};

static const struct json_field dev_fields[] = {
    {"cmdline", true,  image_cmdline},
    {"debug",   true,  image_debug  },
    {"files",   true,  image_files  },
    {"snp",     false, image_snp    },
    {"tdx",     false, image_tdx    },
};

/* --- workloads, host_data --- */

static int verity_hash(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"sha256"};
    size_t which;

    (void) strings;
    (void) out;
    return json_choice(at, known, COUNT(known), &which, err);
}

static int verity_data_block_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u32(at, VERITY_BLOCK_MIN, VERITY_BLOCK_MAX,
                    &((struct verity_geometry *) out)->data_block_size, err);
}

static int verity_hash_block_size(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u32(at, VERITY_BLOCK_MIN, VERITY_BLOCK_MAX,
                    &((struct verity_geometry *) out)->hash_block_size, err);
}

static int verity_data_blocks(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u64(at, 1, VERITY_DATA_BLOCKS_MAX, &((struct verity_geometry *) out)->data_blocks, err);
}

static int verity_hash_start(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u64(at, 1, JSON_INT_MAX, &((struct verity_geometry *) out)->hash_start_block, err);
}

static int verity_root_hash(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct verity_geometry *) out)->root_hash, VERITY_HASH_SIZE, err);
}

static int verity_salt(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct verity_geometry *v = out;
    struct span text;

    (void) strings;
    if (json_string(at, (size_t) 2 * VERITY_SALT_MAX, &text, err) < 0)
        return -1;
    v->salt_len = text.len / 2;
    return json_hex(at, v->salt, v->salt_len, err);
}

static const struct json_field verity_fields[] = {
    {"data_block_size",  true, verity_data_block_size},
    {"data_blocks",      true, verity_data_blocks    },
    {"hash",             true, verity_hash           },
    {"hash_block_size",  true, verity_hash_block_size},
    {"hash_start_block", true, verity_hash_start     },
    {"root_hash",        true, verity_root_hash      },
    {"salt",             true, verity_salt           },
};

static int workload_file(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return read_file(at, &((struct measurements_workload *) out)->file, err);
}

static int workload_verity(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_workload *w = out;

    if (json_fields(at, verity_fields, COUNT(verity_fields), strings, &w->verity, err) < 0)
        return -1;
    return verity_check(&w->verity, err) < 0 ? json_prefix(at, err) : 0;
}

static const struct json_field workload_fields[] = {
    {"file",   true, workload_file  },
    {"verity", true, workload_verity},
};

static int read_workload(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, workload_fields, COUNT(workload_fields), strings, out, err);
}

static int host_data_name(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct measurements_host_data *h = out;

    (void) strings;
    return read_text(at, MEASUREMENTS_NAME_MAX, h->name, err);
}

static int host_data_snp(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, ((struct measurements_host_data *) out)->sha256, SHA256_SIZE, err);
}

/* Follows from the other; the comparison with the canonical text finds one that does not. */
static int host_data_tdx(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint8_t mrconfigid[MEASUREMENTS_MRCONFIGID_SIZE];

    (void) strings;
    (void) out;
    return json_hex(at, mrconfigid, sizeof mrconfigid, err);
}

static const struct json_field host_data_fields[] = {
    {"name",           true, host_data_name},
    {"snp_host_data",  true, host_data_snp },
    {"tdx_mrconfigid", true, host_data_tdx },
};

static int read_host_data(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, host_data_fields, COUNT(host_data_fields), strings, out, err);
}

/* --- the document --- */

static int top_version(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t version;

    (void) strings;
    (void) out;
    return json_u64(at, MEASUREMENTS_VERSION, MEASUREMENTS_VERSION, &version, err);
}

static int top_image(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, image_fields, COUNT(image_fields), strings, out, err);
}

static int top_dev(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, dev_fields, COUNT(dev_fields), strings, out, err);
}

static int top_workloads(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {MEASUREMENTS_WORKLOADS_MAX, sizeof(struct measurements_workload),
                                          read_workload};
    struct measurements *m = out;

    return json_list(at, &list, strings, m->workloads, &m->workload_count, err);
}

static int top_host_data(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {MEASUREMENTS_HOST_DATA_MAX, sizeof(struct measurements_host_data),
                                          read_host_data};
    struct measurements *m = out;

    return json_list(at, &list, strings, m->host_data, &m->host_data_count, err);
}

static const struct json_field top_fields[] = {
    {"version",   true,  top_version  },
    {"dev",       false, top_dev      },
    {"image",     false, top_image    },
    {"host_data", true,  top_host_data},
    {"workloads", true,  top_workloads},
};

int measurements_read(const struct json *root, struct measurements *out, struct err *err)
{
    struct json part;

    if (json_find(root, "dev", &part) && json_find(root, "image", &part))
        return json_fail(root, err, ERR_FORMAT, "both \"dev\" and \"image\": a file describes one image");
    if (!json_find(root, "dev", &part) && !json_find(root, "image", &part))
        return json_fail(root, err, ERR_MISSING, "key \"image\" (or \"dev\") is missing");
    return fields(root, top_fields, COUNT(top_fields), out, err);
}
