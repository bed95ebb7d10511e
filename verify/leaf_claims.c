/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leaf.h"

#include "mesh_claims_read.h"

#include <stdio.h>
#include <string.h>

struct work {
    const struct leaf *l;
    const struct x509 *cert;
    struct table *t;
    struct judge j;
    struct judge_result *result;
};

/* The claim's bytes, or a refused row that says what is wrong with it. */
static bool claim(const struct work *w, const char *row, const struct mesh_claims_read_bytes *which,
                  struct span *bytes)
{
    struct err why;

    if (mesh_claims_read_bytes(w->cert, which, bytes, &why) == 0)
        return true;
    table_found(table_add(w->t, TABLE_REFUSED, row), "%s", why.text);
    return false;
}

static bool is_among(const struct judge_list *list, struct span found)
{
    for (size_t i = 0; i < list->count && !list->any; i++) {
        if (memcmp(list->entries + i * found.len, found.data, found.len) == 0)
            return true;
    }
    return list->any;
}

static bool compare(const struct work *w, const char *name, const struct judge_list *list, struct span found)
{
    const bool good = is_among(list, found);
    struct table_row *row = table_add(w->t, good ? TABLE_PASSED : TABLE_REFUSED, name);

    judge_expected_list(row, list, found.len);
    judge_found_hex(row, found);
    return good;
}

static void check_flag(const struct work *w, const char *name, bool set, bool allowed)
{
    struct table_row *row = table_add(w->t, set && !allowed ? TABLE_REFUSED : TABLE_PASSED, name);

    table_expected(row, allowed ? "any (--allow-debug)" : "not set");
    table_found(row, set ? "set: the host can read this machine's memory" : "not set");
}

/* --- what both kinds have -------------------------------------------------------------------------- */

/* The names and the secret id of the certificate are those of the manifest's entry. */
static void check_entry(const struct work *w, const struct manifest_policy *p)
{
    struct san sans[MESH_CLAIMS_READ_SANS_MAX];
    struct span id;
    struct err why = {0};
    size_t count = 0;
    const bool readable = mesh_claims_read_sans(w->cert, sans, &count, &why) == 0 &&
                          mesh_claims_read_secret_id(w->cert, &id, &why) == 0;
    bool same = readable && count == p->san_count && span_eq(id, p->secret_id);

    for (size_t i = 0; same && i < count; i++)
        same = sans[i].kind == p->sans[i].kind &&
               (sans[i].kind == SAN_IP ? sans[i].ip_len == p->sans[i].ip_len &&
                                             memcmp(sans[i].ip, p->sans[i].ip, sans[i].ip_len) == 0
                                       : span_eq(sans[i].text, p->sans[i].text));
    struct table_row *row =
        table_add(w->t, same ? TABLE_PASSED : TABLE_REFUSED, "policy: names and secret id");
    table_expected(row, "as in the manifest's entry");
    table_found(row, "%s", !readable ? why.text : same ? "the same" : "others");
}

static int check_host_data(struct work *w, struct span host_data, struct err *err)
{
    AUTO_JUDGE_LIST list = {0};

    if (judge_host_data(&w->j, w->t, &list, err) < 0)
        return -1;
    (void) compare(w, "claim: host data", &list, host_data); /* the row tells */
    judge_policy(&w->j, host_data, w->t, w->result);
    if (w->result->policy != NULL)
        check_entry(w, w->result->policy);
    return 0;
}

/* --- SEV-SNP --------------------------------------------------------------------------------------- */

static bool read_tcb(const struct work *w, unsigned first, struct snp_tcb_parts *out, struct err *why)
{
    uint64_t v[4] = {0};

    for (unsigned i = 0; i < 4; i++) {
        if (mesh_claims_read_number(w->cert, first + i, &v[i], why) < 0)
            return false;
    }
    *out = (struct snp_tcb_parts){.boot_loader = (uint8_t) v[0],
                                  .snp = (uint8_t) v[1],
                                  .tee = (uint8_t) v[2],
                                  .microcode = (uint8_t) v[3]};
    return true;
}

