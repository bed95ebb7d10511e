/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_verify.h"

#include "ecc.h"
#include "hash.h"
#include "snp_verify_rows.h"
#include "x509_crl.h"

#include <stdio.h>
#include <string.h>

/* Names that the certificates must carry: %s is the product's name. */
struct names {
    const char *root;
    const char *intermediate_vcek;
    const char *intermediate_vlek;
    const char *leaf_vcek;
    const char *leaf_vlek;
};
static const struct names amd_names = {"ARK-%s", "SEV-%s", "SEV-VLEK-%s", "SEV-VCEK", "SEV-VLEK"};
static const struct names test_names = {"nacre test ARK-%s", "nacre test SEV-%s", "nacre test SEV-VLEK-%s",
                                        "nacre test SEV-VCEK", "nacre test SEV-VLEK"};

static const struct names *names_of(const struct snp_run *run)
{
    return run->expect->test_root.len > 0 ? &test_names : &amd_names;
}

/* fmt holds at most one %s. Written out so that no format string comes from a variable. */
static int check_cn(struct span cn, const char *fmt, enum snp_product product, struct err *err)
{
    const char *hole = strstr(fmt, "%s");
    char want[64];

    if (hole)
        (void) snprintf(want, sizeof want, "%.*s%s", (int) (hole - fmt), fmt, snp_product_name(product));
    else
        (void) snprintf(want, sizeof want, "%s", fmt);
    if (!span_eq_str(cn, want))
        return err_set(err, ERR_DENIED, 0, "certificate: expected the common name \"%s\"", want);
    return 0;
}

static bool lists_are_sound(const struct snp_expect *e)
{
    const struct snp_list *const lists[] = {
        &e->measurements,       &e->host_data,  &e->chip_ids,  &e->csp_ids_sha256, &e->id_key_digests,
        &e->author_key_digests, &e->family_ids, &e->image_ids, &e->report_ids,     &e->migration_agents,
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!lists[i]->any && (lists[i]->count > SNP_LIST_MAX || (lists[i]->count > 0 && !lists[i]->entries)))
            return false;
    }
    return true;
}

static int row_expectations(struct snp_run *run, struct err *err)
{
    const struct snp_expect *e = run->expect;

    if (e->now_s <= 0)
        return err_set(err, ERR_MISSING, 0, "the time is not given");
    if (e->product == SNP_PRODUCT_UNKNOWN)
        return err_set(err, ERR_MISSING, 0, "the product is not given");
    if (e->report_data.len != SNP_REPORT_DATA_SIZE)
        return err_set(err, ERR_MISSING, 0, "report data is not given (%zu bytes instead of %d)",
                       e->report_data.len, SNP_REPORT_DATA_SIZE);
    if (!e->policy.set || !(e->policy.allowed & SNP_POLICY_MUST_BE_ONE))
        return err_set(err, ERR_MISSING, 0, "the guest policy is not given");
    if (!e->platform_info.set)
        return err_set(err, ERR_MISSING, 0, "the platform info is not given");
    if (!e->tcb.set || !e->launch_tcb.set)
        return err_set(err, ERR_MISSING, 0, "a minimum TCB is not given");
    if (e->crl_not_required == (e->crl.len > 0))
        return err_set(err, ERR_MISSING, 0, "expected either a CRL or the word that none is required");
    if (!e->firmware.set)
        return err_set(err, ERR_MISSING, 0, "the minimum firmware version is not given");
    if (!lists_are_sound(e))
        return err_set(err, ERR_LIMIT, 0, "a list of reference values has more than %d entries",
                       SNP_LIST_MAX);
    return 0;
}

static int row_format(struct snp_run *run, struct err *err)
{
    return snp_report_parse(run->bytes, &run->report, err);
}

static int row_signer(struct snp_run *run, struct err *err)
{
    switch (run->report.signer) {
    case SNP_SIGNER_VCEK:
        run->leaf_der = run->chain->vcek;
        break;
    case SNP_SIGNER_VLEK:
        run->leaf_der = run->chain->vlek;
        break;
    case SNP_SIGNER_NONE:
        return err_set(err, ERR_DENIED, 0, "the report is not signed");
    }
    if (run->leaf_der.len == 0)
        return err_set(err, ERR_MISSING, 0, "no %s certificate came with the report",
                       run->report.signer == SNP_SIGNER_VCEK ? "VCEK" : "VLEK");
    return 0;
}

