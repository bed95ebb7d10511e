/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotes of the vTPMs of Azure machines, under the keys that their HCL reports name. */
#include "parser_test.h"

#include "azure_hcl.h"
#include "hex.h"
#include "tpm_quote.h"

#define VECTORS "tests/vectors/azure_hcl/"
#define CHALLENGE "6368616c6c656e6765" /* "challenge" */
#define NONCE_V2                                                                                             \
    "982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e2279c16168cd6ae9aa398f647caa2338748cd0fd9f5f819ef"
#define NONCE_GENOA                                                                                          \
    "0218488bae25d2509232bf676f1a66a30d7372add909109b36016ef136f2938ca05475f8b46094de6b64270ea35d950f"
#define FIRMWARE UINT64_C(0x2020031200120003)

static const struct machine {
    const char *name, *nonce_hex;
    uint64_t clock_ms;
    uint32_t reset_count;
    size_t len;
} machines[] = {
    {"azure-v0",    CHALLENGE,   0x1b6f9c,   2,    122},
    {"azure-v1",    CHALLENGE,   0x359bae,   2,    122},
    {"azure-v2",    NONCE_V2,    0x13cb0ee6, 2,    161},
    {"azure-genoa", NONCE_GENOA, 0x543d38fb, 0x35, 161},
    {"tdx",         CHALLENGE,   0x15256785, 1,    122},
};

/* A machine's quote with what is needed to check it. */
struct loaded {
    uint8_t *message, *sig, *pcrs; /* malloc'ed */
    size_t message_len, sig_len, pcrs_len;
    struct azure_hcl_claims claims; /* with the key */
    uint8_t nonce[TPM_QUOTE_NONCE_MAX];
    size_t nonce_len;
};

static uint8_t *slurp(const char *machine, const char *file, size_t *len)
{
    char path[100];

    (void) snprintf(path, sizeof path, VECTORS "%s/%s", machine, file);
    return (uint8_t *) test_slurp(path, len);
}

static void load(const struct machine *m, struct loaded *l)
{
    struct azure_hcl hcl;
    struct err err = {0};
    size_t len;
    uint8_t *report = slurp(m->name, "hcl.bin", &len);

    l->message = slurp(m->name, "quote.msg", &l->message_len);
    l->sig = slurp(m->name, "quote.sig", &l->sig_len);
    l->pcrs = slurp(m->name, "pcrs.bin", &l->pcrs_len);
    assert_int_equal(azure_hcl_parse(span_of(report, len), &hcl, &err), 0);
    assert_int_equal(azure_hcl_read_claims(&hcl, &l->claims, &err), 0);
    free(report);
    l->nonce_len = strlen(m->nonce_hex) / 2;
    assert_int_equal(hex_decode(span_str(m->nonce_hex), l->nonce, l->nonce_len, &err), 0);
}

static void unload(struct loaded *l)
{
    free(l->message);
    free(l->sig);
    free(l->pcrs);
}

static int verify(const struct loaded *l, struct tpm_quote *quote, struct err *err)
{
    return tpm_quote_verify(span_of(l->message, l->message_len), span_of(l->sig, l->sig_len),
                            span_of(l->claims.ak_modulus, AZURE_HCL_RSA_SIZE),
                            span_of(l->nonce, l->nonce_len), quote, err);
}

static void test_machines(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(machines); i++) {
        const struct machine *m = &machines[i];
        struct loaded l;
        struct tpm_quote quote;
        struct err err = {0};

        load(m, &l);
        assert_int_equal(l.message_len, m->len);
        if (verify(&l, &quote, &err) < 0)
            fail_msg("%s: %s", m->name, err.text);
        assert_int_equal(quote.signer.len, 34);
        assert_true(quote.clock_ms == m->clock_ms);
        assert_int_equal(quote.reset_count, m->reset_count);
        assert_int_equal(quote.restart_count, 0);
        assert_true(quote.safe);
        assert_true(quote.firmware == FIRMWARE);
        assert_int_equal(quote.pcrs, 0xffffff);
        if (tpm_quote_check_pcrs(&quote, span_of(l.pcrs, l.pcrs_len), &err) < 0)
            fail_msg("%s: %s", m->name, err.text);
        unload(&l);
    }
}

