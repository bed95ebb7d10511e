/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify with one thing changed: a bit or a length of a real quote, its certificates, the collateral, one
 * expectation. */
#include "tdx_test.h"

#define AT_SIG_LEN (48 + 584)
#define AT_SIG (AT_SIG_LEN + 4)
#define AT_KEY (AT_SIG + 64)
#define AT_OUTER (AT_KEY + 64) /* u16 type, u32 length */
#define AT_QE_REPORT (AT_OUTER + 6)
#define AT_QE_SIG (AT_QE_REPORT + 384)
#define AT_AUTH_LEN (AT_QE_SIG + 64)
#define AT_AUTH (AT_AUTH_LEN + 2)
#define AT_INNER (AT_AUTH + 32)
#define AT_CERTS (AT_INNER + 6)

static uint8_t *bytes_of(struct span s)
{
    return (uint8_t *) (uintptr_t) s.data;
}

static void open_good(struct tdx_set *s)
{
    tdx_open(s, "v4.bin", "2025-06", "tcb_info.json", CLOCK_2025_06);
}

/* The verdict's first refused row, or TDX_CHECK_COUNT. */
static enum tdx_check verify(const struct tdx_set *s, struct err *err)
{
    static struct tdx_verdict v;
    int i = 0;

    if (tdx_verify(s->quote, &s->collateral, &s->expect, &v, err) == 0)
        return TDX_CHECK_COUNT;
    while (i < TDX_CHECK_COUNT && v.rows[i].result == TDX_PASSED)
        i++;
    return (enum tdx_check) i;
}

/* One bit in each part of the quote. Where it is refused says what covers it. */
static void test_flipped_bits(void **state)
{
    static const struct {
        const char *label;
        size_t offset;
        enum tdx_check row;
    } rows[] = {
        {"version",                0,                  TDX_CHECK_FORMAT         },
        {"key type",               2,                  TDX_CHECK_FORMAT         },
        {"TEE type",               4,                  TDX_CHECK_FORMAT         },
        {"reserved",               9,                  TDX_CHECK_SIGNATURE      },
        {"vendor",                 12,                 TDX_CHECK_FORMAT         },
        {"user data",              28,                 TDX_CHECK_SIGNATURE      },
        {"TEE TCB SVN",            48,                 TDX_CHECK_SIGNATURE      },
        {"MRSEAM",                 48 + 16,            TDX_CHECK_SIGNATURE      },
        {"MRSIGNERSEAM",           48 + 64,            TDX_CHECK_SIGNATURE      },
        {"TD attributes",          48 + 120,           TDX_CHECK_SIGNATURE      },
        {"XFAM",                   48 + 128,           TDX_CHECK_SIGNATURE      },
        {"MRTD",                   48 + 136,           TDX_CHECK_SIGNATURE      },
        {"MRCONFIGID",             48 + 184,           TDX_CHECK_SIGNATURE      },
        {"RTMR0",                  48 + 328,           TDX_CHECK_SIGNATURE      },
        {"RTMR3",                  48 + 472,           TDX_CHECK_SIGNATURE      },
        {"report data, last byte", 48 + 583,           TDX_CHECK_SIGNATURE      },
        {"r",                      AT_SIG,             TDX_CHECK_SIGNATURE      },
        {"s",                      AT_SIG + 32,        TDX_CHECK_SIGNATURE      },
        {"s, last byte",           AT_SIG + 63,        TDX_CHECK_SIGNATURE      },
        {"key x",                  AT_KEY,             TDX_CHECK_ATTESTATION_KEY},
        {"key y",                  AT_KEY + 63,        TDX_CHECK_ATTESTATION_KEY},
        {"outer type",             AT_OUTER,           TDX_CHECK_SIGNATURE_DATA },
        {"outer length",           AT_OUTER + 2,       TDX_CHECK_SIGNATURE_DATA },
        {"QE's CPUSVN",            AT_QE_REPORT,       TDX_CHECK_QE_SIGNATURE   },
        {"QE's SVN",               AT_QE_REPORT + 258, TDX_CHECK_QE_SIGNATURE   },
        {"QE's report data",       AT_QE_REPORT + 320, TDX_CHECK_QE_SIGNATURE   },
        {"QE signature r",         AT_QE_SIG,          TDX_CHECK_QE_SIGNATURE   },
        {"QE signature s",         AT_QE_SIG + 63,     TDX_CHECK_QE_SIGNATURE   },
        {"auth length",            AT_AUTH_LEN,        TDX_CHECK_SIGNATURE_DATA },
        {"auth",                   AT_AUTH + 31,       TDX_CHECK_ATTESTATION_KEY},
        {"inner type",             AT_INNER,           TDX_CHECK_SIGNATURE_DATA },
        {"inner length",           AT_INNER + 2,       TDX_CHECK_SIGNATURE_DATA },
    };
    struct tdx_set s;

    (void) state;
    open_good(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err = {0};

        bytes_of(s.quote)[rows[i].offset] ^= 1;
        assert_int_equal(tdx_quote_parse(span_sub(s.quote, 0, 4000), &s.parsed, &err) == 0,
                         rows[i].row != TDX_CHECK_FORMAT || rows[i].offset == 12);
        if (verify(&s, &err) != rows[i].row)
            fail_msg("%s: %s", rows[i].label, err.text);
        bytes_of(s.quote)[rows[i].offset] ^= 1;
    }
    tdx_expect_self(&s, CLOCK_2025_06);
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "restored");
    tdx_close(&s);
}

