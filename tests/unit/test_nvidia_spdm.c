/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "hash.h"
#include "hex.h"
#include "nvidia_spdm.h"
#include "pem.h"
#include "x509.h"

#define VECTORS "tests/vectors/nvidia_spdm/"
#define CLOCK_2026 INT64_C(1795561000)
#define CHAIN_MAX 5
#define RESPONSE 37
#define BLOCK_SIZE 55
#define BLOCKS_AT (RESPONSE + 8)
#define RESPONDER_NONCE_AT (BLOCKS_AT + 64 * BLOCK_SIZE)
#define OPAQUE_AT (RESPONDER_NONCE_AT + 34)

/* Facts of the two reports, from the claims that others made of them. */
static const struct gpu {
    const char *name, *nonce, *driver, *fwid, *vbios, *measurement_10;
    size_t len, opaque_len;
} gpus[] = {
    {.name = "h100-550",
     .nonce = "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb",
     .driver = "550.90.07",
     .fwid = "f5c384aebb579217a2c66b17ed0f28e6a9b8d639041acd7b",
     .vbios = "009f009601000000",
     .measurement_10 = "059b32e712a153f490dbfb7976a9e275d789e28bd4803c35",
     .len = 4117,
     .opaque_len = 422},
    {.name = "h100-580",
     .nonce = "87d8e24ab336adafe228d49e83d745f6dba4ae505372b6a5704820856b343fec",
     .driver = "580.95.05",
     .fwid = "f1ae7d0093a3f568",
     .vbios = "007400961a000000",
     .measurement_10 = "",
     .len = 4129,
     .opaque_len = 434},
};

struct loaded {
    struct span bytes; /* malloc'ed */
    uint8_t *data;
    uint8_t certs[8192];
    struct x509 chain[CHAIN_MAX];
    uint8_t nonce[NVIDIA_SPDM_NONCE_SIZE];
};

static void load(const struct gpu *gpu, struct loaded *l)
{
    struct writer w = writer_of(l->certs, sizeof l->certs);
    char path[100];
    struct span text, der;
    struct err err;
    size_t len;
    char *pem;

    (void) snprintf(path, sizeof path, VECTORS "%s.bin", gpu->name);
    l->data = (uint8_t *) test_slurp(path, &len);
    l->bytes = span_of(l->data, len);
    (void) snprintf(path, sizeof path, VECTORS "%s.pem", gpu->name);
    pem = test_slurp(path, &len);
    text = span_of(pem, len);
    for (int i = 0; i < CHAIN_MAX; i++) {
        assert_int_equal(pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &err), 0);
        if (x509_parse(der, &l->chain[i], &err) < 0)
            fail_msg("%s: certificate %d: %s", gpu->name, i, err.text);
    }
    assert_int_equal(pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(hex_decode(span_str(gpu->nonce), l->nonce, sizeof l->nonce, &err), 0);
    free(pem);
}

static struct span nonce_of(const struct loaded *l)
{
    return span_of(l->nonce, sizeof l->nonce);
}

/* The bytes begin with these hex digits. */
static void begins(struct span bytes, const char *hex, const char *label)
{
    uint8_t want[64];
    struct err err;
    const size_t len = strlen(hex) / 2;

    assert_int_equal(hex_decode(span_str(hex), want, len, &err), 0);
    if (!span_eq(span_sub(bytes, 0, len), span_of(want, len)))
        fail_msg("%s: expected %s", label, hex);
}

