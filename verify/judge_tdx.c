/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "collateral_dir.h"
#include "hex.h"
#include "tdx_rows.h"

#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES_ALLOWED TDX_ATTR_SEPT_VE_DISABLE

/* Everything that is expected, with what it borrows from. */
struct work {
    const struct judge *j;
    struct tdx_quote quote;       /* as it came; zero when it does not parse: the verification says so */
    struct judge_list host_data;  /* 32 bytes each */
    struct judge_list config_ids; /* the same as MRCONFIGID */
    struct judge_list mr_td;
    struct judge_list rtmr[TDX_VERIFY_RTMR_COUNT];
    struct judge_list mr_seam;
    struct judge_list piids;
    struct collateral_dir collateral;
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    struct tdx_expect expect;
    struct tdx_rows rows;
    struct tdx_verdict verdict;
};

static void free_work(struct work **w)
{
    if (*w == NULL)
        return;
    judge_list_free(&(*w)->host_data);
    judge_list_free(&(*w)->config_ids);
    judge_list_free(&(*w)->mr_td);
    for (size_t i = 0; i < TDX_VERIFY_RTMR_COUNT; i++)
        judge_list_free(&(*w)->rtmr[i]);
    judge_list_free(&(*w)->mr_seam);
    judge_list_free(&(*w)->piids);
    collateral_dir_free(&(*w)->collateral);
    free(*w);
}
#define AUTO_WORK __attribute__((cleanup(free_work))) struct work

static struct verify_list list_of(const struct judge_list *list)
{
    return (struct verify_list){.entries = list->entries, .count = list->count, .any = list->any};
}

/* --- one expectation each -------------------------------------------------------------------------- */

/* One register in hex; text NULL: *given is false. */
static int read_register(const char *text, const char *option, struct judge_list *out, bool *given,
                         struct err *err)
{
    const struct opt_files one = {.paths = {text}, .count = 1};

    *given = text != NULL;
    return *given ? judge_hex_list(&one, option, TDX_REG_SIZE, out, err) : 0;
}