/* Every 5th byte that counts, so all bytes of the certificates' text lines are hit somewhere. */
static void test_every_part(void **state)
{
    struct tdx_set s;
    size_t end;

    (void) state;
    open_good(&s);
    end = s.quote.len - 70 - 2; /* the last line's end and the NUL: white space */
    for (size_t at = 0; at < end; at += 5) {
        struct err err = {0};

        bytes_of(s.quote)[at] ^= (uint8_t) (1 << at % 8);
        if (verify(&s, &err) == TDX_CHECK_COUNT)
            fail_msg("a bit of byte %zu does not count", at);
        bytes_of(s.quote)[at] ^= (uint8_t) (1 << at % 8);
    }
    tdx_close(&s);
}

static void test_signature_range(void **state)
{
    static const uint8_t n[] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    static const uint8_t zero[32], ones[32] = {[0 ... 31] = 0xff};
    static const struct {
        size_t at;
        enum tdx_check row;
    } places[] = {
        {AT_SIG,         TDX_CHECK_SIGNATURE   },
        {AT_SIG + 32,    TDX_CHECK_SIGNATURE   },
        {AT_QE_SIG,      TDX_CHECK_QE_SIGNATURE},
        {AT_QE_SIG + 32, TDX_CHECK_QE_SIGNATURE},
    };
    const uint8_t *const values[] = {zero, n, ones};
    struct tdx_set s;

    (void) state;
    open_good(&s);
    for (size_t i = 0; i < COUNT(places); i++) {
        for (size_t k = 0; k < COUNT(values); k++) {
            struct err err = {0};
            uint8_t keep[32];

            memcpy(keep, s.quote.data + places[i].at, 32);
            memcpy(bytes_of(s.quote) + places[i].at, values[k], 32);
            assert_int_equal(verify(&s, &err), places[i].row);
            assert_int_equal(err.code, ERR_DENIED);
            memcpy(bytes_of(s.quote) + places[i].at, keep, 32);
        }
    }
    /* an attestation key that is no point: its hash is not in the QE's report either */
    memset(bytes_of(s.quote) + AT_KEY, 0, 64);
    tdx_expect_row(&s, TDX_CHECK_ATTESTATION_KEY, ERR_DENIED, "not about this attestation key",
                   "key is zero");
    tdx_close(&s);
}

static void put_le32(struct tdx_set *s, size_t at, uint32_t v)
{
    struct writer w = writer_of(bytes_of(s->quote) + at, 4);

    writer_le32(&w, v);
}

