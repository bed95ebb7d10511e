/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_verify.h"

#include "tdx_root.h"
#include "tdx_verify_run.h"

#include <string.h>

#define PCK_CHAIN_COUNT 3

static const uint8_t intel_qe_vendor[TDX_VENDOR_SIZE] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                         0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static bool lists_are_sound(const struct tdx_expect *e)
{
    const struct verify_list *const lists[] = {
        &e->mr_td,    &e->rtmr[0],         &e->rtmr[1], &e->rtmr[2],       &e->rtmr[3], &e->mr_config_id,
        &e->mr_owner, &e->mr_owner_config, &e->mr_seam, &e->mr_service_td, &e->piids,
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!verify_match_list_is_sound(lists[i]))
            return false;
    }
    return e->advisories.any || (e->advisories.count <= TDX_VERIFY_ADVISORIES_MAX &&
                                 (e->advisories.count == 0 || e->advisories.names));
}

static int row_expectations(struct tdx_run *run, struct err *err)
{
    const struct tdx_expect *e = run->expect;

    if (e->now_s <= 0)
        return err_set(err, ERR_MISSING, 0, "the time is not given");
    if (e->report_data.len != TDX_REPORT_DATA_SIZE)
        return err_set(err, ERR_MISSING, 0, "report data is not given (%zu bytes instead of %d)",
                       e->report_data.len, TDX_REPORT_DATA_SIZE);
    if (e->accepted & TDX_ACCEPT(TDX_STATUS_REVOKED) || e->accepted >= TDX_ACCEPT(TDX_STATUS_COUNT))
        return err_set(err, ERR_FORMAT, 0, "a TCB that is Revoked, or unknown, cannot be accepted");
    if (e->evaluation_min == 0)
        return err_set(err, ERR_MISSING, 0, "the minimum of tcbEvaluationDataNumber is not given");
    if (!e->minimum.set)
        return err_set(err, ERR_MISSING, 0, "the minimum SVNs are not given");
    if (!e->attributes.set)
        return err_set(err, ERR_MISSING, 0, "the TD attributes are not given");
    if (!e->xfam.set)
        return err_set(err, ERR_MISSING, 0, "XFAM is not given");
    if (!lists_are_sound(e))
        return err_set(err, ERR_LIMIT, 0, "a list of reference values has more than %d entries",
                       VERIFY_MATCH_LIST_MAX);
    run->names = e->test_root.len > 0 ? &tdx_pck_test : &tdx_pck_intel;
    run->root = e->test_root.len > 0 ? e->test_root : tdx_root();
    return 0;
}

static int row_format(struct tdx_run *run, struct err *err)
{
    if (tdx_quote_parse(run->bytes, &run->quote, err) < 0)
        return -1;
    if (memcmp(run->quote.qe_vendor, intel_qe_vendor, sizeof intel_qe_vendor) != 0)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: the quoting enclave's vendor is not Intel");
    return 0;
}

static int row_signature_data(struct tdx_run *run, struct err *err)
{
    return tdx_qe_parse(run->bytes, run->quote.signed_len, &run->qe, err);
}

static int row_pck_chain(struct tdx_run *run, struct err *err)
{
    struct err platform;

    if (tdx_pck_chain_read(run->qe.certs, PCK_CHAIN_COUNT, &run->chain, err) < 0 ||
        tdx_pck_chain_check(&run->chain, run->root, run->names, err) < 0 ||
        tdx_pck_check_name(&run->chain.certs[0], run->names->pck, err) < 0)
        return -1;
    if (tdx_pck_check_name(&run->chain.certs[1], run->names->ca_platform, &platform) < 0)
        return tdx_pck_check_name(&run->chain.certs[1], run->names->ca_processor, err);
    return 0;
}

static int row_pck_extension(struct tdx_run *run, struct err *err)
{
    return tdx_pck_read(&run->chain.certs[0], &run->pck, err);
}

static int row_dates(struct tdx_run *run, struct err *err)
{
    return tdx_pck_chain_check_time(&run->chain, run->expect->now_s, err);
}

static int row_qe_signature(struct tdx_run *run, struct err *err)
{
    struct ecc_public key;

    if (ecdsa_raw_key_from_spki(run->chain.certs[0].spki, &key, err) < 0)
        return -1;
    return ecdsa_raw_verify(&key, run->qe.report_signature, run->qe.report, err);
}

static int row_attestation_key(struct tdx_run *run, struct err *err)
{
    return tdx_qe_check_key(&run->qe, err);
}

static int row_signature(struct tdx_run *run, struct err *err)
{
    struct ecc_public key;

    if (ecdsa_raw_key(run->qe.key, &key, err) < 0)
        return -1;
    return ecdsa_raw_verify(&key, run->qe.signature, span_sub(run->bytes, 0, run->quote.signed_len), err);
}

