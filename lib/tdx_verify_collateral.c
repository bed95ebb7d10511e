/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "der_time.h"
#include "hex.h"
#include "tdx_verify_run.h"

#include <string.h>

enum cert { CERT_LEAF = 0, CERT_CA = 1, CERT_ROOT = 2 }; /* of the PCK chain */

int tdx_verify_collateral_root_crl(struct tdx_run *run, struct err *err)
{
    if (run->collateral->root_crl.len == 0)
        return err_set(err, ERR_MISSING, 0, "the root's CRL is not given");
    if (x509_crl_parse(run->collateral->root_crl, &run->root_crl, err) < 0 ||
        x509_crl_check(&run->root_crl, &run->chain.certs[CERT_ROOT], run->expect->now_s, err) < 0)
        return -1;
    if (x509_crl_check_not_listed(&run->root_crl, &run->chain.certs[CERT_CA], err) < 0)
        return err_prefix(err, "PCK CA");
    return 0;
}

int tdx_verify_collateral_pck_crl(struct tdx_run *run, struct err *err)
{
    struct x509_crl crl;

    if (run->collateral->pck_crl.len == 0)
        return err_set(err, ERR_MISSING, 0, "the PCK CA's CRL is not given");
    if (x509_crl_parse(run->collateral->pck_crl, &crl, err) < 0 ||
        x509_crl_check(&crl, &run->chain.certs[CERT_CA], run->expect->now_s, err) < 0)
        return -1;
    if (x509_crl_check_not_listed(&crl, &run->chain.certs[CERT_LEAF], err) < 0)
        return err_prefix(err, "PCK");
    return 0;
}

/* text is the chain of a signer that root and CRL vouch for: into run->signer. */
static int read_signer(struct tdx_run *run, struct span text, struct err *err)
{
    if (text.len == 0)
        return err_set(err, ERR_MISSING, 0, "the signer's chain is not given");
    if (tdx_pck_chain_read(text, 2, &run->signer, err) < 0 ||
        tdx_pck_chain_check(&run->signer, run->root, run->names, err) < 0 ||
        tdx_pck_check_name(&run->signer.certs[0], run->names->tcb_signer, err) < 0 ||
        tdx_pck_chain_check_time(&run->signer, run->expect->now_s, err) < 0 ||
        x509_crl_check_not_listed(&run->root_crl, &run->signer.certs[0], err) < 0)
        return err_prefix(err, "signer");
    return 0;
}

static int check_validity(const struct tdx_validity *v, int64_t now_s, struct err *err)
{
    char from[DER_TIME_TEXT_SIZE], to[DER_TIME_TEXT_SIZE], now[DER_TIME_TEXT_SIZE];

    if (v->issue_s <= now_s && now_s <= v->next_update_s)
        return 0;
    der_time_text(v->issue_s, from);
    der_time_text(v->next_update_s, to);
    der_time_text(now_s, now);
    return err_set(err, ERR_DENIED, 0, "issued %s, next update %s, the time is %s", from, to, now);
}

int tdx_verify_collateral_tcb_info(struct tdx_run *run, struct err *err)
{
    struct tdx_platform platform = {run->pck.comps, run->pck.pce_svn, run->quote.tee_tcb_svn};
    struct tdx_signed part;

    if (read_signer(run, run->collateral->tcb_info_chain, err) < 0 ||
        tdx_collateral_split(run->collateral->tcb_info, "TCB info", "tcbInfo", &part, err) < 0 ||
        tdx_collateral_check(&part, run->signer.certs[0].spki, err) < 0 ||
        tdx_tcb_info_read(part.value, &platform, &run->info, err) < 0)
        return -1;
    if (run->quote.is_1_5) {
        platform.tee_tcb_svn = run->quote.tee_tcb_svn_2;
        if (tdx_tcb_info_read(part.value, &platform, &run->info_now, err) < 0)
            return -1;
    }
    return check_validity(&run->info.validity, run->expect->now_s, err);
}

int tdx_verify_collateral_qe_identity(struct tdx_run *run, struct err *err)
{
    struct tdx_signed part;
    bool same = span_eq(run->collateral->qe_identity_chain, run->collateral->tcb_info_chain);

    if ((!same && read_signer(run, run->collateral->qe_identity_chain, err) < 0) ||
        tdx_collateral_split(run->collateral->qe_identity, "QE identity", "enclaveIdentity", &part, err) <
            0 ||
        tdx_collateral_check(&part, run->signer.certs[0].spki, err) < 0 ||
        tdx_identity_read(part.value, run->qe.svn, &run->identity, err) < 0)
        return -1;
    return check_validity(&run->identity.validity, run->expect->now_s, err);
}