static void test_lengths(void **state)
{
    struct tdx_set s;
    struct reader r;
    uint32_t sig_len, outer, inner;
    struct err err;

    (void) state;
    open_good(&s);
    for (size_t len = 0; len < s.quote.len - 70; len += 16) {
        struct tdx_set cut = s;

        cut.quote.len = len;
        assert_true(verify(&cut, &err) <= TDX_CHECK_SIGNATURE_DATA);
        assert_int_equal(err.code, ERR_FORMAT);
    }
    r = reader_of(span_sub(s.quote, AT_SIG_LEN, 4));
    sig_len = reader_le32(&r);
    r = reader_of(span_sub(s.quote, AT_OUTER + 2, 4));
    outer = reader_le32(&r);
    r = reader_of(span_sub(s.quote, AT_INNER + 2, 4));
    inner = reader_le32(&r);
    const struct {
        const char *label;
        size_t at;
        uint32_t value;
    } rows[] = {
        {"signature data + 1",  AT_SIG_LEN,   sig_len + 1                                    },
        {"signature data - 1",  AT_SIG_LEN,   sig_len - 1                                    },
        {"signature data 0",    AT_SIG_LEN,   0                                              },
        {"signature data 133",  AT_SIG_LEN,   133                                            },
        {"signature data 134",  AT_SIG_LEN,   134                                            },
        {"signature data huge", AT_SIG_LEN,   0xffffffff                                     },
        {"outer + 1",           AT_OUTER + 2, outer + 1                                      },
        {"outer - 1",           AT_OUTER + 2, outer - 1                                      },
        {"outer huge",          AT_OUTER + 2, 0xffffffff                                     },
        {"inner + 1",           AT_INNER + 2, inner + 1                                      },
        {"inner - 1",           AT_INNER + 2, inner - 1                                      },
        {"inner huge",          AT_INNER + 2, 0xffffffff                                     },
        {"auth 65535",          AT_AUTH_LEN,  0xffff | (uint32_t) s.quote.data[AT_AUTH] << 16},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t keep[4];

        memcpy(keep, s.quote.data + rows[i].at, 4);
        put_le32(&s, rows[i].at, rows[i].value);
        tdx_expect_row(&s, TDX_CHECK_SIGNATURE_DATA, ERR_FORMAT, "", rows[i].label);
        memcpy(bytes_of(s.quote) + rows[i].at, keep, 4);
    }
    tdx_close(&s);
}

/* The quote with other certification data. */
static void with_certs(struct tdx_set *s, const void *text, size_t len)
{
    static uint8_t buf[TDX_QUOTE_MAX];
    struct writer w = writer_of(buf, sizeof buf);

    writer_bytes(&w, span_sub(s->quote, 0, AT_SIG_LEN));
    writer_le32(&w, (uint32_t) (AT_CERTS - AT_SIG + len));
    writer_bytes(&w, span_sub(s->quote, AT_SIG, AT_OUTER + 2 - AT_SIG));
    writer_le32(&w, (uint32_t) (AT_CERTS - AT_QE_REPORT + len));
    writer_bytes(&w, span_sub(s->quote, AT_QE_REPORT, AT_INNER + 2 - AT_QE_REPORT));
    writer_le32(&w, (uint32_t) len);
    writer_bytes(&w, span_of(text, len));
    assert_false(w.bad);
    s->quote = writer_span(&w);
}

/* The n-th certificate of a chain with its line feed. */
static struct span block(const char *text, int n)
{
    const char *end_line = "-----END CERTIFICATE-----\n";
    const char *at = text, *end = text;

    for (int i = 0; i <= n; i++) {
        at = end;
        end = strstr(at, end_line) + strlen(end_line);
    }
    return span_of(at, (size_t) (end - at));
}