static void test_parse(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(gpus); i++) {
        const struct gpu *gpu = &gpus[i];
        struct loaded l;
        struct nvidia_spdm got;
        struct span field;
        struct err err;

        load(gpu, &l);
        assert_int_equal(l.bytes.len, gpu->len);
        if (nvidia_spdm_parse(l.bytes, &got, &err) < 0)
            fail_msg("%s: %s", gpu->name, err.text);
        assert_true(span_eq(got.nonce, nonce_of(&l)));
        assert_int_equal(got.slot, 0);
        assert_int_equal(got.measurement_count, 64);
        for (int m = 0; m < 64; m++) {
            assert_int_equal(got.measurements[m].len, NVIDIA_SPDM_DIGEST_SIZE);
            assert_int_equal(got.kinds[m], 1);
            assert_ptr_equal(got.measurements[m].data, l.data + BLOCKS_AT + m * BLOCK_SIZE + 7);
        }
        assert_true(span_is_zero(got.measurements[0]));
        begins(got.measurements[9], gpu->measurement_10, "measurement 10");
        assert_int_equal(got.opaque.len, gpu->opaque_len);
        assert_int_equal(got.signed_part.len + NVIDIA_SPDM_SIGNATURE_SIZE, gpu->len);
        field = nvidia_spdm_find(&got, NVIDIA_SPDM_DRIVER_VERSION);
        assert_true(span_eq(field, span_of(gpu->driver, strlen(gpu->driver) + 1)));
        begins(nvidia_spdm_find(&got, NVIDIA_SPDM_VBIOS_VERSION), gpu->vbios, "VBIOS");
        field = nvidia_spdm_find(&got, NVIDIA_SPDM_FWID);
        assert_int_equal(field.len, NVIDIA_SPDM_DIGEST_SIZE);
        begins(field, gpu->fwid, "FWID");
        assert_int_equal(nvidia_spdm_find(&got, 5).len, 0);
        free(l.data);
    }
}

/* Leaf to NVIDIA's root, which is known by its digest, as lib/x509 sees it; and the report under the leaf. */
static void test_chain(void **state)
{
    static const uint8_t dice_tcb_info[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01};

    (void) state;
    for (size_t i = 0; i < COUNT(gpus); i++) {
        struct loaded l;
        struct nvidia_spdm got;
        struct x509_ext ext;
        struct err err = {0};
        uint8_t digest[SHA256_SIZE];
        struct span fwid;

        load(&gpus[i], &l);
        assert_true(span_eq_str(l.chain[0].subject_cn, "GH100 A01 GSP FMC LF"));
        for (int c = 0; c < CHAIN_MAX; c++) {
            if (x509_check_time(&l.chain[c], CLOCK_2026, &err) < 0)
                fail_msg("certificate %d: %s", c, err.text);
            if (c + 1 < CHAIN_MAX && x509_check_issued(&l.chain[c], &l.chain[c + 1], c, &err) < 0)
                fail_msg("certificate %d: %s", c, err.text);
        }
        assert_int_equal(hash_bytes(HASH_SHA256, l.chain[CHAIN_MAX - 1].der, digest, &err), 0);
        begins(span_of(digest, sizeof digest),
               "102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48", "root");
        assert_int_equal(nvidia_spdm_parse(l.bytes, &got, &err), 0);
        if (nvidia_spdm_verify(&got, nonce_of(&l), l.chain[0].spki, &err) < 0)
            fail_msg("%s: %s", gpus[i].name, err.text);
        assert_int_equal(x509_find_ext(&l.chain[0], span_of(dice_tcb_info, sizeof dice_tcb_info), &ext, &err),
                         0);
        fwid = nvidia_spdm_find(&got, NVIDIA_SPDM_FWID);
        assert_non_null(memmem(ext.value.data, ext.value.len, fwid.data, fwid.len));
        free(l.data);
    }
}

static void test_verify_refusals(void **state)
{
    struct loaded l, other;
    struct nvidia_spdm got;
    struct err err = {0};

    (void) state;
    load(&gpus[0], &l);
    load(&gpus[1], &other);
    assert_int_equal(nvidia_spdm_parse(l.bytes, &got, &err), 0);
    assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&other), l.chain[0].spki, &err), -1);
    test_check_err(&err, ERR_DENIED, "nonce", "other nonce");
    assert_int_equal(nvidia_spdm_verify(&got, span_of(l.nonce, 31), l.chain[0].spki, &err), -1);
    test_check_err(&err, ERR_DENIED, "nonce", "short nonce");
    assert_int_equal(nvidia_spdm_verify(&got, span_of(NULL, 0), l.chain[0].spki, &err), -1);
    test_check_err(&err, ERR_DENIED, "nonce", "no nonce");
    assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&l), other.chain[0].spki, &err), -1);
    test_check_err(&err, ERR_DENIED, "SPDM report", "key of another GPU");
    assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&l), l.chain[1].spki, &err), -1);
    test_check_err(&err, ERR_DENIED, "SPDM report", "key of the issuer");
    assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&l), l.bytes, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    got.signature.len--;
    assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&l), l.chain[0].spki, &err), -1);
    test_check_err(&err, ERR_FORMAT, "signature", "95 bytes");
    free(l.data);
    free(other.data);
}

