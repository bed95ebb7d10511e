/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_verify_rows.h"

#include "hex.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 16 /* of a digest in a message: enough to find it in a list */
#define SHOWN_SIZE (2 * SHOWN_BYTES + 4)
#define POLICY_ABI_BITS UINT64_C(0xffff)

/* The first bytes of a value as hex, "..." behind a longer one. */
static void shown(struct span value, char out[SHOWN_SIZE])
{
    struct span head = value.len > SHOWN_BYTES ? span_sub(value, 0, SHOWN_BYTES) : value;
    char text[2 * SHOWN_BYTES + 1] = "";
    struct err ignored;

    if (hex_encode(head, text, sizeof text, &ignored) < 0)
        text[0] = '\0'; /* cannot happen: the buffer fits */
    (void) snprintf(out, SHOWN_SIZE, "%s%s", text, value.len > SHOWN_BYTES ? "..." : "");
}

int snp_verify_rows_list(const struct snp_list *list, struct span found, struct err *err)
{
    char found_text[SHOWN_SIZE], first_text[SHOWN_SIZE];

    if (list->any)
        return 0;
    shown(found, found_text);
    if (list->count == 0)
        return err_set(err, ERR_DENIED, 0, "expected one of an empty list, found %s", found_text);
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->entries + i * found.len, found.data, found.len) == 0)
            return 0;
    }
    shown(span_of(list->entries, found.len), first_text);
    if (list->count == 1)
        return err_set(err, ERR_DENIED, 0, "expected %s, found %s", first_text, found_text);
    return err_set(err, ERR_DENIED, 0, "expected one of %zu values (the first is %s), found %s", list->count,
                   first_text, found_text);
}

int snp_verify_rows_report_data(struct snp_run *run, struct err *err)
{
    struct span found = span_of(run->report.report_data, SNP_REPORT_DATA_SIZE);
    char expected_text[SHOWN_SIZE], found_text[SHOWN_SIZE];

    if (secret_eq(run->expect->report_data, found))
        return 0;
    shown(run->expect->report_data, expected_text);
    shown(found, found_text);
    return err_set(err, ERR_DENIED, 0, "expected %s, found %s (another nonce or key)", expected_text,
                   found_text);
}

int snp_verify_rows_measurement(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->measurements,
                                span_of(run->report.measurement, SNP_MEASUREMENT_SIZE), err);
}

int snp_verify_rows_host_data(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->host_data, span_of(run->report.host_data, SNP_HOST_DATA_SIZE),
                                err);
}

int snp_verify_rows_chip_id(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->chip_ids, span_of(run->report.chip_id, SNP_CHIP_ID_SIZE), err);
}

int snp_verify_rows_id_key(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->id_key_digests,
                                span_of(run->report.id_key_digest, SNP_KEY_DIGEST_SIZE), err);
}

struct bit_name {
    uint64_t bit;
    const char *name;
};

static const struct bit_name policy_bits[] = {
    {SNP_POLICY_DEBUG,             "debug"             },
    {SNP_POLICY_MIGRATE_MA,        "migration agent"   },
    {SNP_POLICY_SMT,               "SMT"               },
    {SNP_POLICY_SINGLE_SOCKET,     "single socket"     },
    {SNP_POLICY_CXL_ALLOW,         "CXL"               },
    {SNP_POLICY_MEM_AES_256_XTS,   "AES-256-XTS"       },
    {SNP_POLICY_RAPL_DIS,          "RAPL disabled"     },
    {SNP_POLICY_CIPHERTEXT_HIDING, "ciphertext hiding" },
    {SNP_POLICY_PAGE_SWAP_DISABLE, "page swap disabled"},
    {0,                            NULL                },
};

static const struct bit_name platform_bits[] = {
    {SNP_PLATFORM_SMT_EN,               "SMT"                 },
    {SNP_PLATFORM_TSME_EN,              "TSME"                },
    {SNP_PLATFORM_ECC_EN,               "ECC"                 },
    {SNP_PLATFORM_RAPL_DIS,             "RAPL disabled"       },
    {SNP_PLATFORM_CIPHERTEXT_HIDING_EN, "ciphertext hiding"   },
    {SNP_PLATFORM_ALIAS_CHECK_COMPLETE, "alias check complete"},
    {SNP_PLATFORM_TIO_EN,               "TIO"                 },
    {0,                                 NULL                  },
};