static void test_chain(void **state)
{
    struct tdx_set s, other;
    char *text, *foreign, all[20000];
    size_t len;

    (void) state;
    open_good(&s);
    other = (struct tdx_set){.quote = tdx_load("verify/spr-e4.bin")};
    text = (char *) bytes_of(s.quote) + AT_CERTS;
    foreign = (char *) bytes_of(other.quote) + AT_CERTS;
    len = strlen(text);
    const struct span leaf = block(text, 0), ca = block(text, 1), root = block(text, 2);
    const struct span none = {0}, junk = span_str("junk\n"), nul = span_of("", 1), lf = span_str("\n");
    const struct {
        const char *label;
        struct span parts[4];
        enum tdx_check row;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"as it was",             {leaf, ca, root, nul},    TDX_CHECK_COUNT,     ERR_NONE,    ""                         },
        {"without the NUL",       {leaf, ca, root, none},   TDX_CHECK_COUNT,     ERR_NONE,    ""                         },
        {"an empty line behind",  {leaf, ca, root, lf},     TDX_CHECK_COUNT,     ERR_NONE,    ""                         },
        {"junk behind",           {leaf, ca, root, junk},   TDX_CHECK_PCK_CHAIN, ERR_FORMAT,  "found more"               },
        {"no root",               {leaf, ca, none, none},   TDX_CHECK_PCK_CHAIN, ERR_MISSING, "certificate 3 of 3"       },
        {"leaf alone",            {leaf, none, none, none}, TDX_CHECK_PCK_CHAIN, ERR_MISSING, "certificate 2 of 3"       },
        {"nothing",               {none, none, none, none}, TDX_CHECK_PCK_CHAIN, ERR_MISSING, "certificate 1 of 3"       },
        {"root twice",            {leaf, ca, root, root},   TDX_CHECK_PCK_CHAIN, ERR_FORMAT,  "found more"               },
        {"other order",           {ca, leaf, root, none},   TDX_CHECK_PCK_CHAIN, ERR_DENIED,  "issuer is not the name"   },
        {"CA as root",            {leaf, ca, ca, none},     TDX_CHECK_PCK_CHAIN, ERR_DENIED,  "not the expected root"    },
        {"CA as leaf",            {ca, root, root, none},   TDX_CHECK_PCK_CHAIN, ERR_DENIED,  "Intel SGX PCK Certificate"},
        {"another machine's PCK",
         {block(foreign, 0), ca, root, none},
         TDX_CHECK_QE_SIGNATURE,                                                 ERR_DENIED,
         ""                                                                                                              },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tdx_set changed = s;
        struct writer w = writer_of(all, sizeof all);

        for (size_t k = 0; k < 4; k++)
            writer_bytes(&w, rows[i].parts[k]);
        with_certs(&changed, all, w.len);
        tdx_expect_row(&changed, rows[i].row, rows[i].code, rows[i].text, rows[i].label);
    }
    assert_true(len > 3000);
    free(bytes_of(other.quote));
    tdx_close(&s);
}

