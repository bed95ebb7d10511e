/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "collateral_dir.h"
#include "hash.h"
#include "snp_rows.h"

#include <stdlib.h>
#include <string.h>

/* Guest policy bits that open nothing to the host; debugging and migration are not among them. */
#define POLICY_HARMLESS                                                                                      \
    (SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT | SNP_POLICY_SINGLE_SOCKET | SNP_POLICY_MEM_AES_256_XTS |       \
     SNP_POLICY_RAPL_DIS | SNP_POLICY_CIPHERTEXT_HIDING | SNP_POLICY_PAGE_SWAP_DISABLE)

/* Everything that is expected, with what it borrows from. */
struct work {
    const struct judge *j;
    struct snp_report report; /* as it came; zero when it does not parse: the verification says so */
    struct judge_list measurements;
    struct judge_list host_data;
    struct judge_list chips;
    struct judge_list id_keys;
    struct fileio_bytes crl; /* from the collateral folder */
    uint8_t csp[SHA256_SIZE];
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    struct snp_expect expect;
    struct snp_rows rows; /* words for the table */
    struct snp_verdict verdict;
};

static void free_work(struct work **w)
{
    if (*w == NULL)
        return;
    judge_list_free(&(*w)->measurements);
    judge_list_free(&(*w)->host_data);
    judge_list_free(&(*w)->chips);
    judge_list_free(&(*w)->id_keys);
    fileio_free(&(*w)->crl);
    free(*w);
}
#define AUTO_WORK __attribute__((cleanup(free_work))) struct work

static struct snp_list list_of(const struct judge_list *list)
{
    return (struct snp_list){.entries = list->entries, .count = list->count, .any = list->any};
}

/* --- one expectation each -------------------------------------------------------------------------- */

static int want_measurements(struct work *w, const struct manifest_snp *entry, struct table *t,
                             struct err *err)
{
    const struct judge *j = w->j;

    if (j->args->measurement.count > 0)
        return judge_hex_list(&j->args->measurement, "measurement", SNP_MEASUREMENT_SIZE, &w->measurements,
                              err);
    if (inputs_any(j->in, INPUTS_ANY_MEASUREMENT, t)) {
        w->measurements.any = true;
        return 0;
    }
    if (j->in->has_measurements)
        return judge_published(&j->in->measurements.snp, &w->measurements, err);
    if (entry != NULL)
        return 0; /* the manifest's own */
    return judge_missing("measurement", "--measurements, --measurement, --manifest or --any measurement",
                         err);
}

static int want_chips(struct work *w, const struct manifest_snp *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (j->args->chip_id.count > 0)
        return judge_hex_list(&j->args->chip_id, "chip-id", SNP_CHIP_ID_SIZE, &w->chips, err);
    if (inputs_any(j->in, INPUTS_ANY_CHIP_ID, t)) {
        w->chips.any = true;
        return 0;
    }
    if (entry == NULL)
        return judge_missing("chip", "--chip-id, --manifest or --any chip-id", err);
    w->chips.any = entry->chip_count == 0;
    if (w->chips.any)
        table_line(&t->not_covered, "on which machine it runs: the manifest allows any chip");
    return 0;
}

static int want_keys(struct work *w, const struct manifest_snp *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (j->args->id_key.count > 0)
        return judge_hex_list(&j->args->id_key, "id-key", SNP_KEY_DIGEST_SIZE, &w->id_keys, err);
    w->id_keys.any = entry != NULL || inputs_any(j->in, INPUTS_ANY_ID_KEY, t);
    if (entry != NULL)
        table_line(&t->not_covered, "who signed the launch's ID block: a manifest does not say");
    return w->id_keys.any ? 0 : judge_missing("ID key", "--id-key, --manifest or --any id-key", err);
}

/* Only a VLEK names a cloud. */
static int want_csp(struct work *w, struct table *t, struct err *err)
{
    const char *csp = w->j->args->csp_id;

    if (w->report.signer != SNP_SIGNER_VLEK)
        return 0;
    if (csp != NULL) {
        w->expect.csp_ids_sha256 = (struct snp_list){.entries = w->csp, .count = 1};
        return hash_bytes(HASH_SHA256, span_str(csp), w->csp, err);
    }
    w->expect.csp_ids_sha256.any = inputs_any(w->j->in, INPUTS_ANY_CSP_ID, t);
    if (w->expect.csp_ids_sha256.any)
        return 0;
    return judge_missing("cloud's VLEK", w->j->coordinator ? "--any csp-id" : "--csp-id or --any csp-id",
                         err);
}

static int want_tcb(struct work *w, const struct manifest_snp *entry, struct table *t, struct err *err)
{
    struct snp_minimum minimum = {.set = true};

    if (w->j->args->min_tcb != NULL) {
        if (snp_rows_read_tcb(w->j->args->min_tcb, &minimum.tcb, err) < 0)
            return -1;
    } else if (inputs_any(w->j->in, INPUTS_ANY_TCB, t))
        w->rows.any_tcb = true;
    else if (entry != NULL)
        return 0;
    else
        return judge_missing("TCB", "--min-tcb, --manifest or --any tcb", err);
    w->expect.tcb = w->expect.launch_tcb = minimum;
    return 0;
}

