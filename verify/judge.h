/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge: evidence against all that the data owner expects, one row of the table a check.
 *
 * Where an expectation comes from, the first that is given: an option of its own, --any, the manifest, the
 * published measurements. None of them is an error that names the ways out.
 */
#ifndef NACRE_JUDGE_H
#define NACRE_JUDGE_H

#include "evidence.h"
#include "inputs.h"
#include "snp_verify.h"
#include "table.h"

#define JUDGE_REPORT_DATA_SIZE 64

/* Options of `evidence` for single values; zero elsewhere. */
struct judge_args {
    const char *product;
    struct opt_files measurement; /* hex; on TDX: MRTD */
    struct opt_files host_data;   /* hex */
    const char *initdata;         /* file */
    struct opt_files chip_id;     /* hex; on TDX: PIID */
    struct opt_files id_key;      /* hex */
    const char *csp_id;
    const char *min_tcb; /* "bootloader=10,tee=0,snp=23,microcode=25,fmc=0" */
    struct opt_number vmpl;
    const char *rtmr[4]; /* hex */
    const char *mr_seam; /* hex */
    const char *xfam;    /* hex */
    struct opt_files accept;
    struct opt_files advisory;
    struct opt_number min_evaluation;
};

struct judge {
    const struct inputs *in;
    const struct judge_args *args;
    const struct evidence *evidence; /* NULL: the claims of a certificate (leaf_claims.c) */
    const uint8_t *report_data;      /* JUDGE_REPORT_DATA_SIZE bytes; NULL: given up by --any report-data */
    const char *report_data_from;    /* how the expected bytes were made, for the table */
    const char *prefix;              /* before the names of rows: "" or "coordinator " */
    bool coordinator;                /* the policy entry must have the Coordinator's role */
};

/* What came of it, beside the rows. */
struct judge_result {
    bool digest_unknown;                  /* the launch digest is none of those expected */
    const struct manifest_policy *policy; /* the manifest's entry for the host data; NULL: none */
};

/* Returns 0 with rows in t (refusals are rows too), or -1 with *err set: ERR_MISSING when an expectation is
 * missing, else a value of an option is wrong. */
int judge_evidence(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
    __attribute__((warn_unused_result, nonnull));

int judge_snp(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int judge_tdx(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* --- shared by the two ----------------------------------------------------------------------------- */

/* Values of one size, owned. */
struct judge_list {
    uint8_t *entries;
    size_t count;
    bool any;
    const char *from; /* "the options", "the manifest", ...: for the table */
};
void judge_list_free(struct judge_list *list);
#define AUTO_JUDGE_LIST __attribute__((cleanup(judge_list_free))) struct judge_list

/* Hex values of an option. */
int judge_hex_list(const struct opt_files *texts, const char *option, size_t size, struct judge_list *out,
                   struct err *err) __attribute__((warn_unused_result, nonnull));
/* All digests of the published measurements, in one block. */
int judge_published(const struct measurements_snp *snp, struct judge_list *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The published values of MRTD (0: two of them) or RTMR1 to RTMR3 (1 to 3). */
int judge_published_tdx(const struct measurements_tdx *tdx, unsigned which, struct judge_list *out,
                        struct err *err) __attribute__((warn_unused_result, nonnull));
/* Tell in the row under which CPU a published digest stands; false: it is none. */
bool judge_name_digest(const struct measurements_snp *snp, const uint8_t *digest, struct table_row *row)
    __attribute__((nonnull(1, 2)));
/* Nothing gives it and --any does not give it up: ERR_MISSING, naming ways out. */
int judge_missing(const char *what, const char *ways, struct err *err) __attribute__((nonnull));
/* The host data that are allowed: of --host-data, --initdata, the manifest's policies, the published ones. */
int judge_host_data(const struct judge *j, struct table *t, struct judge_list *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The row "policy" when there is a manifest: which entry the host data names, and its role. */
void judge_policy(const struct judge *j, struct span host_data, struct table *t, struct judge_result *result)
    __attribute__((nonnull));
/* "any", the one value in hex, or "one of N of <from>". */
void judge_expected_list(struct table_row *row, const struct judge_list *list, size_t size)
    __attribute__((nonnull(2)));
/* The value in hex. */
void judge_found_hex(struct table_row *row, struct span value);

#endif
