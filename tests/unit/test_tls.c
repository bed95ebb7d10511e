/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls: both ends in memory, with aTLS's certificates. Go and OpenSSL as the other end:
 * tests/cli/test_atls.py. */
#include "tls_loop.h"

#include "x509_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct tls_loop loop;

static int setup(void **state)
{
    (void) state;
    tls_loop_open(&loop);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    tls_loop_close(&loop);
    return 0;
}

static void check_end(const struct tls_loop_end *end, const struct tls_loop_end *other, const char *version)
{
    if (end->rc != 1)
        fail_msg("%d: %s", end->rc, end->err.text);
    assert_int_equal(end->verify_calls, 1);
    assert_int_equal(end->certificate_calls, 1);
    assert_memory_equal(end->peer_nonce, other->nonce, ATLS_NONCE_SIZE);
    assert_true(ecc_public_eq(&end->peer.key, &other->key.pub));
    assert_true(span_eq_str(end->peer.evidence, other->evidence));
    assert_string_equal(tls_version(end->tls), version);
}

/* Every pair of versions: what is agreed on, "" for nothing. */
static const struct {
    enum tls_versions client;
    enum tls_versions server;
    const char *version;
} pairs[] = {
    {TLS_ANY,     TLS_ANY,     "1.3"},
    {TLS_ANY,     TLS_ONLY_13, "1.3"},
    {TLS_ANY,     TLS_ONLY_12, "1.2"},
    {TLS_ONLY_13, TLS_ANY,     "1.3"},
    {TLS_ONLY_13, TLS_ONLY_13, "1.3"},
    {TLS_ONLY_13, TLS_ONLY_12, ""   },
    {TLS_ONLY_12, TLS_ANY,     "1.2"},
    {TLS_ONLY_12, TLS_ONLY_13, ""   },
    {TLS_ONLY_12, TLS_ONLY_12, "1.2"},
};

static void test_versions(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        loop.client_versions = pairs[i].client;
        loop.server_versions = pairs[i].server;
        tls_loop_run(&loop);
        if (pairs[i].version[0] == 0) {
            assert_int_equal(loop.client.rc, -1);
            assert_int_equal(loop.server.rc, -1);
            continue;
        }
        check_end(&loop.client, &loop.server, pairs[i].version);
        check_end(&loop.server, &loop.client, pairs[i].version);
    }
}

static void test_data(void **state)
{
    static uint8_t out[200000];
    static uint8_t in[sizeof(out)];
    struct err err;
    size_t got = 0;
    (void) state;
    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t) (i * 7 + i / 251);
    tls_loop_run(&loop);
    assert_int_equal(tls_write(loop.client.tls, span_of(out, sizeof(out)), &err), 0);
    tls_close(loop.client.tls);
    tls_loop_carry(&loop);
    for (size_t len;
         tls_read(loop.server.tls, in + got, sizeof(in) - got, &len, &err) == 1 && got < sizeof(in);)
        got += len;
    assert_int_equal(got, sizeof(out));
    assert_memory_equal(in, out, sizeof(out));
    size_t len = 1;
    assert_int_equal(tls_read(loop.server.tls, in, sizeof(in), &len, &err), 0);
    assert_int_equal(len, 0);
    assert_true(tls_closed(loop.server.tls));
}

static void failed(const struct tls_loop_end *end, enum err_code code, const char *text)
{
    if (end->rc != -1 || end->err.code != code || strstr(end->err.text, text) == NULL)
        fail_msg("expected %s \"%s\", found %d %s \"%s\"", err_code_name(code), text, end->rc,
                 err_code_name(end->err.code), end->err.text);
}