static int row_product(struct snp_run *run, struct err *err)
{
    enum snp_product found = snp_report_product(&run->report);

    if (run->report.version == 2)
        return 0; /* carries no CPU model; the leaf's productName decides */
    if (found != run->expect->product)
        return err_set(err, ERR_DENIED, 0, "expected %s, found %s (CPU family 0x%x, model 0x%x)",
                       snp_product_name(run->expect->product), snp_product_name(found),
                       run->report.cpu_family, run->report.cpu_model);
    return 0;
}

static int row_root(struct snp_run *run, struct err *err)
{
    const struct snp_expect *e = run->expect;
    struct span der = e->test_root.len > 0 ? e->test_root : snp_certs_ark(e->product);

    if (x509_parse(der, &run->root, err) < 0 || x509_check_issued(&run->root, &run->root, 0, err) < 0 ||
        check_cn(run->root.subject_cn, names_of(run)->root, e->product, err) < 0)
        return -1;
    if (run->chain->ark.len > 0 && !span_eq(run->chain->ark, der))
        return err_set(err, ERR_DENIED, 0, "the ARK that came with the report is not the expected root");
    return 0;
}

static int row_intermediate(struct snp_run *run, struct err *err)
{
    const struct names *n = names_of(run);
    bool vlek = run->report.signer == SNP_SIGNER_VLEK;

    if (run->chain->ask.len == 0)
        return err_set(err, ERR_MISSING, 0, "no %s certificate came with the report", vlek ? "ASVK" : "ASK");
    if (x509_parse(run->chain->ask, &run->intermediate, err) < 0 ||
        check_cn(run->intermediate.subject_cn, vlek ? n->intermediate_vlek : n->intermediate_vcek,
                 run->expect->product, err) < 0)
        return -1;
    if (run->intermediate.sig != X509_SIG_PSS_SHA384)
        return err_set(err, ERR_DENIED, 0, "certificate: expected an RSA-PSS signature");
    return x509_check_issued(&run->intermediate, &run->root, 1, err);
}

static int row_leaf(struct snp_run *run, struct err *err)
{
    const struct names *n = names_of(run);
    const struct snp_leaf *ext = &run->leaf_ext;
    bool vlek = run->report.signer == SNP_SIGNER_VLEK;

    if (x509_parse(run->leaf_der, &run->leaf, err) < 0 ||
        check_cn(run->leaf.subject_cn, vlek ? n->leaf_vlek : n->leaf_vcek, run->expect->product, err) < 0)
        return -1;
    if (run->leaf.sig != X509_SIG_PSS_SHA384)
        return err_set(err, ERR_DENIED, 0, "certificate: expected an RSA-PSS signature");
    if (x509_check_issued(&run->leaf, &run->intermediate, 0, err) < 0 ||
        snp_certs_leaf(&run->leaf, &run->leaf_ext, err) < 0)
        return -1;
    if (ext->signer != run->report.signer)
        return err_set(err, ERR_DENIED, 0, "the certificate is for the other kind of key");
    if (ext->product != run->expect->product)
        return err_set(err, ERR_DENIED, 0, "product of the certificate: expected %s, found %s",
                       snp_product_name(run->expect->product), snp_product_name(ext->product));
    return 0;
}

static int row_dates(struct snp_run *run, struct err *err)
{
    if (x509_check_time(&run->root, run->expect->now_s, err) < 0)
        return err_prefix(err, "root");
    if (x509_check_time(&run->intermediate, run->expect->now_s, err) < 0)
        return err_prefix(err, "intermediate");
    if (x509_check_time(&run->leaf, run->expect->now_s, err) < 0)
        return err_prefix(err, "leaf");
    return 0;
}

