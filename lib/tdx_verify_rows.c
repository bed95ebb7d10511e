/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secret.h"
#include "tdx_verify_run.h"

#include <stdio.h>
#include <string.h>

#define XFAM_FIXED_1 UINT64_C(0x3)     /* x87 and SSE are always on */
#define XFAM_FIXED_0 UINT64_C(0x6dbe7) /* what may be on at all */

static const struct verify_bit_name attribute_names[] = {
    {TDX_ATTR_DEBUG,           "debug"                     },
    {TDX_ATTR_SEPT_VE_DISABLE, "SEPT_VE_DISABLE"           },
    {TDX_ATTR_PKS,             "supervisor protection keys"},
    {TDX_ATTR_KL,              "key locker"                },
    {TDX_ATTR_PERFMON,         "performance monitoring"    },
    {0,                        NULL                        },
};
#define ATTRIBUTES_KNOWN                                                                                     \
    (TDX_ATTR_DEBUG | TDX_ATTR_SEPT_VE_DISABLE | TDX_ATTR_PKS | TDX_ATTR_KL | TDX_ATTR_PERFMON)

static const struct verify_bit_name xfam_names[] = {
    {XFAM_FIXED_1, "x87 or SSE"         },
    {XFAM_FIXED_0, "a processor feature"},
    {0,            NULL                 },
};

int tdx_verify_rows_report_data(struct tdx_run *run, struct err *err)
{
    struct span found = span_of(run->quote.report_data, TDX_REPORT_DATA_SIZE);
    char expected_text[VERIFY_MATCH_TEXT_SIZE], found_text[VERIFY_MATCH_TEXT_SIZE];

    if (secret_eq(run->expect->report_data, found))
        return 0;
    verify_match_text(run->expect->report_data, expected_text);
    verify_match_text(found, found_text);
    return err_set(err, ERR_DENIED, 0, "expected %s, found %s (another nonce or key)", expected_text,
                   found_text);
}

static const struct {
    const char *name;
    size_t offset; /* of the level in struct tdx_run */
} parts[] = {
    {"platform", offsetof(struct tdx_run, platform)      },
    {"module",   offsetof(struct tdx_run, module)        },
    {"QE",       offsetof(struct tdx_run, identity.level)},
};
#define PARTS (sizeof parts / sizeof parts[0])

static const struct tdx_level *part_level(const struct tdx_run *run, size_t i)
{
    return (const void *) ((const uint8_t *) run + parts[i].offset);
}

/* Each of the three must be good enough, so their worst is too. */
int tdx_verify_rows_status(struct tdx_run *run, struct err *err)
{
    const uint32_t accepted = run->expect->accepted | TDX_ACCEPT(TDX_STATUS_UP_TO_DATE);

    for (size_t i = 0; i < PARTS; i++) {
        const struct tdx_level *level = part_level(run, i);

        if (level->found && !(accepted & TDX_ACCEPT(level->status)))
            return err_set(err, ERR_DENIED, 0, "expected UpToDate%s, found %s (%s is %s)",
                           run->expect->accepted != 0 ? " or what else is accepted" : "",
                           tdx_status_name(run->status), parts[i].name, tdx_status_name(level->status));
    }
    return 0;
}

static bool is_listed(const struct tdx_advisories *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->names[i], name) == 0)
            return true;
    }
    return list->any;
}

/* Advisories at a level that is UpToDate are dealt with by that level. */
int tdx_verify_rows_advisories(struct tdx_run *run, struct err *err)
{
    for (size_t i = 0; i < PARTS; i++) {
        const struct tdx_level *level = part_level(run, i);

        if (!level->found || level->status == TDX_STATUS_UP_TO_DATE)
            continue;
        for (size_t k = 0; k < level->advisory_count; k++) {
            if (!is_listed(&run->expect->advisories, level->advisories[k]))
                return err_set(err, ERR_DENIED, 0, "%s: expected accepted advisories only, found %s (of %zu)",
                               parts[i].name, level->advisories[k], level->advisory_count);
        }
    }
    return 0;
}

int tdx_verify_rows_evaluation(struct tdx_run *run, struct err *err)
{
    const uint32_t min = run->expect->evaluation_min;

    if (run->info.validity.evaluation < min)
        return err_set(err, ERR_DENIED, 0, "TCB info: expected at least %u, found %u", min,
                       run->info.validity.evaluation);
    if (run->identity.validity.evaluation < min)
        return err_set(err, ERR_DENIED, 0, "QE identity: expected at least %u, found %u", min,
                       run->identity.validity.evaluation);
    return 0;
}

int tdx_verify_rows_svn(struct tdx_run *run, struct err *err)
{
    const struct tdx_minimum *min = &run->expect->minimum;

    for (size_t i = 0; i < TDX_SVN_SIZE; i++) {
        if (run->quote.tee_tcb_svn[i] < min->tee_tcb_svn[i])
            return err_set(err, ERR_DENIED, 0, "TEE TCB SVN %zu: expected at least %u, found %u", i,
                           min->tee_tcb_svn[i], run->quote.tee_tcb_svn[i]);
    }
    if (run->pck.pce_svn < min->pce_svn)
        return err_set(err, ERR_DENIED, 0, "PCE SVN: expected at least %u, found %u", min->pce_svn,
                       run->pck.pce_svn);
    if (run->qe.svn < min->qe_svn)
        return err_set(err, ERR_DENIED, 0, "QE SVN: expected at least %u, found %u", min->qe_svn,
                       run->qe.svn);
    return 0;
}

