/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collateral_check.h"

#include "der_time.h"
#include "snp_certs.h"
#include "tdx_identity.h"
#include "tdx_pck.h"
#include "tdx_root.h"
#include "tdx_tcb.h"
#include "x509_crl.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIGNER_CHAIN 2 /* certificates: TCB signing, root */

/* One check under way. */
struct check {
    const struct collateral_file *file;
    struct span bytes;
    struct span chain;
    const struct collateral_roots *roots;
    int64_t now_s;
    char *late;
};

static void check_window(struct check *c, int64_t from_s, int64_t to_s)
{
    char from[DER_TIME_TEXT_SIZE], to[DER_TIME_TEXT_SIZE];

    if (c->late[0] != '\0' || (from_s <= c->now_s && c->now_s <= to_s))
        return;
    der_time_text(from_s, from);
    der_time_text(to_s, to);
    (void) snprintf(c->late, ERR_TEXT_MAX, "is for %s to %s, which is not now", from, to);
}

/* Which root a try is about: 0 is the vendor's own. */
static struct span root_at(const struct check *c, size_t i, struct span vendor)
{
    return i == 0 ? vendor : fileio_span(&c->roots->roots[i - 1]);
}

/* The signer of a body: chain and name are right under one of the roots. */
static int read_signer(struct check *c, struct tdx_pck_chain *signer, struct err *err)
{
    struct err first = {0};

    if (c->chain.len == 0)
        return err_set(err, ERR_MISSING, 0, "its signer's chain, the same name with .pem, is missing");
    if (tdx_pck_chain_read(c->chain, SIGNER_CHAIN, signer, err) < 0)
        return err_prefix(err, ".pem");
    for (size_t i = 0; i <= c->roots->count; i++) {
        const struct tdx_pck_names *names = i == 0 ? &tdx_pck_intel : &tdx_pck_test;

        if (tdx_pck_chain_check(signer, root_at(c, i, tdx_root()), names, err) == 0 &&
            tdx_pck_check_name(&signer->certs[0], names->tcb_signer, err) == 0)
            return 0;
        if (i == 0)
            first = *err;
    }
    *err = first;
    return err_prefix(err, ".pem");
}

/* The signed value of a body, its signature checked. */
static int read_body(struct check *c, const char *key, struct span *value, struct err *err)
{
    struct tdx_pck_chain signer;
    struct tdx_signed part;
    struct err late;

    if (read_signer(c, &signer, err) < 0 ||
        tdx_collateral_split(c->bytes, c->file->name, key, &part, err) < 0 ||
        tdx_collateral_check(&part, signer.certs[0].spki, err) < 0)
        return -1;
    if (tdx_pck_chain_check_time(&signer, c->now_s, &late) < 0)
        memcpy(c->late, late.text, sizeof late.text);
    *value = part.value;
    return 0;
}

static int check_tcb_info(struct check *c, struct err *err)
{
    static const uint8_t zero[TDX_PCK_SVN_COUNT];
    const struct tdx_platform nobody = {zero, 0, zero}; /* no level is asked for */
    struct tdx_tcb_info info;
    uint8_t fmspc[TDX_TCB_FMSPC_SIZE];
    struct span value, digits;

    if (read_body(c, "tcbInfo", &value, err) < 0 || tdx_tcb_info_read(value, &nobody, &info, err) < 0)
        return -1;
    digits = span_of(c->file->name + strlen(COLLATERAL_TCB_INFO), 2 * sizeof fmspc);
    if (tdx_collateral_hex(digits, fmspc, sizeof fmspc, err) < 0)
        return -1;
    if (memcmp(fmspc, info.fmspc, sizeof fmspc) != 0)
        return err_set(err, ERR_FORMAT, 0, "is about another FMSPC than its name says");
    check_window(c, info.validity.issue_s, info.validity.next_update_s);
    return 0;
}

static int check_qe_identity(struct check *c, struct err *err)
{
    struct tdx_qe_identity identity;
    struct span value;

    if (read_body(c, "enclaveIdentity", &value, err) < 0 || tdx_identity_read(value, 0, &identity, err) < 0)
        return -1;
    check_window(c, identity.validity.issue_s, identity.validity.next_update_s);
    return 0;
}