/* The list names intermediates; a leaf on it would be refused too. */
static int row_revocation(struct snp_run *run, struct err *err)
{
    struct x509_crl crl;

    if (run->expect->crl_not_required)
        return 0;
    if (x509_crl_parse(run->expect->crl, &crl, err) < 0 ||
        x509_crl_check(&crl, &run->root, run->expect->now_s, err) < 0)
        return -1;
    if (x509_crl_check_not_listed(&crl, &run->intermediate, err) < 0)
        return err_prefix(err, "intermediate");
    if (x509_crl_check_not_listed(&crl, &run->leaf, err) < 0)
        return err_prefix(err, "leaf");
    return 0;
}

static int row_cert_tcb(struct snp_run *run, struct err *err)
{
    const struct snp_tcb_parts *cert = &run->leaf_ext.tcb;
    struct snp_tcb_parts reported, current;
    char want[SNP_TCB_TEXT_SIZE], found[SNP_TCB_TEXT_SIZE];

    if (snp_tcb_split(run->report.reported_tcb, run->expect->product, &reported, err) < 0 ||
        snp_tcb_split(run->report.current_tcb, run->expect->product, &current, err) < 0)
        return -1;
    snp_verify_rows_tcb_text(cert, want);
    if (!snp_verify_rows_tcb_le(cert, &reported) || !snp_verify_rows_tcb_le(&reported, cert)) {
        snp_verify_rows_tcb_text(&reported, found);
        return err_set(err, ERR_DENIED, 0, "the certificate is for %s, the report says %s", want, found);
    }
    if (!snp_verify_rows_tcb_le(cert, &current)) {
        snp_verify_rows_tcb_text(&current, found);
        return err_set(err, ERR_DENIED, 0, "the certificate is for %s, the platform runs %s", want, found);
    }
    return 0;
}

static int row_cert_chip(struct snp_run *run, struct err *err)
{
    struct span chip_id = span_of(run->report.chip_id, SNP_CHIP_ID_SIZE);
    struct span hwid = run->leaf_ext.hwid;
    uint8_t digest[SHA256_SIZE];

    if (run->leaf_ext.signer == SNP_SIGNER_VLEK) {
        if (hash_bytes(HASH_SHA256, run->leaf_ext.csp_id, digest, err) < 0)
            return -1;
        if (snp_verify_rows_list(&run->expect->csp_ids_sha256, span_of(digest, sizeof digest), err) < 0)
            return err_prefix(err, "SHA-256 of CSP_ID");
        return 0;
    }
    if (!span_eq(span_sub(chip_id, 0, hwid.len), hwid) ||
        (hwid.len < chip_id.len && !span_is_zero(span_sub(chip_id, hwid.len, chip_id.len - hwid.len))))
        return err_set(err, ERR_DENIED, 0, "the certificate's HWID is not the report's chip id");
    return 0;
}

/* Little-endian numbers of the report to big endian. */
static void reversed(const uint8_t in[SNP_SIG_FIELD], uint8_t out[SNP_SIG_FIELD])
{
    for (size_t i = 0; i < SNP_SIG_FIELD; i++)
        out[i] = in[SNP_SIG_FIELD - 1 - i];
}

static int row_signature(struct snp_run *run, struct err *err)
{
    struct ecc_public key;
    struct ecc_sig sig;
    uint8_t digest[SHA384_SIZE];

    if (ecc_public_from_spki(run->leaf.spki, &key, err) < 0)
        return -1;
    if (key.curve != ECC_CURVE_P384)
        return err_set(err, ERR_DENIED, 0, "expected a key on P-384");
    if (hash_bytes(HASH_SHA384, span_sub(run->bytes, 0, SNP_REPORT_SIGNED_SIZE), digest, err) < 0)
        return -1;
    reversed(run->report.sig_r, sig.r);
    reversed(run->report.sig_s, sig.s);
    return ecc_verify(&key, span_of(digest, sizeof digest), &sig, err);
}