/* What a client may offer in ALPN, and what the server then says. */
static const struct {
    const char *alpn;
    enum err_code code;
    const char *text;
} alpns[] = {
    {"h2",                                                                                ERR_MISSING, "aTLS: no nonce in ALPN"               },
    {"atls:v2:nonce:00,h2",                                                               ERR_FORMAT,  "aTLS: ALPN name is of another version"},
    {"atls:v1:nonce:00,h2",                                                               ERR_FORMAT,  "aTLS: nonce in ALPN"                  },
    {"atls:v1:nonce:000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f,h2", ERR_FORMAT,
     "aTLS: nonce in ALPN"                                                                                                                    },
    {"atls:v1:nonce:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,atls:v1:nonce:"
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,h2",          ERR_FORMAT,  "aTLS: two nonces"                     },
};

static void test_bad_alpn(void **state)
{
    (void) state;
    for (int version = 0; version < 2; version++)
        for (size_t i = 0; i < sizeof(alpns) / sizeof(alpns[0]); i++) {
            tls_loop_close(&loop);
            tls_loop_open(&loop);
            loop.client_alpn = alpns[i].alpn;
            loop.client_versions = version == 0 ? TLS_ONLY_13 : TLS_ONLY_12;
            tls_loop_run(&loop);
            failed(&loop.server, alpns[i].code, alpns[i].text);
            assert_int_equal(loop.client.rc, -1);
            assert_int_equal(loop.server.verify_calls, 0);
        }
}

static void test_alpn_without_h2(void **state)
{
    (void) state;
    loop.client_alpn = "atls:v1:nonce:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    tls_loop_run(&loop);
    assert_int_equal(loop.server.rc, -1);
    assert_int_equal(loop.client.rc, -1);
}

static void test_bad_server_name(void **state)
{
    static uint8_t der[1024];
    static uint8_t name[256];
    static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
    static const uint8_t oid_o[] = {0x55, 0x04, 0x0a};
    static const char nonce[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const struct x509_attr attrs[] = {
        {span_of(oid_cn, sizeof(oid_cn)), DER_PRINTABLE_STRING, nonce},
        {span_of(oid_o,  sizeof(oid_o)),  DER_UTF8_STRING,      "x"  },
    };
    struct err err;
    uint8_t spki[ECC_SPKI_MAX];
    (void) state;
    for (size_t count = 0; count <= 2; count++) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        struct writer name_w = writer_of(name, sizeof(name));
        struct writer spki_w = writer_of(spki, sizeof(spki));
        struct writer w = writer_of(der, sizeof(der));
        x509_put_name(&name_w, attrs, count == 0 ? 1 : count);
        if (count == 0)
            name[name_w.len - 2] = 'i'; /* the last digit's unused bits are not zero */
        ecc_public_to_spki(&loop.server.key.pub, &spki_w);
        const struct x509_template t = {
            .serial = span_of("\x01", 1),
            .issuer = writer_span(&name_w),
            .subject = writer_span(&name_w),
            .not_after_s = TLS_LOOP_NOW,
            .spki = writer_span(&spki_w),
        };
        struct x509_signer signer = x509_signer_ecc(&loop.server.key);
        assert_int_equal(x509_write(&t, &signer, &w, &err), 0);
        loop.server_ca = writer_span(&w);
        tls_loop_run(&loop);
        if (count == 1) {
            assert_int_equal(loop.client.rc, 1);
            continue;
        }
        failed(&loop.client, ERR_FORMAT, "aTLS: nonce in the acceptable CA name");
        assert_int_equal(loop.server.rc, -1);
        assert_int_equal(loop.server.verify_calls, 0); /* nothing of the client's went out */
    }
}

static void test_refusals_reach_both(void **state)
{
    (void) state;
    loop.client.refuse = "the client does not like it";
    tls_loop_run(&loop);
    failed(&loop.client, ERR_DENIED, "the client does not like it");
    failed(&loop.server, ERR_FORMAT, "tls: handshake: the peer's alert 42 (bad_certificate)");
    assert_int_equal(loop.client.certificate_calls, 0);
    for (int version = 0; version < 2; version++) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        loop.server.refuse = "the server does not like it";
        loop.client_versions = version == 0 ? TLS_ONLY_13 : TLS_ONLY_12;
        tls_loop_run(&loop);
        failed(&loop.server, ERR_DENIED, "the server does not like it");
        /* A 1.3 client may be done before it hears of it; then its first read says so. */
        if (loop.client.rc == 1) {
            uint8_t byte;
            size_t len;
            loop.client.rc = tls_read(loop.client.tls, &byte, 1, &len, &loop.client.err);
        }
        assert_int_equal(loop.client.rc, -1);
        assert_non_null(strstr(loop.client.err.text, "the peer's alert 42 (bad_certificate)"));
    }
}