static const char *bit_name(const struct bit_name *names, uint64_t bits)
{
    for (; names->name; names++) {
        if (names->bit & bits)
            return names->name;
    }
    return "reserved";
}

static int check_bits(const struct snp_bits *expect, uint64_t found, const struct bit_name *names,
                      struct err *err)
{
    uint64_t excess = found & ~expect->allowed;
    uint64_t lacking = expect->required & ~found;

    if (excess != 0)
        return err_set(err, ERR_DENIED, 0, "%s is not allowed: expected bits of 0x%llx only, found 0x%llx",
                       bit_name(names, excess), (unsigned long long) expect->allowed,
                       (unsigned long long) found);
    if (lacking != 0)
        return err_set(err, ERR_DENIED, 0, "%s is required: expected all bits of 0x%llx, found 0x%llx",
                       bit_name(names, lacking), (unsigned long long) expect->required,
                       (unsigned long long) found);
    return 0;
}

int snp_verify_rows_policy(struct snp_run *run, struct err *err)
{
    const struct snp_expect *e = run->expect;
    uint64_t policy = run->report.policy;
    uint8_t major = SNP_POLICY_ABI_MAJOR(policy), minor = SNP_POLICY_ABI_MINOR(policy);

    if (check_bits(&e->policy, policy & ~POLICY_ABI_BITS, policy_bits, err) < 0)
        return -1;
    if (major < e->policy_abi_major || (major == e->policy_abi_major && minor < e->policy_abi_minor))
        return err_set(err, ERR_DENIED, 0, "ABI version: expected at least %u.%u, found %u.%u",
                       e->policy_abi_major, e->policy_abi_minor, major, minor);
    return 0;
}

int snp_verify_rows_platform_info(struct snp_run *run, struct err *err)
{
    return check_bits(&run->expect->platform_info, run->report.platform_info, platform_bits, err);
}

int snp_verify_rows_vmpl(struct snp_run *run, struct err *err)
{
    if (run->report.vmpl != run->expect->vmpl)
        return err_set(err, ERR_DENIED, 0, "expected %u, found %u", run->expect->vmpl, run->report.vmpl);
    return 0;
}

bool snp_verify_rows_tcb_le(const struct snp_tcb_parts *low, const struct snp_tcb_parts *high)
{
    return low->fmc <= high->fmc && low->boot_loader <= high->boot_loader && low->tee <= high->tee &&
           low->snp <= high->snp && low->microcode <= high->microcode;
}

void snp_verify_rows_tcb_text(const struct snp_tcb_parts *tcb, char out[SNP_TCB_TEXT_SIZE])
{
    (void) snprintf(out, SNP_TCB_TEXT_SIZE, "bootloader %u tee %u snp %u microcode %u fmc %u",
                    tcb->boot_loader, tcb->tee, tcb->snp, tcb->microcode, tcb->fmc);
}

static int check_minimum(const struct snp_run *run, const struct snp_minimum *minimum, struct snp_tcb tcb,
                         struct err *err)
{
    struct snp_tcb_parts found;
    char low[SNP_TCB_TEXT_SIZE], text[SNP_TCB_TEXT_SIZE];

    if (snp_tcb_split(tcb, run->expect->product, &found, err) < 0)
        return -1;
    if (snp_verify_rows_tcb_le(&minimum->tcb, &found))
        return 0;
    snp_verify_rows_tcb_text(&minimum->tcb, low);
    snp_verify_rows_tcb_text(&found, text);
    return err_set(err, ERR_DENIED, 0, "expected at least %s, found %s", low, text);
}

int snp_verify_rows_reported_tcb(struct snp_run *run, struct err *err)
{
    return check_minimum(run, &run->expect->tcb, run->report.reported_tcb, err);
}

int snp_verify_rows_launch_tcb(struct snp_run *run, struct err *err)
{
    return check_minimum(run, &run->expect->launch_tcb, run->report.launch_tcb, err);
}

/* major, minor, build as one number to compare. */
static uint32_t version_number(struct snp_version v)
{
    return (uint32_t) v.major << 16 | (uint32_t) v.minor << 8 | v.build;
}