static bool tcb_le(const struct snp_tcb_parts *low, const struct snp_tcb_parts *high)
{
    return low->boot_loader <= high->boot_loader && low->tee <= high->tee && low->snp <= high->snp &&
           low->microcode <= high->microcode;
}

/* The machine as an entry of ReferenceValues.snp sees it. */
struct machine {
    struct span measurement;
    struct span chip_id;
    struct snp_tcb_parts reported;
    struct snp_tcb_parts launch;
};

/* What does not fit; NULL: all fits. */
static const char *misfit(const struct manifest_snp *entry, const struct machine *m)
{
    const struct judge_list digests = {.entries = entry->measurements, .count = entry->measurement_count};
    const struct judge_list chips = {
        .entries = entry->chips, .count = entry->chip_count, .any = entry->chip_count == 0};

    if (!is_among(&digests, m->measurement))
        return "another measurement";
    if (!tcb_le(&entry->tcb, &m->reported))
        return "the reported TCB is too old";
    if (!tcb_le(&entry->tcb, &m->launch))
        return "the launch TCB is too old";
    return is_among(&chips, m->chip_id) ? NULL : "another chip";
}

static void check_manifest_snp(const struct work *w, const struct machine *m)
{
    const struct manifest *manifest = &w->l->in->manifest;
    const char *why = "the manifest has no entry for SEV-SNP";
    size_t i = 0;

    if (!w->l->in->has_manifest)
        return;
    for (; i < manifest->snp_count; i++) {
        const char *this = misfit(&manifest->snp[i], m);

        /* The reason that came furthest is the one to tell. */
        if (this == NULL || strcmp(this, "another measurement") != 0 || i == 0)
            why = this;
        if (this == NULL)
            break;
    }
    struct table_row *row = table_add(w->t, why ? TABLE_REFUSED : TABLE_PASSED, "manifest: reference values");
    table_expected(row, "an entry for this measurement, TCB and chip");
    if (why != NULL)
        table_found(row, "%s", why);
    else
        table_found(row, "entry %zu", i);
}

static int check_measurement(const struct work *w, struct span found, struct err *err)
{
    AUTO_JUDGE_LIST list = {0};
    const struct inputs *in = w->l->in;

    if (inputs_any(in, INPUTS_ANY_MEASUREMENT, w->t))
        list.any = true;
    else if (!in->has_measurements)
        return judge_missing("measurement", "--measurements or --any measurement", err);
    else if (judge_published(&in->measurements.snp, &list, err) < 0)
        return -1;
    const bool good = is_among(&list, found);
    struct table_row *row = table_add(w->t, good ? TABLE_PASSED : TABLE_REFUSED, "claim: measurement");
    judge_expected_list(row, &list, SNP_MEASUREMENT_SIZE);
    if (!in->has_measurements || !judge_name_digest(&in->measurements.snp, found.data, row))
        judge_found_hex(row, found);
    w->result->digest_unknown = !good;
    return 0;
}

static void check_snp_flags(const struct work *w)
{
    struct err why = {0};
    bool debug = true, migrate = true;
    uint64_t vmpl = UINT64_MAX;

    if (mesh_claims_read_flag(w->cert, MESH_CLAIMS_READ_POLICY_DEBUG, &debug, &why) < 0 ||
        mesh_claims_read_flag(w->cert, MESH_CLAIMS_READ_POLICY_MIGRATE_MA, &migrate, &why) < 0 ||
        mesh_claims_read_number(w->cert, MESH_CLAIMS_READ_VMPL, &vmpl, &why) < 0) {
        table_found(table_add(w->t, TABLE_REFUSED, "claim: guest policy"), "%s", why.text);
        return;
    }
    check_flag(w, "claim: debugging", debug, w->l->in->args->allow_debug);
    check_flag(w, "claim: migration agent", migrate, false);
    struct table_row *row = table_add(w->t, vmpl == 0 ? TABLE_PASSED : TABLE_REFUSED, "claim: vmpl");
    table_expected(row, "0");
    table_found(row, "%llu", (unsigned long long) vmpl);
}