static int want_platform(struct work *w, const struct manifest_snp *entry, struct table *t, struct err *err)
{
    if (inputs_any(w->j->in, INPUTS_ANY_PLATFORM_INFO, t)) {
        w->expect.platform_info = (struct snp_bits){.set = true, .allowed = UINT64_MAX};
        w->rows.any_platform = true;
    } else if (entry == NULL)
        return judge_missing("platform info", "--manifest or --any platform-info", err);
    return 0;
}

/* The owner's own list; else the one that came with the evidence, which is AMD's as well, but may be an older
 * one that is still in force. */
static int want_revocation(struct work *w, struct table *t, struct err *err)
{
    const struct inputs *in = w->j->in;

    w->expect.crl_not_required = inputs_any(in, INPUTS_ANY_REVOCATION, t);
    if (w->expect.crl_not_required)
        return 0;
    w->expect.crl = fileio_span(&in->crl);
    if (in->crl.len > 0)
        return 0;
    if (in->args->collateral != NULL) {
        if (collateral_dir_snp_crl(in->args->collateral, w->expect.product, &w->crl, err) < 0)
            return -1;
        w->expect.crl = fileio_span(&w->crl);
        return 0;
    }
    w->expect.crl = w->j->evidence->chain.crl;
    if (w->expect.crl.len == 0)
        return judge_missing("revocation list", "--crl, --collateral or --any revocation", err);
    table_line(&t->not_covered, "a newer revocation list: the one that came with the evidence was used");
    return 0;
}

static int want_product(struct work *w, struct err *err)
{
    const char *name = w->j->args->product;

    w->expect.product = name ? snp_product_from_name(span_str(name)) : w->j->evidence->product;
    if (name != NULL && w->expect.product == SNP_PRODUCT_UNKNOWN)
        return err_set(err, ERR_FORMAT, 0, "--product: expected Milan, Genoa or Turin, found '%.20s'", name);
    if (w->expect.product == SNP_PRODUCT_UNKNOWN)
        return judge_missing(
            "product", w->j->coordinator ? "--certs with the VCEK" : "--product, or --certs with the VCEK",
            err);
    return 0;
}

static void want_report_data(struct work *w)
{
    const struct judge *j = w->j;

    memcpy(w->report_data, j->report_data ? j->report_data : w->report.report_data, sizeof w->report_data);
    w->expect.report_data = span_of(w->report_data, sizeof w->report_data);
    w->rows.report_data_from = j->report_data ? j->report_data_from : NULL;
}

static void want_policy(struct work *w, const struct manifest_snp *entry)
{
    if (entry == NULL)
        w->expect.policy = (struct snp_bits){.set = true, .allowed = POLICY_HARMLESS};
    if (w->j->in->args->allow_debug)
        w->expect.policy.allowed |= SNP_POLICY_DEBUG;
}

/* entry: of the manifest; NULL: there is none. */
static int want(struct work *w, const struct manifest_snp *entry, struct table *t, struct err *err)
{
    const struct judge *j = w->j;

    if (entry != NULL)
        manifest_expect(entry, &w->expect);
    else
        w->expect = (struct snp_expect){.provisional_firmware = inputs_any(j->in, INPUTS_ANY_FIRMWARE, t)};
    if (want_product(w, err) < 0)
        return -1;
    w->expect.now_s = j->in->now_s;
    w->expect.test_root = fileio_span(&j->in->test_root);
    w->expect.vmpl = (uint32_t) j->args->vmpl.value;
    want_report_data(w);
    want_policy(w, entry);
    if (want_measurements(w, entry, t, err) < 0 || judge_host_data(j, t, &w->host_data, err) < 0 ||
        want_chips(w, entry, t, err) < 0 || want_keys(w, entry, t, err) < 0 || want_csp(w, t, err) < 0 ||
        want_tcb(w, entry, t, err) < 0 || want_platform(w, entry, t, err) < 0 ||
        want_revocation(w, t, err) < 0)
        return -1;
    if (w->measurements.any || w->measurements.entries != NULL)
        w->expect.measurements = list_of(&w->measurements);
    if (w->chips.any || w->chips.entries != NULL)
        w->expect.chip_ids = list_of(&w->chips);
    w->expect.host_data = list_of(&w->host_data);
    w->expect.id_key_digests = list_of(&w->id_keys);
    w->expect.author_key_digests.any = true; /* these stand for nothing that the measurement does not */
    w->expect.family_ids.any = true;
    w->expect.image_ids.any = true;
    w->expect.report_ids.any = true;
    w->expect.firmware.set = true; /* the TCB has a minimum */
    table_line(&t->not_covered, "author key, family id, image id and report id: any will do");
    return 0;
}

/* --- the manifest's entries ------------------------------------------------------------------------ */