static int check_register(const struct verify_list *list, const uint8_t found[TDX_REG_SIZE], struct err *err)
{
    return verify_match_list(list, span_of(found, TDX_REG_SIZE), err);
}

int tdx_verify_rows_mr_td(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->mr_td, run->quote.mr_td, err);
}

int tdx_verify_rows_rtmr0(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->rtmr[0], run->quote.rtmr[0], err);
}

int tdx_verify_rows_rtmr1(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->rtmr[1], run->quote.rtmr[1], err);
}

int tdx_verify_rows_rtmr2(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->rtmr[2], run->quote.rtmr[2], err);
}

int tdx_verify_rows_rtmr3(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->rtmr[3], run->quote.rtmr[3], err);
}

int tdx_verify_rows_mr_config_id(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->mr_config_id, run->quote.mr_config_id, err);
}

int tdx_verify_rows_mr_owner(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->mr_owner, run->quote.mr_owner, err);
}

int tdx_verify_rows_mr_owner_config(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->mr_owner_config, run->quote.mr_owner_config, err);
}

int tdx_verify_rows_mr_seam(struct tdx_run *run, struct err *err)
{
    return check_register(&run->expect->mr_seam, run->quote.mr_seam, err);
}

int tdx_verify_rows_debug(struct tdx_run *run, struct err *err)
{
    if (run->quote.attributes & ~run->expect->attributes.allowed & TDX_ATTR_DEBUG)
        return err_set(err, ERR_DENIED, 0, "the host may debug this TD: it reads all of its memory");
    return 0;
}

int tdx_verify_rows_sept_ve(struct tdx_run *run, struct err *err)
{
    if (!run->expect->sept_ve_disable_not_required && !(run->quote.attributes & TDX_ATTR_SEPT_VE_DISABLE))
        return err_set(err, ERR_DENIED, 0, "SEPT_VE_DISABLE is required, found TD attributes 0x%llx",
                       (unsigned long long) run->quote.attributes);
    return 0;
}

/* Bits that nobody knows the meaning of cannot be allowed. */
int tdx_verify_rows_attributes(struct tdx_run *run, struct err *err)
{
    struct verify_bits bits = run->expect->attributes;

    bits.allowed &= ATTRIBUTES_KNOWN;
    return verify_match_bits(&bits, run->quote.attributes, attribute_names, err);
}

int tdx_verify_rows_xfam(struct tdx_run *run, struct err *err)
{
    struct verify_bits bits = run->expect->xfam;

    bits.allowed &= XFAM_FIXED_0;
    bits.required |= XFAM_FIXED_1;
    return verify_match_bits(&bits, run->quote.xfam, xfam_names, err);
}

int tdx_verify_rows_service_td(struct tdx_run *run, struct err *err)
{
    if (span_is_zero(span_of(run->quote.mr_service_td, TDX_REG_SIZE)))
        return 0;
    if (check_register(&run->expect->mr_service_td, run->quote.mr_service_td, err) < 0)
        return err_prefix(err, "a service TD can read this TD's memory");
    return 0;
}

int tdx_verify_rows_piid(struct tdx_run *run, struct err *err)
{
    if (run->expect->piids.any)
        return 0;
    if (!run->pck.has_piid)
        return err_set(err, ERR_DENIED, 0, "expected a platform instance id, the PCK certificate has none");
    return verify_match_list(&run->expect->piids, span_of(run->pck.piid, TDX_PCK_ID_SIZE), err);
}

int tdx_verify_rows_memory_integrity(struct tdx_run *run, struct err *err)
{
    static const char *const names[] = {
        [TDX_PCK_STANDARD] = "standard",
        [TDX_PCK_SCALABLE] = "scalable",
        [TDX_PCK_SCALABLE_WITH_INTEGRITY] = "scalable with integrity",
    };

    if (run->expect->memory_integrity && run->pck.memory != TDX_PCK_SCALABLE_WITH_INTEGRITY)
        return err_set(err, ERR_DENIED, 0, "expected %s, found %s", names[TDX_PCK_SCALABLE_WITH_INTEGRITY],
                       names[run->pck.memory]);
    return 0;
}

static int check_flag(bool required, enum tdx_pck_flag found, const char *what, struct err *err)
{
    if (!required || found == TDX_PCK_NO)
        return 0;
    return err_set(err, ERR_DENIED, 0, "expected no %s, the PCK certificate %s", what,
                   found == TDX_PCK_YES ? "says that it is on" : "does not tell");
}

int tdx_verify_rows_smt(struct tdx_run *run, struct err *err)
{
    return check_flag(run->expect->smt_disabled, run->pck.smt_enabled, "SMT", err);
}

int tdx_verify_rows_static_platform(struct tdx_run *run, struct err *err)
{
    return check_flag(run->expect->static_platform, run->pck.dynamic_platform, "dynamic platform", err);
}