/* The checks in order. */
static const struct {
    const char *name;
    snp_row_fn run;
} rows[SNP_CHECK_COUNT] = {
    [SNP_CHECK_EXPECTATIONS] = {"expectations",             row_expectations               },
    [SNP_CHECK_FORMAT] = {"format",                   row_format                     },
    [SNP_CHECK_SIGNER] = {"signer",                   row_signer                     },
    [SNP_CHECK_PRODUCT] = {"product",                  row_product                    },
    [SNP_CHECK_ROOT] = {"root certificate",         row_root                       },
    [SNP_CHECK_INTERMEDIATE] = {"intermediate certificate", row_intermediate               },
    [SNP_CHECK_LEAF] = {"leaf certificate",         row_leaf                       },
    [SNP_CHECK_DATES] = {"certificate dates",        row_dates                      },
    [SNP_CHECK_REVOCATION] = {"revocation",               row_revocation                 },
    [SNP_CHECK_CERT_TCB] = {"certificate tcb",          row_cert_tcb                   },
    [SNP_CHECK_CERT_CHIP] = {"certificate chip",         row_cert_chip                  },
    [SNP_CHECK_SIGNATURE] = {"signature",                row_signature                  },
    [SNP_CHECK_REPORT_DATA] = {"report data",              snp_verify_rows_report_data    },
    [SNP_CHECK_MEASUREMENT] = {"measurement",              snp_verify_rows_measurement    },
    [SNP_CHECK_HOST_DATA] = {"host data",                snp_verify_rows_host_data      },
    [SNP_CHECK_POLICY] = {"guest policy",             snp_verify_rows_policy         },
    [SNP_CHECK_VMPL] = {"vmpl",                     snp_verify_rows_vmpl           },
    [SNP_CHECK_REPORTED_TCB] = {"reported tcb",             snp_verify_rows_reported_tcb   },
    [SNP_CHECK_LAUNCH_TCB] = {"launch tcb",               snp_verify_rows_launch_tcb     },
    [SNP_CHECK_COMMITTED] = {"committed firmware",       snp_verify_rows_committed      },
    [SNP_CHECK_PLATFORM_INFO] = {"platform info",            snp_verify_rows_platform_info  },
    [SNP_CHECK_CHIP_ID] = {"chip id",                  snp_verify_rows_chip_id        },
    [SNP_CHECK_ID_KEY] = {"id key digest",            snp_verify_rows_id_key         },
    [SNP_CHECK_GUEST_SVN] = {"guest svn",                snp_verify_rows_guest_svn      },
    [SNP_CHECK_MIT_VECTOR] = {"mitigation vector",        snp_verify_rows_mit_vector     },
    [SNP_CHECK_AUTHOR_KEY] = {"author key digest",        snp_verify_rows_author_key     },
    [SNP_CHECK_FAMILY_ID] = {"family id",                snp_verify_rows_family_id      },
    [SNP_CHECK_IMAGE_ID] = {"image id",                 snp_verify_rows_image_id       },
    [SNP_CHECK_REPORT_ID] = {"report id",                snp_verify_rows_report_id      },
    [SNP_CHECK_MIGRATION_AGENT] = {"migration agent",          snp_verify_rows_migration_agent},
    [SNP_CHECK_FIRMWARE] = {"firmware version",         snp_verify_rows_firmware       },
};

const char *snp_check_name(enum snp_check check)
{
    return (unsigned) check < SNP_CHECK_COUNT ? rows[check].name : "none";
}

int snp_verify(struct span report, const struct snp_chain *chain, const struct snp_expect *expect,
               struct snp_verdict *verdict, struct err *err)
{
    struct snp_run run = {.bytes = report, .chain = chain, .expect = expect};
    bool refused = false;

    *verdict = (struct snp_verdict){0};
    for (int i = 0; i < SNP_CHECK_COUNT; i++) {
        struct err why = {0};

        if (refused && i == SNP_CHECK_REPORT_DATA)
            break; /* not genuine: its contents mean nothing */
        if (refused && i < SNP_CHECK_REPORT_DATA)
            continue;
        verdict->rows[i].result = rows[i].run(&run, &why) == 0 ? SNP_PASSED : SNP_REFUSED;
        if (verdict->rows[i].result == SNP_PASSED)
            continue;
        memcpy(verdict->rows[i].text, why.text, sizeof why.text);
        if (!refused) {
            *err = why;
            (void) err_prefix(err, "%s", rows[i].name);
        }
        refused = true;
    }
    verdict->report = run.report;
    return refused ? -1 : 0;
}
