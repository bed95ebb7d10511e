/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collateral_dir.h"

#include "inputs.h"
#include "tdx_pck.h"
#include "tdx_qe.h"
#include "tdx_quote.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
#define NAME_BYTES 64
#define CRL_MAX 65535
#define PCK_CHAIN 3 /* certificates in a quote */

enum file {
    FILE_TCB_INFO,
    FILE_TCB_INFO_CHAIN,
    FILE_QE_IDENTITY,
    FILE_QE_IDENTITY_CHAIN,
    FILE_ROOT_CRL,
    FILE_PCK_CRL,
};

struct names {
    char of[COLLATERAL_DIR_FILES][NAME_BYTES];
};

static int read_named(const char *dir, const char *name, size_t max, struct fileio_bytes *out,
                      struct err *err)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int) sizeof path)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", dir);
    return inputs_read(path, max, out, err);
}

/* Returns 1, or 0 when the quote cannot be taken apart. */
static int names_of(struct span quote, struct names *out)
{
    struct tdx_quote parsed;
    struct tdx_qe qe;
    struct tdx_pck_chain chain;
    struct tdx_pck pck;
    struct err why;
    char fmspc[2 * TDX_PCK_FMSPC_SIZE + 1] = "";

    if (tdx_quote_parse(quote, &parsed, &why) < 0 || tdx_qe_parse(quote, parsed.signed_len, &qe, &why) < 0 ||
        tdx_pck_chain_read(qe.certs, PCK_CHAIN, &chain, &why) < 0 ||
        tdx_pck_read(&chain.certs[0], &pck, &why) < 0)
        return 0;
    for (size_t i = 0; i < TDX_PCK_FMSPC_SIZE; i++)
        (void) snprintf(fmspc + 2 * i, 3, "%02x", pck.fmspc[i]);
    const bool processor = tdx_pck_check_name(&chain.certs[1], tdx_pck_intel.ca_processor, &why) == 0 ||
                           tdx_pck_check_name(&chain.certs[1], tdx_pck_test.ca_processor, &why) == 0;
    (void) snprintf(out->of[FILE_TCB_INFO], NAME_BYTES, "tdx-tcb-info-%s.json", fmspc);
    (void) snprintf(out->of[FILE_TCB_INFO_CHAIN], NAME_BYTES, "tdx-tcb-info-%s.pem", fmspc);
    (void) snprintf(out->of[FILE_QE_IDENTITY], NAME_BYTES, "tdx-qe-identity.json");
    (void) snprintf(out->of[FILE_QE_IDENTITY_CHAIN], NAME_BYTES, "tdx-qe-identity.pem");
    (void) snprintf(out->of[FILE_ROOT_CRL], NAME_BYTES, "tdx-root.crl");
    (void) snprintf(out->of[FILE_PCK_CRL], NAME_BYTES, "tdx-pck-%s.crl",
                    processor ? "processor" : "platform");
    return 1;
}

int collateral_dir_tdx(const char *dir, struct span quote, struct collateral_dir *out, struct err *err)
{
    struct collateral_dir c = {0};
    struct names names;

    if (names_of(quote, &names) == 0)
        return 0;
    for (size_t i = 0; i < COLLATERAL_DIR_FILES; i++) {
        if (read_named(dir, names.of[i], TDX_COLLATERAL_JSON_MAX, &c.files[i], err) < 0) {
            collateral_dir_free(&c);
            return -1;
        }
    }
    c.spans = (struct tdx_collateral){.tcb_info = fileio_span(&c.files[FILE_TCB_INFO]),
                                      .tcb_info_chain = fileio_span(&c.files[FILE_TCB_INFO_CHAIN]),
                                      .qe_identity = fileio_span(&c.files[FILE_QE_IDENTITY]),
                                      .qe_identity_chain = fileio_span(&c.files[FILE_QE_IDENTITY_CHAIN]),
                                      .root_crl = fileio_span(&c.files[FILE_ROOT_CRL]),
                                      .pck_crl = fileio_span(&c.files[FILE_PCK_CRL])};
    *out = c;
    return 0;
}

void collateral_dir_free(struct collateral_dir *c)
{
    for (size_t i = 0; i < COLLATERAL_DIR_FILES; i++)
        fileio_free(&c->files[i]);
    *c = (struct collateral_dir){0};
}

int collateral_dir_snp_crl(const char *dir, enum snp_product product, struct fileio_bytes *out,
                           struct err *err)
{
    static const char *const names[] = {
        [SNP_PRODUCT_UNKNOWN] = NULL,
        [SNP_PRODUCT_MILAN] = "snp-milan.crl",
        [SNP_PRODUCT_GENOA] = "snp-genoa.crl",
        [SNP_PRODUCT_TURIN] = "snp-turin.crl",
    };

    if (names[product] == NULL)
        return err_set(err, ERR_MISSING, 0, "the product is not known");
    return read_named(dir, names[product], CRL_MAX, out, err);
}
