/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_lines [--bench N]: judge evidence, one case a line, for comparison with other verifiers (tests/go).
 *
 * A line is "snp" or "tdx" and words key=value; bytes are lower-case hex. The answer is one line of JSON:
 * {"accepted":true} or {"accepted":false,"check":NAME,"text":TEXT}. With --bench each line is judged N times
 * and the answer also holds "ns", the nanoseconds of processor time of one. The evidence's own values that no
 * key expects are taken as they are. */
#include "hex.h"
#include "snp_verify.h"
#include "tdx_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS_MAX 40

struct line {
    char *words[WORDS_MAX];
    size_t count;
    uint8_t *bytes; /* decoded values, one after another */
    size_t used;
    bool bad;
};

static const char *value_of(const struct line *l, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < l->count; i++) {
        if (strncmp(l->words[i], key, len) == 0 && l->words[i][len] == '=')
            return l->words[i] + len + 1;
    }
    return NULL;
}

static uint64_t number(const struct line *l, const char *key)
{
    const char *text = value_of(l, key);

    return text ? strtoull(text, NULL, 0) : 0;
}

/* Empty when the key is not there. */
static struct span bytes_of(struct line *l, const char *key)
{
    const char *text = value_of(l, key);
    size_t len = text ? strlen(text) / 2 : 0;
    uint8_t *out = l->bytes + l->used;
    struct err err;

    if (len == 0)
        return span_of(NULL, 0);
    if (hex_decode(span_str(text), out, len, &err) < 0)
        l->bad = true;
    l->used += len;
    return span_of(out, len);
}

struct answer {
    bool accepted;
    const char *check;
    char text[ERR_TEXT_MAX];
};

static struct snp_list snp_one(struct span value)
{
    return (struct snp_list){value.data, value.len > 0, value.len == 0};
}

struct snp_question {
    struct span report;
    struct snp_chain chain;
    struct snp_expect expect;
    struct snp_report own; /* what a key that is missing is filled with */
    struct snp_verdict verdict;
};

static void snp_prepare(struct line *l, struct snp_question *q)
{
    struct span tcb = bytes_of(l, "tcb_min");
    const char *product = value_of(l, "product");
    struct err err; /* a report that does not parse gets zeros to compare with: it is refused anyway */

    q->report = bytes_of(l, "report");
    (void) !snp_report_parse(q->report, &q->own, &err);
    q->chain = (struct snp_chain){.vcek = bytes_of(l, "vcek"),
                                  .vlek = bytes_of(l, "vlek"),
                                  .ask = bytes_of(l, "ask"),
                                  .ark = bytes_of(l, "ark")};
    q->expect = (struct snp_expect){
        .now_s = (int64_t) number(l, "now"),
        .product = snp_product_from_name(span_str(product ? product : "")),
        .test_root = bytes_of(l, "test_root"),
        .crl = bytes_of(l, "crl"),
        .measurements = snp_one(bytes_of(l, "measurement")),
        .host_data = snp_one(bytes_of(l, "host_data")),
        .chip_ids.any = true,
        .csp_ids_sha256.any = true,
        .id_key_digests.any = true,
        .author_key_digests.any = true,
        .family_ids.any = true,
        .image_ids.any = true,
        .report_ids.any = true,
        .firmware.set = true,
        .report_data = bytes_of(l, "report_data"),
        .vmpl = (uint32_t) number(l, "vmpl"),
        .policy = {true, SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT, SNP_POLICY_MUST_BE_ONE},
        .platform_info = {true, UINT64_MAX,                              0                     },
        .tcb.set = true,
        .launch_tcb.set = true,
        .provisional_firmware = true,
    };
    q->expect.crl_not_required = q->expect.crl.len == 0;
    if (q->expect.report_data.len == 0)
        q->expect.report_data = span_of(q->own.report_data, SNP_REPORT_DATA_SIZE);
    if (tcb.len == 4)
        q->expect.tcb.tcb = (struct snp_tcb_parts){
            .boot_loader = tcb.data[0], .tee = tcb.data[1], .snp = tcb.data[2], .microcode = tcb.data[3]};
}

static void snp_judge(struct snp_question *q, struct answer *a)
{
    struct err err = {0};

    a->accepted = snp_verify(q->report, &q->chain, &q->expect, &q->verdict, &err) == 0;
    (void) snprintf(a->text, sizeof a->text, "%s", err.text);
    a->check = "";
    for (int i = SNP_CHECK_COUNT - 1; i >= 0; i--) {
        if (q->verdict.rows[i].result == SNP_REFUSED)
            a->check = snp_check_name((enum snp_check) i);
    }
}

static struct verify_list tdx_one(struct span value)
{
    return (struct verify_list){value.data, value.len > 0, value.len == 0};
}

