/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_report.h"

#include "hex.h"
#include "snp_report.h"
#include "tdx_quote.h"

#include <stdio.h>
#include <string.h>

struct hex_text {
    char text[2 * SHA384_SIZE + 1];
};

static struct hex_text hex_of(const uint8_t *bytes, size_t len)
{
    struct hex_text out = {""};
    struct err ignored;

    if (hex_encode(span_of(bytes, len), out.text, sizeof out.text, &ignored) < 0)
        out.text[0] = '\0'; /* cannot happen: 48 bytes at most */
    return out;
}

/* Is it one of the image's, and under which CPU? */
static void check_launch_digest(const struct measurements_snp *snp, const uint8_t *found,
                                struct checks *checks)
{
    for (size_t i = 0; i < snp->cpu_count; i++) {
        for (size_t n = 0; n < MEASUREMENTS_VCPUS; n++) {
            if (memcmp(snp->cpus[i].digests[n], found, SHA384_SIZE) != 0)
                continue;
            checks_add(checks, CHECK_OK, "report launch digest", "%s, %zu vCPU%s", snp->cpus[i].model, n + 1,
                       n == 0 ? "" : "s");
            return;
        }
    }
    checks_add(checks, CHECK_FAILED, "report launch digest", "expected one of %zu published, found %s",
               snp->cpu_count * MEASUREMENTS_VCPUS, hex_of(found, SHA384_SIZE).text);
}

static void check_flag(bool set, bool allowed, const char *name, struct checks *checks)
{
    if (!set)
        checks_add(checks, CHECK_OK, name, "not set");
    else if (allowed)
        checks_add(checks, CHECK_OK, name, "set: allowed by --allow-debug for a dev image");
    else
        checks_add(checks, CHECK_FAILED, name, "expected 0, found 1: the host can read this guest's memory");
}

/* found: HOST_DATA, or MRCONFIGID's first 32 bytes when the rest is zero. */
static void check_host_data(const struct verify_report *v, const uint8_t *found, struct checks *checks)
{
    const struct measurements *m = v->m;

    if (v->host_data) {
        bool same = memcmp(v->host_data, found, SHA256_SIZE) == 0;

        checks_add(checks, same ? CHECK_OK : CHECK_FAILED, "report host data", "expected %s, found %s",
                   hex_of(v->host_data, SHA256_SIZE).text, hex_of(found, SHA256_SIZE).text);
        return;
    }
    for (size_t i = 0; i < m->host_data_count; i++) {
        if (memcmp(m->host_data[i].sha256, found, SHA256_SIZE) == 0) {
            checks_add(checks, CHECK_OK, "report host data", "%s", m->host_data[i].name);
            return;
        }
    }
    if (m->host_data_count == 0)
        checks_add(checks, CHECK_SKIPPED, "report host data",
                   "none is published: give your --initdata; found %s", hex_of(found, SHA256_SIZE).text);
    else
        checks_add(checks, CHECK_FAILED, "report host data", "expected one of %zu published, found %s",
                   m->host_data_count, hex_of(found, SHA256_SIZE).text);
}

static int check_snp(const struct verify_report *v, struct span bytes, struct checks *checks, struct err *err)
{
    const bool debug_ok = v->allow_debug && v->m->debug;
    struct snp_report r;

    if (snp_report_parse(bytes, &r, err) < 0)
        return -1;
    if (v->m->snp.present)
        check_launch_digest(&v->m->snp, r.measurement, checks);
    else
        checks_add(checks, CHECK_FAILED, "report launch digest", "an SEV-SNP report, but no values for it");
    check_flag(r.policy & SNP_POLICY_DEBUG, debug_ok, "report policy, debug", checks);
    check_flag(r.policy & SNP_POLICY_MIGRATE_MA, false, "report policy, migration", checks);
    checks_add(checks, r.vmpl == 0 ? CHECK_OK : CHECK_FAILED, "report VMPL", "expected 0, found %u", r.vmpl);
    check_host_data(v, r.host_data, checks);
    return 0;
}

static void check_register(const char *name, const uint8_t *published, const uint8_t *found,
                           struct checks *checks)
{
    const bool same = memcmp(published, found, TDX_REG_SIZE) == 0;

    if (same)
        checks_add(checks, CHECK_OK, name, "as published");
    else
        checks_add(checks, CHECK_FAILED, name, "expected %s, found %s", hex_of(published, TDX_REG_SIZE).text,
                   hex_of(found, TDX_REG_SIZE).text);
}

static void check_registers(const struct measurements_tdx *tdx, const struct tdx_quote *q,
                            struct checks *checks)
{
    static const uint8_t zero[TDX_REG_SIZE] = {0};

    if (!tdx->present) {
        checks_add(checks, CHECK_FAILED, "quote MRTD", "a TDX quote, but no values for it");
        return;
    }
    if (memcmp(tdx->mrtd_single_pass, q->mr_td, TDX_REG_SIZE) == 0)
        checks_add(checks, CHECK_OK, "quote MRTD", "single pass");
    else
        check_register("quote MRTD", tdx->mrtd_two_pass, q->mr_td, checks);
    checks_add(checks, CHECK_SKIPPED, "quote RTMR0", "depends on the VM's memory, CPUs and devices: found %s",
               hex_of(q->rtmr[0], TDX_REG_SIZE).text);
    check_register("quote RTMR1", tdx->rtmr1, q->rtmr[1], checks);
    check_register("quote RTMR2", tdx->rtmr2, q->rtmr[2], checks);
    check_register("quote RTMR3", zero, q->rtmr[3], checks);
}

static int check_tdx(const struct verify_report *v, struct span bytes, struct checks *checks, struct err *err)
{
    const bool debug_ok = v->allow_debug && v->m->debug;
    struct tdx_quote q;

    if (tdx_quote_parse(bytes, &q, err) < 0)
        return -1;
    check_registers(&v->m->tdx, &q, checks);
    check_flag(q.attributes & TDX_ATTR_DEBUG, debug_ok, "quote attributes, debug", checks);
    if (span_is_zero(span_of(q.mr_config_id + SHA256_SIZE, TDX_REG_SIZE - SHA256_SIZE)))
        check_host_data(v, q.mr_config_id, checks);
    else
        checks_add(checks, CHECK_FAILED, "report host data",
                   "MRCONFIGID does not end in 16 zero bytes: found %s",
                   hex_of(q.mr_config_id, TDX_REG_SIZE).text);
    return 0;
}

int verify_report(const struct verify_report *v, struct span bytes, struct checks *checks, struct err *err)
{
    const int rc =
        bytes.len == SNP_REPORT_SIZE ? check_snp(v, bytes, checks, err) : check_tdx(v, bytes, checks, err);

    if (rc == 0)
        checks_add(checks, CHECK_SKIPPED, "report signature",
                   "whether hardware signed it is for a verifier of evidence to say");
    return rc;
}