/* The bytes of one machine with those of another; and a nonce that is not the one, or none. */
static void test_mixed_up(void **state)
{
    struct loaded a, b, mixed;
    struct tpm_quote quote = {.reset_count = 77};
    struct err err = {0};

    (void) state;
    load(&machines[0], &a);
    load(&machines[3], &b);
    mixed = a;
    mixed.claims = b.claims;
    assert_int_equal(verify(&mixed, &quote, &err), -1);
    test_check_err(&err, ERR_DENIED, "signature", "another key");
    mixed = a;
    mixed.sig = b.sig;
    assert_int_equal(verify(&mixed, &quote, &err), -1);
    test_check_err(&err, ERR_DENIED, "signature", "another signature");
    mixed = a;
    mixed.nonce_len--;
    assert_int_equal(verify(&mixed, &quote, &err), -1);
    test_check_err(&err, ERR_DENIED, "nonce", "shorter nonce");
    mixed.nonce_len = 0;
    assert_int_equal(verify(&mixed, &quote, &err), -1);
    test_check_err(&err, ERR_DENIED, "nonce", "no nonce");
    assert_int_equal(quote.reset_count, 77);
    assert_int_equal(verify(&a, &quote, &err), 0);
    assert_int_equal(tpm_quote_check_pcrs(&quote, span_of(b.pcrs, b.pcrs_len), &err), -1);
    test_check_err(&err, ERR_DENIED, "PCRs", "PCRs of another");
    assert_int_equal(tpm_quote_check_pcrs(&quote, span_of(a.pcrs, a.pcrs_len - 32), &err), -1);
    test_check_err(&err, ERR_FORMAT, "PCRs", "23 PCRs");
    unload(&a);
    unload(&b);
}

static void test_flipped_bits(void **state)
{
    struct loaded l;
    struct tpm_quote quote;
    struct err err = {0};

    (void) state;
    load(&machines[2], &l);
    for (size_t at = 0; at < l.message_len + l.sig_len + AZURE_HCL_RSA_SIZE; at++) {
        uint8_t *byte = at < l.message_len ? l.message + at : l.sig + (at - l.message_len);

        if (at >= l.message_len + l.sig_len)
            byte = l.claims.ak_modulus + (at - l.message_len - l.sig_len);
        *byte ^= (uint8_t) (1 << at % 8);
        if (verify(&l, &quote, &err) == 0)
            fail_msg("byte %zu", at);
        *byte ^= (uint8_t) (1 << at % 8);
    }
    assert_int_equal(verify(&l, &quote, &err), 0);
    for (size_t at = 0; at < l.pcrs_len; at += 7) {
        l.pcrs[at] ^= 1;
        assert_int_equal(tpm_quote_check_pcrs(&quote, span_of(l.pcrs, l.pcrs_len), &err), -1);
        l.pcrs[at] ^= 1;
    }
    unload(&l);
}

static void test_edits(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        uint8_t value[2];
        size_t len;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"magic",          0,  {0xfe},  1, ERR_FORMAT, "magic"             },
        {"a certificate",  5,  {0x17},  1, ERR_FORMAT, "type"              },
        {"long signer",    6,  {0, 67}, 2, ERR_LIMIT,  "signer of 67"      },
        {"long nonce",     42, {0, 67}, 2, ERR_LIMIT,  "nonce of 67"       },
        {"nonce too long", 42, {0, 66}, 2, ERR_FORMAT, "clock is cut short"},
        {"safe",           69, {2},     1, ERR_FORMAT, "safe"              },
        {"two banks",      81, {2},     1, ERR_FORMAT, "one bank"          },
        {"no bank",        81, {0},     1, ERR_FORMAT, "one bank"          },
        {"SHA-1",          83, {4},     1, ERR_FORMAT, "0x0004"            },
        {"32 PCRs",        84, {4},     1, ERR_FORMAT, "3 bytes"           },
        {"short digest",   89, {31},    1, ERR_FORMAT, "found 31"          },
        {"long digest",    89, {33},    1, ERR_LIMIT,  "PCR digest of 33"  },
    };
    struct loaded l;

    (void) state;
    load(&machines[0], &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[128];
        struct tpm_quote quote;
        struct err err = {0};

        memcpy(buf, l.message, l.message_len);
        memcpy(buf + rows[i].at, rows[i].value, rows[i].len);
        if (tpm_quote_parse(span_of(buf, l.message_len), &quote, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
    unload(&l);
}

static void test_lengths(void **state)
{
    static uint8_t buf[TPM_QUOTE_MAX + 1];
    struct loaded l;
    struct tpm_quote quote = {.pcrs = 77};
    struct err err = {0};

    (void) state;
    load(&machines[0], &l);
    memcpy(buf, l.message, l.message_len);
    for (size_t len = 0; len < l.message_len; len++)
        assert_int_equal(tpm_quote_parse(span_of(buf, len), &quote, &err), -1);
    assert_int_equal(tpm_quote_parse(span_of(buf, l.message_len + 1), &quote, &err), -1);
    test_check_err(&err, ERR_FORMAT, "1 bytes behind", "one more");
    assert_int_equal(tpm_quote_parse(span_of(buf, sizeof buf), &quote, &err), -1);
    test_check_err(&err, ERR_LIMIT, "1024", "too long");
    assert_int_equal(quote.pcrs, 77);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines), cmocka_unit_test(test_mixed_up), cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_edits),    cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