/* Collateral: other bytes with the same meaning, other members, other files. */
static void test_collateral(void **state)
{
    static const struct {
        const char *label;
        const char *from, *to; /* in the TCB info */
        enum err_code code;
        const char *text;
    } rows[] = {
        {"white space inside",    "{\"tcbInfo\":{\"id\"", "{\"tcbInfo\":{ \"id\"",       ERR_DENIED,
         "does not verify"                                                                                               },
        {"case of a hex digit",   "B0C06F000000",         "b0C06F000000",                ERR_DENIED, "does not verify"   },
        {"a status",              "OutOfDate",            "UpToDate",                    ERR_DENIED, "does not verify"   },
        {"a date",                "2025-07-19T10:16:03Z", "2035-07-19T10:16:03Z",        ERR_DENIED, "does not verify"   },
        {"the signature",         "\"signature\":\"0",    "\"signature\":\"1",           ERR_DENIED, "does not verify"   },
        {"the signature, short",  "\"signature\":\"0",    "\"signature\":\"",            ERR_FORMAT, "hex digits"        },
        {"the signature, no hex", "\"signature\":\"0",    "\"signature\":\"x",           ERR_FORMAT, "signature"         },
        {"another key",           "{\"tcbInfo\"",         "{\"tcbinfo\"",                ERR_FORMAT, "each once"         },
        {"an escaped key",        "{\"tcbInfo\"",         "{\"\\u0074cbInfo\"",          ERR_FORMAT, "each once"         },
        {"a third member",        "{\"tcbInfo\"",         "{\"x\":1,\"tcbInfo\"",        ERR_FORMAT, "each once"         },
        {"the value twice",       "{\"tcbInfo\"",         "{\"tcbInfo\":{},\"tcbInfo\"", ERR_FORMAT, "each once"         },
        {"no object",             "{\"tcbInfo\":{",       "{\"tcbInfo\":[{",             ERR_FORMAT, "expected an object"},
        {"an array around",       "{\"tcbInfo\"",         "[{\"tcbInfo\"",               ERR_FORMAT, "expected"          },
        {"a NUL",                 "{\"tcbInfo\"",         "\x01{\"tcbInfo\"",            ERR_FORMAT, "no place in JSON"  },
    };
    struct tdx_set s, c;

    (void) state;
    open_good(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = test_replace((const char *) s.collateral.tcb_info.data, rows[i].from, rows[i].to);

        c = s;
        c.collateral.tcb_info = span_str(text);
        tdx_expect_row(&c, TDX_CHECK_TCB_INFO, rows[i].code, rows[i].text, rows[i].label);
        free(text);
    }
    c = s; /* outside the signed value white space and order are free */
    char spaced[8192], *value = strstr((char *) bytes_of(s.collateral.tcb_info), ":{") + 1;
    char *tail = strstr(value, ",\"signature\"");
    (void) snprintf(spaced, sizeof spaced, " { %.*s ,\n \"tcbInfo\" : %.*s\t}\n", (int) strlen(tail) - 2,
                    tail + 1, (int) (tail - value), value);
    c.collateral.tcb_info = span_str(spaced);
    tdx_expect_row(&c, TDX_CHECK_COUNT, ERR_NONE, "", "white space and order outside the value");
    c = s;
    c.collateral.tcb_info = s.collateral.qe_identity;
    tdx_expect_row(&c, TDX_CHECK_TCB_INFO, ERR_FORMAT, "\"tcbInfo\"", "QE identity as TCB info");
    c = s;
    c.collateral.qe_identity = s.collateral.tcb_info;
    tdx_expect_row(&c, TDX_CHECK_QE_IDENTITY, ERR_FORMAT, "\"enclaveIdentity\"", "TCB info as QE identity");
    c = s;
    c.collateral.root_crl = s.collateral.pck_crl;
    tdx_expect_row(&c, TDX_CHECK_ROOT_CRL, ERR_DENIED, "issuer", "PCK CRL as root CRL");
    c = s;
    c.collateral.pck_crl = s.collateral.root_crl;
    tdx_expect_row(&c, TDX_CHECK_PCK_CRL, ERR_DENIED, "issuer", "root CRL as PCK CRL");
    tdx_close(&s);
}

static void test_collateral_missing(void **state)
{
    struct tdx_set s, c;

    (void) state;
    open_good(&s);
    c = s;
    c.collateral.root_crl.len = 0;
    tdx_expect_row(&c, TDX_CHECK_ROOT_CRL, ERR_MISSING, "not given", "root CRL");
    c = s;
    c.collateral.pck_crl.len = 0;
    tdx_expect_row(&c, TDX_CHECK_PCK_CRL, ERR_MISSING, "not given", "PCK CRL");
    c = s;
    c.collateral.tcb_info.len = 0;
    tdx_expect_row(&c, TDX_CHECK_TCB_INFO, ERR_MISSING, "not given", "TCB info");
    c = s;
    c.collateral.tcb_info_chain.len = 0;
    tdx_expect_row(&c, TDX_CHECK_TCB_INFO, ERR_MISSING, "not given", "its chain");
    c = s;
    c.collateral.qe_identity.len = 0;
    tdx_expect_row(&c, TDX_CHECK_QE_IDENTITY, ERR_MISSING, "not given", "QE identity");
    c = s;
    c.collateral.qe_identity_chain.len = 0;
    tdx_expect_row(&c, TDX_CHECK_QE_IDENTITY, ERR_MISSING, "not given", "its chain");
    c = s; /* one signer is right, for the other a chain of the PCK */
    c.collateral.qe_identity_chain = span_sub(s.quote, AT_CERTS, 3600);
    tdx_expect_row(&c, TDX_CHECK_QE_IDENTITY, ERR_FORMAT, "signer", "PCK chain as signer");
    tdx_close(&s);
}