static int check_id(const char *what, struct span want, struct span found, struct err *err)
{
    char want_text[VERIFY_MATCH_TEXT_SIZE], found_text[VERIFY_MATCH_TEXT_SIZE];

    if (span_eq(want, found))
        return 0;
    verify_match_text(want, want_text);
    verify_match_text(found, found_text);
    return err_set(err, ERR_DENIED, 0, "%s: the TCB info is for %s, the PCK says %s", what, want_text,
                   found_text);
}

int tdx_verify_collateral_platform(struct tdx_run *run, struct err *err)
{
    if (check_id("FMSPC", span_of(run->info.fmspc, TDX_TCB_FMSPC_SIZE),
                 span_of(run->pck.fmspc, TDX_PCK_FMSPC_SIZE), err) < 0)
        return -1;
    return check_id("PCEID", span_of(run->info.pce_id, TDX_TCB_PCEID_SIZE),
                    span_of(run->pck.pce_id, TDX_PCK_PCEID_SIZE), err);
}

static uint64_t le64(const uint8_t bytes[8])
{
    struct reader r = reader_of(span_of(bytes, 8));

    return reader_le64(&r);
}

static int check_module(const struct tdx_quote *q, const struct tdx_tcb_info *info, uint8_t major,
                        struct err *err)
{
    uint64_t want = le64(info->module.attributes);

    if (!info->module_known)
        return err_set(err, ERR_DENIED, 0, "the TCB info knows no module TDX_%02X", major);
    if (memcmp(info->module.mr_signer, q->mr_signer_seam, TDX_REG_SIZE) != 0)
        return err_set(err, ERR_DENIED, 0, "MRSIGNERSEAM is not the signer of Intel's module");
    if ((q->seam_attributes & ~le64(info->module.attributes_mask)) != 0 || q->seam_attributes != want)
        return err_set(err, ERR_DENIED, 0, "SEAMATTRIBUTES: expected 0x%llx, found 0x%llx",
                       (unsigned long long) want, (unsigned long long) q->seam_attributes);
    return 0;
}

int tdx_verify_collateral_module(struct tdx_run *run, struct err *err)
{
    const struct tdx_quote *q = &run->quote;

    if (check_module(q, &run->info, q->tee_tcb_svn[1], err) < 0)
        return -1;
    return q->is_1_5 ? check_module(q, &run->info_now, q->tee_tcb_svn_2[1], err) : 0;
}

int tdx_verify_collateral_qe(struct tdx_run *run, struct err *err)
{
    return tdx_identity_check(&run->identity, &run->qe, err);
}

static void take_worse(const struct tdx_level *level, struct tdx_level *worst)
{
    if (level->found && (!worst->found || level->status > worst->status))
        *worst = *level;
}

/* One TEE_TCB_SVN has its levels. */
static int take_levels(const struct tdx_tcb_info *info, const uint8_t svn[TDX_SVN_SIZE], struct tdx_run *run,
                       struct err *err)
{
    char text[VERIFY_MATCH_TEXT_SIZE];

    verify_match_text(span_of(svn, TDX_SVN_SIZE), text);
    if (!info->platform.found)
        return err_set(err, ERR_DENIED, 0, "no level of the TCB info matches the platform (TEE TCB SVN %s)",
                       text);
    if (svn[1] > 0 && !info->module_level.found)
        return err_set(err, ERR_DENIED, 0, "no level of the module TDX_%02X has SVN %u or less", svn[1],
                       svn[0]);
    take_worse(&info->platform, &run->platform);
    take_worse(&info->module_level, &run->module);
    return 0;
}

int tdx_verify_collateral_level(struct tdx_run *run, struct err *err)
{
    const struct tdx_quote *q = &run->quote;
    enum tdx_status worst;

    if (take_levels(&run->info, q->tee_tcb_svn, run, err) < 0 ||
        (q->is_1_5 && take_levels(&run->info_now, q->tee_tcb_svn_2, run, err) < 0))
        return -1;
    if (!run->identity.level.found)
        return err_set(err, ERR_DENIED, 0, "no level of the QE identity has SVN %u or less", run->qe.svn);
    worst = run->platform.status;
    if (run->module.found && run->module.status > worst)
        worst = run->module.status;
    if (run->identity.level.status > worst)
        worst = run->identity.level.status;
    run->status = worst;
    return 0;
}