static int check_snp(struct work *w, struct err *err)
{
    const struct mesh_claims_read_bytes digest = {MESH_CLAIMS_READ_SNP, MESH_CLAIMS_READ_MEASUREMENT,
                                                  SNP_MEASUREMENT_SIZE};
    const struct mesh_claims_read_bytes host = {MESH_CLAIMS_READ_SNP, MESH_CLAIMS_READ_HOST_DATA,
                                                SNP_HOST_DATA_SIZE};
    const struct mesh_claims_read_bytes chip = {MESH_CLAIMS_READ_SNP, MESH_CLAIMS_READ_CHIP_ID,
                                                SNP_CHIP_ID_SIZE};
    struct machine m = {0};
    struct span host_data;
    struct err why;

    if (!claim(w, "claim: measurement", &digest, &m.measurement) ||
        !claim(w, "claim: host data", &host, &host_data) || !claim(w, "claim: chip id", &chip, &m.chip_id))
        return 0;
    if (!read_tcb(w, MESH_CLAIMS_READ_REPORTED_TCB, &m.reported, &why) ||
        !read_tcb(w, MESH_CLAIMS_READ_LAUNCH_TCB, &m.launch, &why)) {
        table_found(table_add(w->t, TABLE_REFUSED, "claim: tcb"), "%s", why.text);
        return 0;
    }
    if (check_measurement(w, m.measurement, err) < 0 || check_host_data(w, host_data, err) < 0)
        return -1;
    check_snp_flags(w);
    check_manifest_snp(w, &m);
    return 0;
}

/* --- TDX ------------------------------------------------------------------------------------------- */

static int want_register(const struct work *w, unsigned number, struct judge_list *out, struct err *err)
{
    const struct measurements_tdx *m = &w->l->in->measurements.tdx;

    if (w->l->in->any & INPUTS_ANY_MEASUREMENT) {
        out->any = true;
        return 0;
    }
    if (!w->l->in->has_measurements)
        return judge_missing("measurement", "--measurements or --any measurement", err);
    return judge_published_tdx(m, number, out, err);
}

static int check_tdx_registers(const struct work *w, struct err *err)
{
    static const struct {
        const char *name;
        unsigned number;
    } rows[] = {
        {"claim: mrtd",  MESH_CLAIMS_READ_MR_TD    },
        {"claim: rtmr1", MESH_CLAIMS_READ_RTMR0 + 1},
        {"claim: rtmr2", MESH_CLAIMS_READ_RTMR0 + 2},
        {"claim: rtmr3", MESH_CLAIMS_READ_RTMR0 + 3},
    };

    (void) inputs_any(w->l->in, INPUTS_ANY_MEASUREMENT, w->t); /* says it, once */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mesh_claims_read_bytes which = {MESH_CLAIMS_READ_TDX, rows[i].number, TDX_REG_SIZE};
        AUTO_JUDGE_LIST list = {0};
        struct span found;

        /* judge_published_tdx counts from MRTD: 0, then the RTMRs. */
        if (want_register(w, i == 0 ? 0 : (unsigned) i, &list, err) < 0)
            return -1;
        if (claim(w, rows[i].name, &which, &found) && !compare(w, rows[i].name, &list, found))
            w->result->digest_unknown = true;
    }
    return 0;
}