/* One bit of every byte: the report no longer parses, or is no longer signed or about the nonce. */
static void test_flipped_bits(void **state)
{
    struct loaded l;

    (void) state;
    load(&gpus[0], &l);
    for (size_t at = 0; at < l.bytes.len; at++) {
        const uint8_t bit = (uint8_t) (1 << at % 8);
        struct nvidia_spdm got;
        struct err err = {0};

        /* of the measurements' digests a sample */
        if (at > BLOCKS_AT + 2 * BLOCK_SIZE && at < RESPONDER_NONCE_AT - BLOCK_SIZE && at % 16 != 3)
            continue;
        l.data[at] ^= bit;
        if (nvidia_spdm_parse(l.bytes, &got, &err) == 0 &&
            nvidia_spdm_verify(&got, nonce_of(&l), l.chain[0].spki, &err) == 0)
            fail_msg("byte %zu", at);
        assert_int_not_equal(err.code, ERR_NONE);
        l.data[at] ^= bit;
    }
    free(l.data);
}

static void test_lengths(void **state)
{
    static uint8_t buf[NVIDIA_SPDM_MAX + 1];
    struct loaded l;
    struct nvidia_spdm got = {.slot = 99};
    struct err err = {0};

    (void) state;
    load(&gpus[0], &l);
    memcpy(buf, l.data, l.bytes.len);
    for (size_t len = 0; len < l.bytes.len; len++)
        assert_int_equal(nvidia_spdm_parse(span_of(buf, len), &got, &err), -1);
    assert_int_equal(nvidia_spdm_parse(span_of(buf, l.bytes.len + 1), &got, &err), -1);
    test_check_err(&err, ERR_FORMAT, "at the end", "one more");
    assert_int_equal(nvidia_spdm_parse(span_of(buf, sizeof buf), &got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "8192", "too long");
    assert_int_equal(got.slot, 99);
    free(l.data);
}

static void test_edits(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        uint8_t value[3];
        size_t len;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"SPDM 1.2",         0,             {0x12},          1, ERR_FORMAT, "request version"           },
        {"not this request", 1,             {0xe1},          1, ERR_FORMAT, "request code"              },
        {"unsigned",         2,             {0},             1, ERR_FORMAT, "request attributes"        },
        {"one measurement",  3,             {1},             1, ERR_FORMAT, "request operation"         },
        {"slot 8",           36,            {8},             1, ERR_FORMAT, "slot"                      },
        {"another slot",     36,            {1},             1, ERR_FORMAT, "response slot"             },
        {"version differs",  RESPONSE,      {0x10},          1, ERR_FORMAT, "response version"          },
        {"an error message", RESPONSE + 1,  {0x7f},          1, ERR_FORMAT, "response code"             },
        {"reserved",         RESPONSE + 2,  {1},             1, ERR_FORMAT, "reserved"                  },
        {"no blocks",        RESPONSE + 4,  {0},             1, ERR_FORMAT, "no measurements"           },
        {"a block less",     RESPONSE + 4,  {63},            1, ERR_FORMAT, "55 bytes behind"           },
        {"a block more",     RESPONSE + 4,  {65},            1, ERR_FORMAT, "cut short"                 },
        {"record shorter",   RESPONSE + 5,  {0xbf},          1, ERR_FORMAT, "cut short"                 },
        {"record longer",    RESPONSE + 5,  {0xc1},          1, ERR_FORMAT, "1 bytes behind"            },
        {"record huge",      RESPONSE + 5,  {255, 255, 255}, 3, ERR_FORMAT, "16777215 bytes"            },
        {"index 0",          BLOCKS_AT,     {0},             1, ERR_LIMIT,  "index 0"                   },
        {"index 65",         BLOCKS_AT,     {65},            1, ERR_LIMIT,  "index 65"                  },
        {"index twice",      BLOCKS_AT,     {2},             1, ERR_FORMAT, "measurement 2 stands twice"},
        {"not DMTF",         BLOCKS_AT + 1, {2},             1, ERR_FORMAT, "specification 2"           },
        {"block size",       BLOCKS_AT + 2, {50},            1, ERR_FORMAT, "50 bytes"                  },
        {"raw value",        BLOCKS_AT + 4, {0x81},          1, ERR_FORMAT, "kind 0x81"                 },
        {"value size",       BLOCKS_AT + 5, {47},            1, ERR_FORMAT, "47 bytes"                  },
        {"opaque shorter",   OPAQUE_AT - 2, {0xa5},          1, ERR_FORMAT, "at the end"                },
        {"opaque longer",    OPAQUE_AT - 2, {0xa7},          1, ERR_FORMAT, "at the end"                },
        {"opaque too long",  OPAQUE_AT - 2, {1, 4},          2, ERR_LIMIT,  "1024"                      },
        {"field twice",      OPAQUE_AT,     {14},            1, ERR_FORMAT, "field 14 stands twice"     },
        {"field too long",   OPAQUE_AT + 2, {255, 255},      2, ERR_FORMAT, "field 0 is cut short"      },
    };
    struct loaded l;

    (void) state;
    load(&gpus[0], &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[8192];
        struct nvidia_spdm got;
        struct err err = {0};

        memcpy(buf, l.data, l.bytes.len);
        memcpy(buf + rows[i].at, rows[i].value, rows[i].len);
        if (nvidia_spdm_parse(span_of(buf, l.bytes.len), &got, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
    free(l.data);
}

/* 65 fields without bytes. */
static void test_many_fields(void **state)
{
    struct loaded l;
    uint8_t buf[8192];

    (void) state;
    load(&gpus[0], &l);
    for (unsigned count = 64; count <= 65; count++) {
        struct writer w = writer_of(buf, sizeof buf);
        struct nvidia_spdm got;
        struct err err = {0};

        writer_bytes(&w, span_sub(l.bytes, 0, OPAQUE_AT - 2));
        writer_le16(&w, (uint16_t) (4 * count));
        for (unsigned f = 0; f < count; f++) {
            writer_le16(&w, (uint16_t) f);
            writer_le16(&w, 0);
        }
        writer_zeros(&w, NVIDIA_SPDM_SIGNATURE_SIZE);
        assert_int_equal(nvidia_spdm_parse(writer_span(&w), &got, &err), count == 64 ? 0 : -1);
        if (count == 65)
            test_check_err(&err, ERR_LIMIT, "64 fields", "65 fields");
    }
    free(l.data);
}

/* r and s of 0, and of the order and above. */
static void test_signature_range(void **state)
{
    struct loaded l;

    (void) state;
    load(&gpus[0], &l);
    for (int half = 0; half < 2; half++) {
        for (int fill = 0; fill < 2; fill++) {
            uint8_t sig[NVIDIA_SPDM_SIGNATURE_SIZE];
            struct nvidia_spdm got;
            struct err err = {0};

            assert_int_equal(nvidia_spdm_parse(l.bytes, &got, &err), 0);
            memcpy(sig, got.signature.data, sizeof sig);
            memset(sig + half * 48, fill ? 0xff : 0, 48);
            got.signature = span_of(sig, sizeof sig);
            assert_int_equal(nvidia_spdm_verify(&got, nonce_of(&l), l.chain[0].spki, &err), -1);
            assert_int_equal(err.code, ERR_DENIED);
        }
    }
    free(l.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),           cmocka_unit_test(test_chain),
        cmocka_unit_test(test_verify_refusals), cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_lengths),         cmocka_unit_test(test_edits),
        cmocka_unit_test(test_many_fields),     cmocka_unit_test(test_signature_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