/* A body's check has looked at it; without a body it is of no use, and its body is asked for. */
static int check_chain(struct check *c, struct err *err)
{
    struct tdx_pck_chain chain;

    (void) c;
    return tdx_pck_chain_read(c->bytes, SIGNER_CHAIN, &chain, err);
}

/* A list by one of the roots: the vendor's, whose DER is given, or a test root. */
static int check_crl_by(struct check *c, struct span vendor, struct err *err)
{
    struct x509_crl crl;
    struct err first = {0};

    if (x509_crl_parse(c->bytes, &crl, err) < 0)
        return -1;
    for (size_t i = 0; i <= c->roots->count; i++) {
        struct x509 root;

        if (x509_parse(root_at(c, i, vendor), &root, err) == 0 &&
            x509_crl_check(&crl, &root, crl.this_update_s, err) == 0) {
            check_window(c, crl.this_update_s, crl.next_update_s);
            return 0;
        }
        if (i == 0)
            first = *err;
    }
    *err = first;
    return -1;
}

static int check_root_crl(struct check *c, struct err *err)
{
    return check_crl_by(c, tdx_root(), err);
}

/* Its signer comes with a quote. */
static int check_pck_crl(struct check *c, struct err *err)
{
    struct x509_crl crl;

    if (x509_crl_parse(c->bytes, &crl, err) < 0)
        return -1;
    check_window(c, crl.this_update_s, crl.next_update_s);
    return 0;
}

static const struct {
    enum snp_product product;
    const char *name;
} crls[] = {
    {SNP_PRODUCT_MILAN, "snp-milan.crl"},
    {SNP_PRODUCT_GENOA, "snp-genoa.crl"},
    {SNP_PRODUCT_TURIN, "snp-turin.crl"},
};

const char *collateral_check_crl_name(enum snp_product product)
{
    for (size_t i = 0; i < COUNT(crls); i++) {
        if (crls[i].product == product)
            return crls[i].name;
    }
    return NULL;
}

static int check_snp_crl(struct check *c, struct err *err)
{
    for (size_t i = 0; i < COUNT(crls); i++) {
        if (strcmp(c->file->name, crls[i].name) == 0)
            return check_crl_by(c, snp_certs_ark(crls[i].product), err);
    }
    return err_set(err, ERR_FORMAT, 0, "is a list of an unknown product");
}

/* "tdx-tcb-info-<12 hex digits><end>" */
static bool is_tcb_info(const char *name, const char *end)
{
    const size_t head = strlen(COLLATERAL_TCB_INFO), digits = (size_t) 2 * TDX_TCB_FMSPC_SIZE;

    return strncmp(name, COLLATERAL_TCB_INFO, head) == 0 && strlen(name) == head + digits + strlen(end) &&
           strspn(name + head, "0123456789abcdef") == digits && strcmp(name + head + digits, end) == 0;
}

typedef int (*check_fn)(struct check *c, struct err *err);

static check_fn check_of(const char *name)
{
    static const struct {
        const char *name;
        check_fn check;
    } rows[] = {
        {COLLATERAL_QE_IDENTITY,       check_qe_identity},
        {COLLATERAL_QE_IDENTITY_CHAIN, check_chain      },
        {COLLATERAL_ROOT_CRL,          check_root_crl   },
        {COLLATERAL_PCK_CRL_PLATFORM,  check_pck_crl    },
        {COLLATERAL_PCK_CRL_PROCESSOR, check_pck_crl    },
        {"snp-milan.crl",              check_snp_crl    },
        {"snp-genoa.crl",              check_snp_crl    },
        {"snp-turin.crl",              check_snp_crl    },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].check;
    }
    if (is_tcb_info(name, ".json"))
        return check_tcb_info;
    return is_tcb_info(name, ".pem") ? check_chain : NULL;
}

int collateral_check_file(const struct collateral_file *file, struct span chain,
                          const struct collateral_roots *roots, int64_t now_s, char *late, struct err *err)
{
    struct check c = {.file = file,
                      .bytes = fileio_span(&file->bytes),
                      .chain = chain,
                      .roots = roots,
                      .now_s = now_s,
                      .late = late};
    const check_fn check = check_of(file->name);

    late[0] = '\0';
    if (check == NULL)
        return err_set(err, ERR_FORMAT, 0, "%s is no name of a collateral file", file->name);
    return check(&c, err) < 0 ? err_prefix(err, "%s", file->name) : 0;
}