/* The registers that a manifest names, all of one entry. */
static void check_manifest_tdx(const struct work *w)
{
    const struct manifest *m = &w->l->in->manifest;
    size_t i = 0;

    if (!w->l->in->has_manifest)
        return;
    for (; i < m->tdx_count; i++) {
        const struct manifest_tdx *e = &m->tdx[i];
        const uint8_t *const want[] = {e->mr_td,    e->mr_seam,  e->rtmrs[0],
                                       e->rtmrs[1], e->rtmrs[2], e->rtmrs[3]};
        static const unsigned numbers[] = {MESH_CLAIMS_READ_MR_TD,     MESH_CLAIMS_READ_MR_SEAM,
                                           MESH_CLAIMS_READ_RTMR0,     MESH_CLAIMS_READ_RTMR0 + 1,
                                           MESH_CLAIMS_READ_RTMR0 + 2, MESH_CLAIMS_READ_RTMR0 + 3};
        bool same = true;

        for (size_t k = 0; same && k < sizeof numbers / sizeof numbers[0]; k++) {
            const struct mesh_claims_read_bytes which = {MESH_CLAIMS_READ_TDX, numbers[k], TDX_REG_SIZE};
            struct span found;
            struct err ignored; /* a claim that is missing does not fit */

            same = mesh_claims_read_bytes(w->cert, &which, &found, &ignored) == 0 &&
                   memcmp(found.data, want[k], TDX_REG_SIZE) == 0;
        }
        if (same)
            break;
    }
    const bool good = i < m->tdx_count;
    struct table_row *row =
        table_add(w->t, good ? TABLE_PASSED : TABLE_REFUSED, "manifest: reference values");
    table_expected(row, "an entry of ReferenceValues.tdx for these registers");
    if (good)
        table_found(row, "entry %zu", i);
    else
        table_found(row, "none of %zu", m->tdx_count);
}

static int check_tdx(struct work *w, struct err *err)
{
    const struct mesh_claims_read_bytes config = {MESH_CLAIMS_READ_TDX, MESH_CLAIMS_READ_MR_CONFIG_ID,
                                                  TDX_REG_SIZE};
    const struct mesh_claims_read_bytes attributes = {MESH_CLAIMS_READ_TDX, MESH_CLAIMS_READ_TD_ATTRIBUTES,
                                                      8};
    struct span config_id, bits;

    if (check_tdx_registers(w, err) < 0)
        return -1;
    if (!claim(w, "claim: host data", &config, &config_id) ||
        !claim(w, "claim: td attributes", &attributes, &bits))
        return 0;
    if (!span_is_zero(span_sub(config_id, SHA256_SIZE, TDX_REG_SIZE - SHA256_SIZE))) {
        table_found(table_add(w->t, TABLE_REFUSED, "claim: host data"),
                    "MRCONFIGID does not end in 16 zero bytes");
        return 0;
    }
    if (check_host_data(w, span_sub(config_id, 0, SHA256_SIZE), err) < 0)
        return -1;
    struct reader r = reader_of(bits);
    check_flag(w, "claim: debugging", reader_le64(&r) & TDX_ATTR_DEBUG, w->l->in->args->allow_debug);
    check_manifest_tdx(w);
    if (!w->l->in->has_manifest)
        table_line(&w->t->not_covered, "RTMR0 and the TDX module: no manifest names them");
    return 0;
}

int leaf_claims(const struct leaf *l, const struct x509 *cert, struct table *t, struct judge_result *result,
                struct err *err)
{
    static const struct judge_args none;
    enum mesh_claims_read_kind kind;
    struct err why;
    struct work w = {
        .l = l, .cert = cert, .t = t, .j = {.in = l->in, .args = &none},
                   .result = result
    };

    *result = (struct judge_result){0};
    if (mesh_claims_read_kind(cert, &kind, &why) < 0) {
        table_found(table_add(t, TABLE_REFUSED, "claims"), "%s", why.text);
        return 0;
    }
    struct table_row *row =
        table_add(t, kind == MESH_CLAIMS_READ_NONE ? TABLE_REFUSED : TABLE_PASSED, "claims");
    table_expected(row, "of an SNP report or a TDX quote");
    table_found(row, kind == MESH_CLAIMS_READ_NONE  ? "none: nothing says what machine this is"
                     : kind == MESH_CLAIMS_READ_SNP ? "of an SNP report"
                                                    : "of a TDX quote");
    if (kind == MESH_CLAIMS_READ_SNP)
        return check_snp(&w, err);
    return kind == MESH_CLAIMS_READ_TDX ? check_tdx(&w, err) : 0;
}
