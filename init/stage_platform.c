/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own report: which TEE, which host data, and that the host cannot read us.
 *
 * Its signature is for others to check (report.h). What we check keeps an honest operator from a VM that no
 * verifier would accept, and gives initdata a digest to compare with.
 */
#include "stages.h"

#include "report.h"
#include "snp_report.h"
#include "sys.h"
#include "tdx_quote.h"

#include <string.h>

#define TDX_ATTR_MIGRATABLE (UINT64_C(1) << 29)

_Static_assert(SNP_HOST_DATA_SIZE <= BOOT_HOST_DATA_MAX && TDX_REG_SIZE <= BOOT_HOST_DATA_MAX, "host data");

static void keep_host_data(struct boot_platform *p, const uint8_t *host_data, size_t len)
{
    memcpy(p->host_data, host_data, len);
    p->host_data_len = len;
}

static int check_report_data(const uint8_t *got, const uint8_t *asked, struct err *err)
{
    if (memcmp(got, asked, REPORT_DATA_SIZE) != 0)
        return err_set(err, ERR_DENIED, 0, "report: report data is not what we asked for");
    return 0;
}

static int read_snp(struct span bytes, const uint8_t *asked, struct boot_platform *out, struct err *err)
{
    struct snp_report r;

    if (snp_report_parse(bytes, &r, err) < 0 || check_report_data(r.report_data, asked, err) < 0)
        return -1;
    if (r.vmpl != 0)
        return err_set(err, ERR_DENIED, 0, "report: VMPL %u, expected 0", r.vmpl);
    if (r.policy & SNP_POLICY_MIGRATE_MA)
        return err_set(err, ERR_DENIED, 0, "report: guest policy allows a migration agent");
    out->debug = (r.policy & SNP_POLICY_DEBUG) != 0;
    keep_host_data(out, r.host_data, sizeof r.host_data);
    return 0;
}

static int read_tdx(struct span bytes, const uint8_t *asked, struct boot_platform *out, struct err *err)
{
    struct tdx_quote q;

    if (tdx_quote_parse(bytes, &q, err) < 0 || check_report_data(q.report_data, asked, err) < 0)
        return -1;
    if (q.attributes & TDX_ATTR_MIGRATABLE)
        return err_set(err, ERR_DENIED, 0, "quote: the TD can be migrated");
    if (!span_is_zero(span_of(q.mr_service_td, sizeof q.mr_service_td)))
        return err_set(err, ERR_DENIED, 0, "quote: a service TD is bound, which can read this TD's memory");
    out->debug = (q.attributes & TDX_ATTR_DEBUG) != 0;
    keep_host_data(out, q.mr_config_id, sizeof q.mr_config_id);
    return 0;
}

static int read_report(const struct report *report, const uint8_t *asked, struct boot_platform *out,
                       struct err *err)
{
    struct span bytes = span_of(report->bytes, report->len);

    out->tee = report->tee;
    return report->tee == POLICY_SNP ? read_snp(bytes, asked, out, err) : read_tdx(bytes, asked, out, err);
}

int stage_platform(struct boot *boot, struct err *err)
{
    uint8_t nonce[REPORT_DATA_SIZE];
    struct boot_platform platform = {0};
    struct report report = {0};
    ssize_t n = sys_random(nonce, sizeof nonce);
    int r;

    if (n != (ssize_t) sizeof nonce)
        return err_set(err, ERR_SYS, n < 0 ? (int) -n : 0, "getrandom");
    if (report_get(nonce, &report, err) < 0)
        return -1;
    r = read_report(&report, nonce, &platform, err);
    report_free(&report);
    if (r < 0)
        return -1;
    if (platform.debug && !boot->cmdline.dev)
        return err_set(err, ERR_DENIED, 0, "report: debug bit set, and this is no dev boot");
    boot->platform = platform;
    return 0;
}