/* An expectation left out is an error. */
static void test_expectations(void **state)
{
    struct tdx_set s, c;
    const char *const text = "expectations: ";
    struct err err;

    (void) state;
    open_good(&s);
#define LEFT_OUT(change)                                                                                     \
    do {                                                                                                     \
        c = s;                                                                                               \
        c.expect.change;                                                                                     \
        assert_int_equal(verify(&c, &err), TDX_CHECK_EXPECTATIONS);                                          \
        test_check_err(&err, ERR_MISSING, text, #change);                                                    \
    } while (0)
    LEFT_OUT(now_s = 0);
    LEFT_OUT(report_data.len = 63);
    LEFT_OUT(evaluation_min = 0);
    LEFT_OUT(minimum.set = false);
    LEFT_OUT(attributes.set = false);
    LEFT_OUT(xfam.set = false);
#undef LEFT_OUT
    c = s;
    c.expect.accepted = TDX_ACCEPT(TDX_STATUS_REVOKED);
    tdx_expect_row(&c, TDX_CHECK_EXPECTATIONS, ERR_FORMAT, "Revoked", "Revoked accepted");
    c.expect.accepted = TDX_ACCEPT(TDX_STATUS_COUNT);
    tdx_expect_row(&c, TDX_CHECK_EXPECTATIONS, ERR_FORMAT, "unknown", "an unknown status accepted");
    c = s;
    c.expect.mr_td.count = VERIFY_MATCH_LIST_MAX + 1;
    tdx_expect_row(&c, TDX_CHECK_EXPECTATIONS, ERR_LIMIT, "4096", "long list");
    c.expect.mr_td = (struct verify_list){NULL, 1, false};
    tdx_expect_row(&c, TDX_CHECK_EXPECTATIONS, ERR_LIMIT, "", "list without entries");
    tdx_close(&s);
}

/* Each reference value: another one, none, any. */
static void test_lists(void **state)
{
    static const uint8_t other[2 * TDX_REG_SIZE] = {0xaa};
    struct tdx_set s;

    (void) state;
    open_good(&s);
    const struct {
        struct verify_list *list;
        const uint8_t *good;
        enum tdx_check row;
    } rows[] = {
        {&s.expect.mr_td,           s.parsed.mr_td,           TDX_CHECK_MR_TD          },
        {&s.expect.rtmr[0],         s.parsed.rtmr[0],         TDX_CHECK_RTMR0          },
        {&s.expect.rtmr[1],         s.parsed.rtmr[1],         TDX_CHECK_RTMR1          },
        {&s.expect.rtmr[2],         s.parsed.rtmr[2],         TDX_CHECK_RTMR2          },
        {&s.expect.rtmr[3],         s.parsed.rtmr[3],         TDX_CHECK_RTMR3          },
        {&s.expect.mr_config_id,    s.parsed.mr_config_id,    TDX_CHECK_MR_CONFIG_ID   },
        {&s.expect.mr_owner,        s.parsed.mr_owner,        TDX_CHECK_MR_OWNER       },
        {&s.expect.mr_owner_config, s.parsed.mr_owner_config, TDX_CHECK_MR_OWNER_CONFIG},
        {&s.expect.mr_seam,         s.parsed.mr_seam,         TDX_CHECK_MR_SEAM        },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct verify_list keep = *rows[i].list;
        uint8_t two[2 * TDX_REG_SIZE];
        const char *label = tdx_check_name(rows[i].row);

        memcpy(two, other, TDX_REG_SIZE);
        memcpy(two + TDX_REG_SIZE, rows[i].good, TDX_REG_SIZE);
        *rows[i].list = (struct verify_list){NULL, 0, false};
        tdx_expect_row(&s, rows[i].row, ERR_DENIED, "expected one of an empty list", label);
        *rows[i].list = (struct verify_list){other, 1, false};
        tdx_expect_row(&s, rows[i].row, ERR_DENIED, "expected aa00", label);
        *rows[i].list = (struct verify_list){other, 2, false};
        if (!span_is_zero(span_of(rows[i].good, TDX_REG_SIZE))) /* other's second half */
            tdx_expect_row(&s, rows[i].row, ERR_DENIED, "one of 2 values", label);
        *rows[i].list = (struct verify_list){two, 2, false};
        tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", label);
        *rows[i].list = (struct verify_list){NULL, 0, true};
        tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", label);
        *rows[i].list = keep;
    }
    tdx_close(&s);
}

static void test_policy(void **state)
{
    static const uint8_t other[64] = {1};
    struct tdx_set s, c;

    (void) state;
    open_good(&s);
    c = s;
    c.expect.report_data = span_of(other, sizeof other);
    tdx_expect_row(&c, TDX_CHECK_REPORT_DATA, ERR_DENIED, "another nonce or key", "report data");
    c = s;
    c.expect.evaluation_min = 17;
    tdx_expect_row(&c, TDX_CHECK_COUNT, ERR_NONE, "", "evaluation 17");
    c.expect.evaluation_min = 18;
    tdx_expect_row(&c, TDX_CHECK_EVALUATION, ERR_DENIED, "expected at least 18, found 17", "evaluation 18");
    c = s;
    memcpy(c.expect.minimum.tee_tcb_svn, s.parsed.tee_tcb_svn, TDX_SVN_SIZE);
    tdx_expect_row(&c, TDX_CHECK_COUNT, ERR_NONE, "", "TEE TCB SVN reached");
    c.expect.minimum.tee_tcb_svn[2]++;
    tdx_expect_row(&c, TDX_CHECK_SVN, ERR_DENIED, "TEE TCB SVN 2: expected at least 4, found 3",
                   "TEE TCB SVN");
    c = s;
    c.expect.minimum.pce_svn = 100;
    tdx_expect_row(&c, TDX_CHECK_SVN, ERR_DENIED, "PCE SVN: expected at least 100", "PCE SVN");
    c = s;
    c.expect.minimum.qe_svn = 100;
    tdx_expect_row(&c, TDX_CHECK_SVN, ERR_DENIED, "QE SVN: expected at least 100", "QE SVN");
    c = s;
    c.expect.attributes.allowed = 0;
    tdx_expect_row(&c, TDX_CHECK_ATTRIBUTES, ERR_DENIED, "SEPT_VE_DISABLE is not allowed", "attributes");
    c.expect.attributes.allowed = ~UINT64_C(0);
    c.expect.attributes.required = TDX_ATTR_PKS;
    tdx_expect_row(&c, TDX_CHECK_ATTRIBUTES, ERR_DENIED, "supervisor protection keys is required", "PKS");
    c = s;
    c.expect.xfam.allowed &= ~UINT64_C(0x40000);
    tdx_expect_row(&c, TDX_CHECK_XFAM, ERR_DENIED, "a processor feature is not allowed", "XFAM");
    c = s;
    c.expect.xfam.required |= 0x100;
    tdx_expect_row(&c, TDX_CHECK_XFAM, ERR_DENIED, "is required", "XFAM");
    c = s;
    c.expect.piids = (struct verify_list){NULL, 0, false};
    tdx_expect_row(&c, TDX_CHECK_PIID, ERR_DENIED, "an empty list", "PIID");
    tdx_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_every_part),
        cmocka_unit_test(test_signature_range),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_collateral),
        cmocka_unit_test(test_collateral_missing),
        cmocka_unit_test(test_expectations),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