/* The checks in order. */
static const struct {
    const char *name;
    tdx_row_fn run;
} rows[TDX_CHECK_COUNT] = {
    [TDX_CHECK_EXPECTATIONS] = {"expectations",               row_expectations                 },
    [TDX_CHECK_FORMAT] = {"format",                     row_format                       },
    [TDX_CHECK_SIGNATURE_DATA] = {"signature data",             row_signature_data               },
    [TDX_CHECK_PCK_CHAIN] = {"pck chain",                  row_pck_chain                    },
    [TDX_CHECK_PCK_EXTENSION] = {"pck extension",              row_pck_extension                },
    [TDX_CHECK_DATES] = {"certificate dates",          row_dates                        },
    [TDX_CHECK_QE_SIGNATURE] = {"qe signature",               row_qe_signature                 },
    [TDX_CHECK_ATTESTATION_KEY] = {"attestation key",            row_attestation_key              },
    [TDX_CHECK_SIGNATURE] = {"signature",                  row_signature                    },
    [TDX_CHECK_ROOT_CRL] = {"root crl",                   tdx_verify_collateral_root_crl   },
    [TDX_CHECK_PCK_CRL] = {"pck crl",                    tdx_verify_collateral_pck_crl    },
    [TDX_CHECK_TCB_INFO] = {"tcb info",                   tdx_verify_collateral_tcb_info   },
    [TDX_CHECK_QE_IDENTITY] = {"qe identity",                tdx_verify_collateral_qe_identity},
    [TDX_CHECK_PLATFORM] = {"platform",                   tdx_verify_collateral_platform   },
    [TDX_CHECK_MODULE] = {"tdx module",                 tdx_verify_collateral_module     },
    [TDX_CHECK_QE] = {"quoting enclave",            tdx_verify_collateral_qe         },
    [TDX_CHECK_TCB_LEVEL] = {"tcb level",                  tdx_verify_collateral_level      },
    [TDX_CHECK_REPORT_DATA] = {"report data",                tdx_verify_rows_report_data      },
    [TDX_CHECK_TCB_STATUS] = {"tcb status",                 tdx_verify_rows_status           },
    [TDX_CHECK_ADVISORIES] = {"advisories",                 tdx_verify_rows_advisories       },
    [TDX_CHECK_EVALUATION] = {"tcb evaluation data number", tdx_verify_rows_evaluation       },
    [TDX_CHECK_SVN] = {"minimum svn",                tdx_verify_rows_svn              },
    [TDX_CHECK_MR_TD] = {"mrtd",                       tdx_verify_rows_mr_td            },
    [TDX_CHECK_RTMR0] = {"rtmr0",                      tdx_verify_rows_rtmr0            },
    [TDX_CHECK_RTMR1] = {"rtmr1",                      tdx_verify_rows_rtmr1            },
    [TDX_CHECK_RTMR2] = {"rtmr2",                      tdx_verify_rows_rtmr2            },
    [TDX_CHECK_RTMR3] = {"rtmr3",                      tdx_verify_rows_rtmr3            },
    [TDX_CHECK_MR_CONFIG_ID] = {"mrconfigid",                 tdx_verify_rows_mr_config_id     },
    [TDX_CHECK_MR_OWNER] = {"mrowner",                    tdx_verify_rows_mr_owner         },
    [TDX_CHECK_MR_OWNER_CONFIG] = {"mrownerconfig",              tdx_verify_rows_mr_owner_config  },
    [TDX_CHECK_MR_SEAM] = {"mrseam",                     tdx_verify_rows_mr_seam          },
    [TDX_CHECK_DEBUG] = {"debug",                      tdx_verify_rows_debug            },
    [TDX_CHECK_SEPT_VE] = {"sept ve disable",            tdx_verify_rows_sept_ve          },
    [TDX_CHECK_ATTRIBUTES] = {"td attributes",              tdx_verify_rows_attributes       },
    [TDX_CHECK_XFAM] = {"xfam",                       tdx_verify_rows_xfam             },
    [TDX_CHECK_SERVICE_TD] = {"mrservicetd",                tdx_verify_rows_service_td       },
    [TDX_CHECK_PIID] = {"platform instance id",       tdx_verify_rows_piid             },
    [TDX_CHECK_MEMORY_INTEGRITY] = {"memory integrity",           tdx_verify_rows_memory_integrity },
    [TDX_CHECK_SMT] = {"smt",                        tdx_verify_rows_smt              },
    [TDX_CHECK_STATIC_PLATFORM] = {"static platform",            tdx_verify_rows_static_platform  },
};

const char *tdx_check_name(enum tdx_check check)
{
    return (unsigned) check < TDX_CHECK_COUNT ? rows[check].name : "none";
}

static void fill_verdict(const struct tdx_run *run, struct tdx_verdict *verdict)
{
    uint32_t info = run->info.validity.evaluation, identity = run->identity.validity.evaluation;

    verdict->quote = run->quote;
    verdict->pck = run->pck;
    verdict->platform = run->platform;
    verdict->module = run->module;
    verdict->qe = run->identity.level;
    verdict->status = run->status;
    verdict->evaluation = info < identity ? info : identity;
}

int tdx_verify(struct span quote, const struct tdx_collateral *collateral, const struct tdx_expect *expect,
               struct tdx_verdict *verdict, struct err *err)
{
    struct tdx_run run = {.bytes = quote, .collateral = collateral, .expect = expect};
    bool refused = false;

    *verdict = (struct tdx_verdict){0};
    for (int i = 0; i < TDX_CHECK_COUNT; i++) {
        struct err why = {0};

        if (refused && i == TDX_CHECK_REPORT_DATA)
            break; /* not genuine: its contents mean nothing */
        if (refused && i < TDX_CHECK_REPORT_DATA)
            continue;
        verdict->rows[i].result = rows[i].run(&run, &why) == 0 ? TDX_PASSED : TDX_REFUSED;
        if (verdict->rows[i].result == TDX_PASSED)
            continue;
        memcpy(verdict->rows[i].text, why.text, sizeof why.text);
        if (!refused) {
            *err = why;
            (void) err_prefix(err, "%s", rows[i].name);
        }
        refused = true;
    }
    fill_verdict(&run, verdict);
    return refused ? -1 : 0;
}