static int refuse_provisional(const struct snp_report *r, const struct snp_tcb_parts *current,
                              const struct snp_tcb_parts *committed, struct err *err)
{
    char running[SNP_TCB_TEXT_SIZE], want[SNP_TCB_TEXT_SIZE];
    struct snp_version v = r->current_version, w = r->committed_version;

    if (version_number(v) != version_number(w))
        return err_set(err, ERR_DENIED, 0, "expected the committed firmware %u.%u.%u, found %u.%u.%u running",
                       w.major, w.minor, w.build, v.major, v.minor, v.build);
    snp_verify_rows_tcb_text(current, running);
    snp_verify_rows_tcb_text(committed, want);
    return err_set(err, ERR_DENIED, 0, "expected the committed %s, found %s running", want, running);
}

int snp_verify_rows_committed(struct snp_run *run, struct err *err)
{
    const struct snp_report *r = &run->report;
    struct snp_tcb_parts current, committed;
    bool equal;

    if (snp_tcb_split(r->current_tcb, run->expect->product, &current, err) < 0 ||
        snp_tcb_split(r->committed_tcb, run->expect->product, &committed, err) < 0)
        return -1;
    equal = memcmp(r->current_tcb.bytes, r->committed_tcb.bytes, SNP_TCB_SIZE) == 0 &&
            version_number(r->current_version) == version_number(r->committed_version);
    if (!equal && !run->expect->provisional_firmware)
        return refuse_provisional(r, &current, &committed, err);
    if (!snp_verify_rows_tcb_le(&committed, &current) ||
        version_number(r->committed_version) > version_number(r->current_version))
        return err_set(err, ERR_DENIED, 0, "the running firmware is older than the committed one");
    return 0;
}

int snp_verify_rows_guest_svn(struct snp_run *run, struct err *err)
{
    if (run->report.guest_svn < run->expect->guest_svn_min)
        return err_set(err, ERR_DENIED, 0, "expected at least %u, found %u", run->expect->guest_svn_min,
                       run->report.guest_svn);
    return 0;
}

int snp_verify_rows_mit_vector(struct snp_run *run, struct err *err)
{
    uint64_t both = run->report.launch_mit_vector & run->report.current_mit_vector;
    uint64_t lacking = run->expect->mit_vector_min & ~both;

    if (lacking != 0)
        return err_set(err, ERR_DENIED, 0, "expected all bits of 0x%llx at launch and now, found 0x%llx",
                       (unsigned long long) run->expect->mit_vector_min, (unsigned long long) both);
    return 0;
}

int snp_verify_rows_author_key(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->author_key_digests,
                                span_of(run->report.author_key_digest, SNP_KEY_DIGEST_SIZE), err);
}

int snp_verify_rows_family_id(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->family_ids,
                                span_of(run->report.family_id, sizeof run->report.family_id), err);
}

int snp_verify_rows_image_id(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->image_ids,
                                span_of(run->report.image_id, sizeof run->report.image_id), err);
}

int snp_verify_rows_report_id(struct snp_run *run, struct err *err)
{
    return snp_verify_rows_list(&run->expect->report_ids, span_of(run->report.report_id, SNP_REPORT_ID_SIZE),
                                err);
}

int snp_verify_rows_migration_agent(struct snp_run *run, struct err *err)
{
    const uint8_t *id = run->report.report_id_ma;
    bool none = true;

    for (size_t i = 0; i < SNP_REPORT_ID_SIZE; i++)
        none = none && id[i] == 0xff;
    if (none)
        return 0;
    if (snp_verify_rows_list(&run->expect->migration_agents, span_of(id, SNP_REPORT_ID_SIZE), err) < 0)
        return err_prefix(err, "a migration agent can read this VM's memory");
    return 0;
}

int snp_verify_rows_firmware(struct snp_run *run, struct err *err)
{
    struct snp_version min = run->expect->firmware.min, found = run->report.current_version;

    if (version_number(found) < version_number(min))
        return err_set(err, ERR_DENIED, 0, "expected at least %u.%u.%u, found %u.%u.%u", min.major, min.minor,
                       min.build, found.major, found.minor, found.build);
    return 0;
}