static size_t refused_rows(const struct snp_verdict *v)
{
    size_t n = 0;

    for (int i = 0; i < SNP_CHECK_COUNT; i++)
        n += v->rows[i].result != SNP_PASSED;
    return n;
}

static int verify(struct work *w)
{
    struct err ignored; /* the rows tell */

    return snp_verify(span_of(w->j->evidence->report, SNP_REPORT_SIZE), &w->j->evidence->chain, &w->expect,
                      &w->verdict, &ignored);
}

static struct work *new_work(const struct judge *j, struct err *err)
{
    struct work *w = calloc(1, sizeof *w);
    struct err ignored; /* the verification's first row says what is wrong with the report */

    if (w == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
        return NULL;
    }
    w->j = j;
    if (snp_report_parse(span_of(j->evidence->report, SNP_REPORT_SIZE), &w->report, &ignored) < 0)
        memset(&w->report, 0, sizeof w->report);
    return w;
}

/* How well does the evidence fit this entry? SIZE_MAX: it cannot be said (*err). */
static size_t try_entry(const struct judge *j, const struct manifest_snp *entry, struct err *err)
{
    AUTO_WORK *w = new_work(j, err);
    struct table *scratch = calloc(1, sizeof *scratch);
    size_t n = SIZE_MAX;

    if (w != NULL && scratch != NULL && want(w, entry, scratch, err) == 0) {
        (void) verify(w); /* the rows tell */
        n = refused_rows(&w->verdict);
    }
    free(scratch);
    return n;
}

/* The entry under which the fewest rows are refused; NULL: there is none for this product. */
static int best_entry(const struct judge *j, const struct manifest_snp **best, struct err *err)
{
    const struct manifest *m = &j->in->manifest;
    size_t least = SIZE_MAX;

    *best = NULL;
    for (size_t i = 0; i < m->snp_count && least > 0; i++) {
        size_t n;

        if (j->evidence->product != SNP_PRODUCT_UNKNOWN && m->snp[i].product != j->evidence->product)
            continue;
        n = try_entry(j, &m->snp[i], err);
        if (n == SIZE_MAX)
            return -1;
        if (n < least) {
            least = n;
            *best = &m->snp[i];
        }
    }
    return 0;
}

static void entry_row(const struct judge *j, const struct manifest_snp *entry, struct table *t)
{
    struct table_row *row = table_add(t, entry ? TABLE_PASSED : TABLE_REFUSED, "manifest: reference values");

    table_expected(row, "an entry of ReferenceValues.snp for %s", snp_product_name(j->evidence->product));
    if (entry != NULL)
        table_found(row, "entry %zu%s%.*s", (size_t) (entry - j->in->manifest.snp),
                    entry->platform.len > 0 ? ", " : "", (int) entry->platform.len,
                    entry->platform.len > 0 ? (const char *) entry->platform.data : "");
    else
        table_found(row, "none");
}

/* The manifest's measurement beside the published ones: both must hold. */
static void manifest_measurement(const struct work *w, const struct manifest_snp *entry, struct table *t)
{
    const struct judge_list list = {
        .entries = entry->measurements, .count = entry->measurement_count, .from = "the manifest"};
    const uint8_t *found = w->report.measurement;
    bool in = false;

    if (w->measurements.entries == NULL && !w->measurements.any)
        return; /* the row "measurement" was about the manifest's */
    for (size_t i = 0; i < list.count && !in; i++)
        in = memcmp(list.entries + i * SNP_MEASUREMENT_SIZE, found, SNP_MEASUREMENT_SIZE) == 0;
    struct table_row *row = table_add(t, in ? TABLE_PASSED : TABLE_REFUSED, "manifest: measurement");
    judge_expected_list(row, &list, SNP_MEASUREMENT_SIZE);
    judge_found_hex(row, span_of(found, SNP_MEASUREMENT_SIZE));
}

int judge_snp(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
{
    AUTO_WORK *w = new_work(j, err);
    const struct manifest_snp *entry = NULL;

    if (w == NULL || (j->in->has_manifest && best_entry(j, &entry, err) < 0))
        return -1;
    if (j->in->has_manifest)
        entry_row(j, entry, t);
    if (j->in->has_manifest && entry == NULL)
        return 0;
    if (want(w, entry, t, err) < 0)
        return -1;
    (void) verify(w); /* the rows tell */
    w->rows.measurements = w->measurements;
    if (entry != NULL && w->measurements.entries == NULL && !w->measurements.any)
        w->rows.measurements = (struct judge_list){
            .entries = entry->measurements, .count = entry->measurement_count, .from = "the manifest"};
    w->rows.host_data = w->host_data;
    w->rows.published = j->in->has_measurements ? &j->in->measurements.snp : NULL;
    snp_rows_add(&w->rows, &w->expect, &w->verdict, t);
    if (entry != NULL)
        manifest_measurement(w, entry, t);
    judge_policy(j, span_of(w->report.host_data, SNP_HOST_DATA_SIZE), t, result);
    result->digest_unknown = w->verdict.rows[SNP_CHECK_MEASUREMENT].result == SNP_REFUSED;
    return 0;
}