static void test_dates(void **state)
{
    (void) state;
    loop.client.now_s = TLS_LOOP_NOW + ATLS_LIFETIME_S + 1;
    tls_loop_run(&loop);
    failed(&loop.client, ERR_DENIED, "aTLS: peer's certificate: ");
    tls_loop_close(&loop);
    tls_loop_open(&loop);
    loop.server.now_s = TLS_LOOP_NOW - ATLS_LIFETIME_S - 1;
    tls_loop_run(&loop);
    failed(&loop.server, ERR_DENIED, "aTLS: peer's certificate: ");
}

/* A certificate over a key that the other side does not have. */
static void test_stolen_certificate(void **state)
{
    static uint8_t der[1024];
    struct ecc_pair other;
    struct err err;
    (void) state;
    for (int side = 0; side < 2; side++) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        struct writer w = writer_of(der, sizeof(der));
        assert_int_equal(ecc_generate(ECC_CURVE_P256, &other, &err), 0);
        const struct atls_template t = {.key = &other, .now_s = TLS_LOOP_NOW, .evidence = span_str("stolen")};
        assert_int_equal(atls_certificate(&t, &w, &err), 0);
        struct tls_loop_end *thief = side == 0 ? &loop.client : &loop.server;
        struct tls_loop_end *victim = side == 0 ? &loop.server : &loop.client;
        thief->certificate = writer_span(&w);
        tls_loop_run(&loop);
        assert_int_equal(victim->rc, -1);
        assert_int_equal(victim->err.code, ERR_FORMAT);
    }
}

static void test_large_evidence(void **state)
{
    static char evidence[ATLS_EVIDENCE_MAX + 1];
    (void) state;
    memset(evidence, 'e', ATLS_EVIDENCE_MAX);
    for (int version = 0; version < 2; version++) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        loop.client.evidence = evidence;
        loop.server.evidence = evidence;
        loop.client_versions = version == 0 ? TLS_ONLY_13 : TLS_ONLY_12;
        tls_loop_run(&loop);
        check_end(&loop.client, &loop.server, version == 0 ? "1.3" : "1.2");
        check_end(&loop.server, &loop.client, version == 0 ? "1.3" : "1.2");
    }
}

/* However much of the client's bytes arrive before the connection is cut, the server does not accept. */
static void test_truncated(void **state)
{
    (void) state;
    tls_loop_run(&loop);
    size_t whole = loop.carried - 16; /* signatures differ in length by a few bytes */
    assert_int_equal(loop.server.rc, 1);
    for (size_t cut = 1; cut < whole; cut += whole / 23) {
        tls_loop_close(&loop);
        tls_loop_open(&loop);
        loop.cut_client = cut;
        tls_loop_run(&loop);
        failed(&loop.server, ERR_FORMAT, "tls: handshake: the peer closed the connection");
    }
}

static void test_garbage(void **state)
{
    static const char record[] = "\x17\x03\x03\x00\x20"
                                 "this is no ciphertext of the key";
    struct err err;
    (void) state;
    loop.cut_client = 0;
    tls_loop_run(&loop);
    struct tls *server = loop.server.tls;
    assert_int_equal(tls_feed(server, span_of(record, sizeof(record) - 1), &err), 0);
    uint8_t byte;
    size_t len;
    assert_int_equal(tls_read(server, &byte, 1, &len, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
}

static void test_buffer_is_bounded(void **state)
{
    static uint8_t block[65536];
    struct err err;
    int rc = 0;
    size_t fed = 0;
    (void) state;
    tls_loop_run(&loop);
    for (; fed < 2 * TLS_BUFFER_MAX && rc == 0; fed += sizeof(block))
        rc = tls_feed(loop.server.tls, span_of(block, sizeof(block)), &err);
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_true(fed <= TLS_BUFFER_MAX + sizeof(block));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_versions),        ROW(test_data),
        ROW(test_bad_alpn),        ROW(test_alpn_without_h2),
        ROW(test_bad_server_name), ROW(test_refusals_reach_both),
        ROW(test_dates),           ROW(test_stolen_certificate),
        ROW(test_large_evidence),  ROW(test_truncated),
        ROW(test_garbage),         ROW(test_buffer_is_bounded),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