struct tdx_question {
    struct span quote;
    struct tdx_collateral collateral;
    struct tdx_expect expect;
    struct tdx_quote own;
    struct tdx_verdict verdict;
};

static void tdx_prepare(struct line *l, struct tdx_question *q)
{
    const struct verify_list any = {.any = true};
    struct span rtmrs = bytes_of(l, "rtmrs"); /* none, or all four */
    struct err err;

    q->quote = bytes_of(l, "quote");
    (void) !tdx_quote_parse(q->quote, &q->own, &err);
    q->collateral = (struct tdx_collateral){
        .tcb_info = bytes_of(l, "tcb_info"),
        .tcb_info_chain = bytes_of(l, "tcb_info_chain"),
        .qe_identity = bytes_of(l, "qe_identity"),
        .qe_identity_chain = bytes_of(l, "qe_identity_chain"),
        .root_crl = bytes_of(l, "root_crl"),
        .pck_crl = bytes_of(l, "pck_crl"),
    };
    q->expect = (struct tdx_expect){
        .now_s = (int64_t) number(l, "now"),
        .advisories.any = true,
        .evaluation_min = 1,
        .minimum.set = true,
        .mr_td = tdx_one(bytes_of(l, "mr_td")),
        .rtmr = {any,                                           any, any,                                  any},
        .mr_config_id = tdx_one(bytes_of(l, "mr_config_id")),
        .mr_owner = any,
        .mr_owner_config = any,
        .mr_seam = any,
        .mr_service_td = {.count = 0                                            },
        .piids = any,
        .report_data = bytes_of(l, "report_data"),
        .attributes = {true, TDX_ATTR_SEPT_VE_DISABLE | UINT64_C(1) << 30,                                       0                              },
        .sept_ve_disable_not_required = true,
        .xfam = {true,                                   UINT64_MAX,0},
    };
    for (size_t i = 0; i < TDX_VERIFY_RTMR_COUNT && rtmrs.len > 0; i++)
        q->expect.rtmr[i] = tdx_one(span_sub(rtmrs, i * TDX_REG_SIZE, TDX_REG_SIZE));
    if (q->expect.report_data.len == 0)
        q->expect.report_data = span_of(q->own.report_data, TDX_REPORT_DATA_SIZE);
}

static void tdx_judge(struct tdx_question *q, struct answer *a)
{
    struct err err = {0};

    a->accepted = tdx_verify(q->quote, &q->collateral, &q->expect, &q->verdict, &err) == 0;
    (void) snprintf(a->text, sizeof a->text, "%s", err.text);
    a->check = "";
    for (int i = TDX_CHECK_COUNT - 1; i >= 0; i--) {
        if (q->verdict.rows[i].result == TDX_REFUSED)
            a->check = tdx_check_name((enum tdx_check) i);
    }
}

static int64_t clock_ns(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void print(const struct answer *a, int64_t ns)
{
    (void) printf("{\"accepted\":%s,\"check\":\"%s\",\"text\":\"", a->accepted ? "true" : "false", a->check);
    for (const char *p = a->accepted ? "" : a->text; *p != '\0'; p++)
        (void) printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    (void) printf("\",\"ns\":%" PRId64 "}\n", ns);
}

/* Returns 0, or -1 when the line is not one. */
static int judge_line(char *text, size_t len, unsigned rounds)
{
    struct line l = {.bytes = malloc(len + 1)};
    struct snp_question *snp = calloc(1, sizeof *snp);
    struct tdx_question *tdx = calloc(1, sizeof *tdx);
    struct answer a = {.check = ""};
    int rc = l.bytes && snp && tdx ? 0 : -1;
    char *rest = NULL;

    for (char *w = strtok_r(text, " \n", &rest); rc == 0 && w && l.count < WORDS_MAX;
         w = strtok_r(NULL, " \n", &rest))
        l.words[l.count++] = w;
    if (rc == 0 && l.count > 0) {
        bool is_snp = strcmp(l.words[0], "snp") == 0;

        is_snp ? snp_prepare(&l, snp) : tdx_prepare(&l, tdx);
        int64_t start = clock_ns();
        for (unsigned i = 0; i < rounds; i++)
            is_snp ? snp_judge(snp, &a) : tdx_judge(tdx, &a);
        if (l.bad)
            rc = -1;
        else
            print(&a, (clock_ns() - start) / rounds);
    }
    free(tdx);
    free(snp);
    free(l.bytes);
    return rc;
}

int main(int argc, char **argv)
{
    unsigned rounds =
        argc == 3 && strcmp(argv[1], "--bench") == 0 ? (unsigned) strtoul(argv[2], NULL, 10) : 1;
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = 0;

    while (rc == 0 && rounds > 0 && (len = getline(&text, &cap, stdin)) > 0)
        rc = judge_line(text, (size_t) len, rounds);
    free(text);
    return rc == 0 && rounds > 0 ? 0 : 1;
}