/* The register of the manifest's entry. */
static int copy_register(const uint8_t from[TDX_REG_SIZE], struct judge_list *out, struct err *err)
{
    out->entries = calloc(1, TDX_REG_SIZE);
    if (out->entries == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    memcpy(out->entries, from, TDX_REG_SIZE);
    out->count = 1;
    out->from = "the manifest";
    return 0;
}

static int want_mr_td(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (j->args->measurement.count > 0)
        return judge_hex_list(&j->args->measurement, "measurement", TDX_REG_SIZE, &w->mr_td, err);
    if (inputs_any(j->in, INPUTS_ANY_MEASUREMENT, t))
        w->mr_td.any = true;
    else if (j->in->has_measurements)
        return judge_published_tdx(&j->in->measurements.tdx, 0, &w->mr_td, err);
    else if (entry != NULL)
        return copy_register(entry->mr_td, &w->mr_td, err);
    else
        return judge_missing("MRTD", "--measurements, --measurement, --manifest or --any measurement", err);
    return 0;
}

static int want_rtmr(struct work *w, unsigned i, const struct manifest_tdx *entry, struct table *t,
                     struct err *err)
{
    static const char *const options[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct judge *j = w->j;
    bool given;

    if (read_register(j->args->rtmr[i], options[i], &w->rtmr[i], &given, err) < 0 || given)
        return given ? 0 : -1;
    /* --any measurement is said already, for MRTD. */
    w->rtmr[i].any =
        i == 0 ? inputs_any(j->in, INPUTS_ANY_RTMR0, t) : (j->in->any & INPUTS_ANY_MEASUREMENT) != 0;
    if (w->rtmr[i].any)
        return 0;
    if (i != 0 && j->in->has_measurements)
        return judge_published_tdx(&j->in->measurements.tdx, i, &w->rtmr[i], err);
    if (entry != NULL)
        return copy_register(entry->rtmrs[i], &w->rtmr[i], err);
    return judge_missing(options[i],
                         i == 0 ? "--rtmr0, --manifest or --any rtmr0"
                                : "--measurements, --rtmr1 to --rtmr3, --manifest or --any measurement",
                         err);
}

static int want_module(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    bool given;

    if (read_register(w->j->args->mr_seam, "mr-seam", &w->mr_seam, &given, err) < 0 || given)
        return given ? 0 : -1;
    w->mr_seam.any = inputs_any(w->j->in, INPUTS_ANY_MR_SEAM, t);
    if (w->mr_seam.any)
        return 0;
    if (entry != NULL)
        return copy_register(entry->mr_seam, &w->mr_seam, err);
    return judge_missing("TDX module", "--mr-seam, --manifest or --any mr-seam", err);
}

/* MRCONFIGID is the host data with 16 zero bytes behind it. */
static int want_config_id(struct work *w, struct table *t, struct err *err)
{
    if (judge_host_data(w->j, t, &w->host_data, err) < 0)
        return -1;
    w->config_ids.any = w->host_data.any;
    w->config_ids.count = w->host_data.count;
    w->config_ids.from = w->host_data.from;
    w->config_ids.entries = calloc(w->host_data.count + 1, TDX_REG_SIZE);
    if (w->config_ids.entries == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    for (size_t i = 0; i < w->host_data.count; i++)
        measurements_mrconfigid(w->host_data.entries + i * SHA256_SIZE,
                                w->config_ids.entries + i * TDX_REG_SIZE);
    return 0;
}

static int want_platform(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (j->args->chip_id.count > 0)
        return judge_hex_list(&j->args->chip_id, "chip-id", TDX_PCK_ID_SIZE, &w->piids, err);
    w->piids.any = inputs_any(j->in, INPUTS_ANY_CHIP_ID, t);
    if (w->piids.any)
        return 0;
    if (entry == NULL)
        return judge_missing("platform", "--chip-id, --manifest or --any chip-id", err);
    w->piids.any = entry->piid_count == 0;
    if (w->piids.any) {
        table_line(&t->not_covered, "on which machine it runs: the manifest allows any platform");
        return 0;
    }
    w->piids.entries = calloc(entry->piid_count, TDX_PCK_ID_SIZE);
    if (w->piids.entries == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    memcpy(w->piids.entries, entry->piids, entry->piid_count * TDX_PCK_ID_SIZE);
    w->piids.count = entry->piid_count;
    w->piids.from = "the manifest";
    return 0;
}

static int read_status(const char *text, uint32_t *accepted, struct err *err)
{
    for (int s = TDX_STATUS_UP_TO_DATE; s < TDX_STATUS_REVOKED; s++) {
        if (strcmp(text, tdx_status_name((enum tdx_status) s)) == 0) {
            *accepted |= TDX_ACCEPT(s);
            return 0;
        }
    }
    return err_set(err, ERR_FORMAT, 0,
                   "--accept: '%.60s' is none of Intel's TCB statuses that can be accepted", text);
}

static int want_tcb(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    const struct judge_args *a = w->j->args;
    struct tdx_expect *e = &w->expect;

    for (size_t i = 0; i < a->accept.count; i++) {
        if (read_status(a->accept.paths[i], &e->accepted, err) < 0)
            return -1;
    }
    e->advisories = (struct tdx_advisories){.names = a->advisory.paths,
                                            .count = a->advisory.count,
                                            .any = inputs_any(w->j->in, INPUTS_ANY_ADVISORIES, t)};
    e->minimum.set = true;
    if (a->min_evaluation.given)
        e->evaluation_min = (uint32_t) a->min_evaluation.value;
    else if (inputs_any(w->j->in, INPUTS_ANY_TCB, t))
        e->evaluation_min = 1;
    else if (entry == NULL)
        return judge_missing("TCB recovery of Intel's", "--min-evaluation, --manifest or --any tcb", err);
    return 0;
}

static int want_xfam(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    struct reader r;
    uint8_t bytes[8];

    if (w->j->args->xfam != NULL) {
        if (hex_decode(span_str(w->j->args->xfam), bytes, sizeof bytes, err) < 0)
            return err_prefix(err, "--xfam");
        r = reader_of(span_of(bytes, sizeof bytes));
        w->expect.xfam.set = true;
        w->expect.xfam.allowed = w->expect.xfam.required = reader_be64(&r);
    } else if (inputs_any(w->j->in, INPUTS_ANY_XFAM, t))
        w->expect.xfam = (struct verify_bits){.set = true, .allowed = UINT64_MAX};
    else if (entry == NULL)
        return judge_missing("XFAM", "--xfam, --manifest or --any xfam", err);
    return 0;
}

static void want_attributes(struct work *w, const struct manifest_tdx *entry)
{
    static const uint8_t zero[TDX_REG_SIZE];
    const struct verify_list none = {.entries = zero, .count = 1};

    if (entry == NULL) {
        w->expect.attributes = (struct verify_bits){.set = true, .allowed = ATTRIBUTES_ALLOWED};
        w->expect.mr_owner = w->expect.mr_owner_config = none;
    }
    if (w->j->in->args->allow_debug)
        w->expect.attributes.allowed |= TDX_ATTR_DEBUG;
}

/* entry: of the manifest; NULL: there is none. */
static int want(struct work *w, const struct manifest_tdx *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (entry != NULL)
        manifest_expect_tdx(entry, &w->expect);
    w->expect.now_s = j->in->now_s;
    w->expect.test_root = fileio_span(&j->in->test_root);
    memcpy(w->report_data, j->report_data ? j->report_data : w->quote.report_data, sizeof w->report_data);
    w->expect.report_data = span_of(w->report_data, sizeof w->report_data);
    w->rows.report_data_from = j->report_data ? j->report_data_from : NULL;
    if (want_mr_td(w, entry, t, err) < 0)
        return -1;
    for (unsigned i = 0; i < TDX_VERIFY_RTMR_COUNT; i++) {
        if (want_rtmr(w, i, entry, t, err) < 0)
            return -1;
        w->expect.rtmr[i] = list_of(&w->rtmr[i]);
    }
    if (want_module(w, entry, t, err) < 0 || want_config_id(w, t, err) < 0 ||
        want_platform(w, entry, t, err) < 0 || want_tcb(w, entry, t, err) < 0 ||
        want_xfam(w, entry, t, err) < 0)
        return -1;
    want_attributes(w, entry);
    w->expect.mr_td = list_of(&w->mr_td);
    w->expect.mr_seam = list_of(&w->mr_seam);
    w->expect.mr_config_id = list_of(&w->config_ids);
    w->expect.piids = list_of(&w->piids);
    return 0;
}

/* --- the manifest's entries ------------------------------------------------------------------------ */

static int verify(struct work *w)
{
    struct err ignored; /* the rows tell */

    return tdx_verify(w->j->evidence->quote, &w->collateral.spans, &w->expect, &w->verdict, &ignored);
}

static size_t refused_rows(const struct tdx_verdict *v)
{
    size_t n = 0;

    for (int i = 0; i < TDX_CHECK_COUNT; i++)
        n += v->rows[i].result != TDX_PASSED;
    return n;
}

static struct work *new_work(const struct judge *j, struct err *err)
{
    AUTO_WORK *w = calloc(1, sizeof *w);
    struct work *made = NULL;
    struct err ignored; /* the verification's rows say what is wrong with the quote */

    if (w == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
        return NULL;
    }
    w->j = j;
    if (collateral_dir_tdx(j->in->args->collateral, j->evidence->quote, &w->collateral, err) < 0)
        return NULL;
    if (tdx_quote_parse(j->evidence->quote, &w->quote, &ignored) < 0)
        memset(&w->quote, 0, sizeof w->quote);
    made = w;
    w = NULL;
    return made;
}

/* The entry under which the fewest rows are refused. */
static int best_entry(const struct judge *j, const struct manifest_tdx **best, struct err *err)
{
    const struct manifest *m = &j->in->manifest;
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < m->tdx_count && least > 0; i++) {
        AUTO_WORK *w = new_work(j, err);
        struct table *scratch = calloc(1, sizeof *scratch);
        int rc = -1;

        if (w != NULL && scratch != NULL)
            rc = want(w, &m->tdx[i], scratch, err);
        free(scratch);
        if (rc < 0)
            return -1;
        (void) verify(w); /* the rows tell */
        if (refused_rows(&w->verdict) < least) {
            least = refused_rows(&w->verdict);
            *best = &m->tdx[i];
        }
    }
    return 0;
}

static void entry_row(const struct judge *j, const struct manifest_tdx *entry, struct table *t)
{
    struct table_row *row = table_add(t, entry ? TABLE_PASSED : TABLE_REFUSED, "manifest: reference values");

    table_expected(row, "an entry of ReferenceValues.tdx");
    if (entry != NULL)
        table_found(row, "entry %zu", (size_t) (entry - j->in->manifest.tdx));
    else
        table_found(row, "none");
}

int judge_tdx(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
{
    const struct manifest_tdx *entry = NULL;
    const struct tdx_row *rows;

    if (j->in->args->collateral == NULL)
        return err_set(err, ERR_MISSING, 0, "--collateral is needed: nothing else rates a TDX platform");
    AUTO_WORK *w = new_work(j, err);
    if (w == NULL || (j->in->has_manifest && best_entry(j, &entry, err) < 0))
        return -1;
    if (j->in->has_manifest)
        entry_row(j, entry, t);
    if (j->in->has_manifest && entry == NULL)
        return 0;
    if (want(w, entry, t, err) < 0)
        return -1;
    (void) verify(w); /* the rows tell */
    w->rows.mr_td = w->mr_td;
    memcpy(w->rows.rtmr, w->rtmr, sizeof w->rows.rtmr);
    w->rows.mr_seam = w->mr_seam;
    w->rows.config_ids = w->config_ids;
    w->rows.piids = w->piids;
    tdx_rows_add(&w->rows, &w->expect, &w->verdict, t);
    judge_policy(j,
                 span_is_zero(span_of(w->quote.mr_config_id + SHA256_SIZE, TDX_REG_SIZE - SHA256_SIZE))
                     ? span_of(w->quote.mr_config_id, SHA256_SIZE)
                     : span_of(NULL, 0),
                 t, result);
    rows = w->verdict.rows;
    result->digest_unknown =
        rows[TDX_CHECK_MR_TD].result == TDX_REFUSED || rows[TDX_CHECK_RTMR0].result == TDX_REFUSED ||
        rows[TDX_CHECK_RTMR1].result == TDX_REFUSED || rows[TDX_CHECK_RTMR2].result == TDX_REFUSED;
    return 0;
}
