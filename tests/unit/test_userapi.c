/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userapi: bytes by hand after the .proto's field numbers, round trips, limits and refusals. */
#include "parser_test.h"
#include "userapi.h"

#define H32 "0123456789abcdef0123456789abcdef"

static struct err err;
static uint8_t buf[USERAPI_RESPONSE_MAX];
static struct span items[2][4];

static void test_set_request(void **state)
{
    struct span policies[] = {span_str("p1"), span_str("p22")};
    const struct userapi_set_request in = {
        .manifest = span_str("{}"), .policies = {policies, 2, 2},
             .previous = span_str(H32)
    };
    struct userapi_set_request out = {
        .policies = {items[0], 0, 4}
    };
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    assert_int_equal(userapi_set_request_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), "\x0a\x02{}\x12\x02p1\x12\x03p22\x1a\x20" H32));
    assert_int_equal(userapi_set_request_decode(writer_span(&w), &out, &err), 0);
    assert_true(span_eq_str(out.manifest, "{}") && span_eq_str(out.previous, H32));
    assert_int_equal(out.policies.count, 2);
    assert_true(span_eq_str(out.policies.items[1], "p22"));
    assert_int_equal(out.signature.len, 0);
    out.policies.max = 1;
    assert_int_equal(userapi_set_request_decode(writer_span(&w), &out, &err), -1);
    test_check_err(&err, ERR_LIMIT, "SetManifest request: more than 1 Policies", "max");
}

static void test_set_response(void **state)
{
    struct userapi_set_response in = {.root_ca = span_str("r"), .mesh_ca = span_str("m")};
    struct userapi_set_response out;
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    assert_int_equal(userapi_set_response_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), "\x0a\x01r\x12\x01m"));
    assert_int_equal(userapi_set_response_decode(writer_span(&w), &out, &err), 0);
    assert_false(out.has_shares);
    in.has_shares = true;
    in.shares[0] = (struct userapi_share){span_str("aa"), span_str("xyz")};
    in.share_count = 1;
    in.salt = span_str(H32);
    w = writer_of(buf, sizeof buf);
    assert_int_equal(userapi_set_response_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), "\x0a\x01r\x12\x01m\x1a\x2d\x0a\x09\x0a\x02"
                                             "aa\x12\x03xyz\x12\x20" H32));
    assert_int_equal(userapi_set_response_decode(writer_span(&w), &out, &err), 0);
    assert_true(out.has_shares && out.share_count == 1 && span_eq_str(out.salt, H32));
    assert_true(span_eq_str(out.shares[0].public_key, "aa") && span_eq_str(out.shares[0].encrypted, "xyz"));
    in.share_count = USERAPI_SHARES_MAX + 1;
    assert_int_equal(userapi_set_response_encode(&in, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_get_response(void **state)
{
    static const char signature[] = "signature";
    struct span manifests[] = {span_str("m1"), span_str("m1")};
    struct span policies[] = {span_str("p")};
    struct userapi_get_response in = {
        .manifests = {manifests, 2, 2},
        .policies = {policies,  1, 1},
        .root_ca = span_str("r"),
        .mesh_ca = span_str("m")
    };
    struct userapi_get_response out = {
        .manifests = {items[0], 0, 4},
          .policies = {items[1], 0, 4}
    };
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    assert_int_equal(userapi_get_response_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), "\x0a\x02m1\x0a\x02m1\x12\x01p\x1a\x01r\x22\x01m"));
    in.digest = span_str(H32);
    in.signature = span_str(signature);
    w = writer_of(buf, sizeof buf);
    assert_int_equal(userapi_get_response_encode(&in, &w, &err), 0);
    assert_int_equal(userapi_get_response_decode(writer_span(&w), &out, &err), 0);
    assert_int_equal(out.manifests.count, 2);
    assert_int_equal(out.policies.count, 1);
    assert_true(span_eq_str(out.digest, H32) && span_eq_str(out.signature, signature));
    w = writer_of(buf, 20);
    assert_int_equal(userapi_get_response_encode(&in, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "does not fit into 20 bytes", "small");
}

static void test_recover(void **state)
{
    struct userapi_recover_request in = {.seed = span_str(H32 H32), .salt = span_str(H32), .force = true};
    struct userapi_recover_request out;
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    assert_int_equal(userapi_recover_request_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), "\x0a\x40" H32 H32 "\x12\x20" H32 "\x18\x01"));
    assert_int_equal(userapi_recover_request_decode(writer_span(&w), &out, &err), 0);
    assert_true(out.force && span_eq(out.seed, in.seed) && span_eq(out.salt, in.salt));
    in.seed.len--;
    assert_int_equal(userapi_recover_request_encode(&in, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "Recover request: Seed has 63 bytes, expected 64 to 64", "seed");
}

typedef int decode_fn(struct span bytes);

static int set_request(struct span bytes)
{
    struct userapi_set_request out = {
        .manifest.len = 77, .policies = {items[0], 0, 4}
    };
    int rc = userapi_set_request_decode(bytes, &out, &err);
    assert_true(rc == 0 || out.manifest.len == 77);
    return rc;
}

static int set_response(struct span bytes)
{
    struct userapi_set_response out = {.root_ca.len = 77};
    int rc = userapi_set_response_decode(bytes, &out, &err);
    assert_true(rc == 0 || out.root_ca.len == 77);
    return rc;
}

static int get_response(struct span bytes)
{
    struct userapi_get_response out = {
        .manifests = {items[0], 0, 4},
          .policies = {items[1], 0, 4},
          .root_ca.len = 77
    };
    int rc = userapi_get_response_decode(bytes, &out, &err);
    assert_true(rc == 0 || out.root_ca.len == 77);
    return rc;
}

static int recover_request(struct span bytes)
{
    struct userapi_recover_request out = {.seed.len = 77};
    int rc = userapi_recover_request_decode(bytes, &out, &err);
    assert_true(rc == 0 || out.seed.len == 77);
    return rc;
}

#define ROW(fn, bytes, code, text)                                                                           \
    {                                                                                                        \
        fn, bytes, sizeof(bytes) - 1, code, text                                                             \
    }
static const struct {
    decode_fn *decode;
    const char *bytes;
    size_t len;
    enum err_code code;
    const char *text;
} refused[] = {
    ROW(set_request, "", ERR_MISSING, "SetManifest request: Manifest is missing"),
    ROW(set_request, "\x0a\x00", ERR_FORMAT, "Manifest has 0 bytes, expected 1 to 1048576"),
    ROW(set_request, "\x0a\x01m\x0a\x01m", ERR_FORMAT, "field 1 is given twice"),
    ROW(set_request, "\x0a\x01m\x12\x00", ERR_FORMAT, "Policies has 0 bytes"),
    ROW(set_request, "\x0a\x01m\x10\x01", ERR_FORMAT, "field 2: wire type 0, expected 2"),
    ROW(set_request, "\x0a\x01m\x1a\x01x", ERR_FORMAT, "PreviousTransitionHash has 1 bytes"),
    ROW(set_request, "\x0a\x01m\x2a\x01x", ERR_FORMAT, "SetManifest request: unknown field 5"),
    ROW(set_request, "\x0a\x05m", ERR_FORMAT, "5 bytes announced"),
    ROW(set_response, "\x0a\x01r", ERR_MISSING, "SetManifest response: MeshCA is missing"),
    ROW(set_response, "\x0a\x01r\x12\x01m\x1a\x00", ERR_FORMAT, "salt has 0 bytes, expected 32"),
    ROW(set_response, "\x0a\x01r\x12\x01m\x1a\x00\x1a\x00", ERR_FORMAT, "field 3 is given twice"),
    ROW(set_response, "\x0a\x01r\x12\x01m\x1a\x02\x0a\x00", ERR_MISSING, "SeedShare: PublicKey is missing"),
    ROW(set_response, "\x0a\x01r\x12\x01m\x1a\x02\x1a\x00", ERR_FORMAT, "SeedSharesDoc: unknown field 3"),
    ROW(set_response, "\x0a\x01r\x12\x01m\x20\x01", ERR_FORMAT, "unknown field 4"),
    ROW(get_response, "\x1a\x01r\x22\x01m\x2a\x00", ERR_MISSING, "TransitionHash is missing"),
    ROW(get_response, "\x1a\x01r\x22\x01m\x32\x00", ERR_FORMAT, "unknown field 6"),
    ROW(get_response, "\x0a\x01m\x1a\x01r", ERR_MISSING, "MeshCA is missing"),
    ROW(recover_request, "\x0a\x40" H32 H32, ERR_MISSING, "Salt is missing"),
    ROW(recover_request, "\x0a\x40" H32 H32 "\x12\x20" H32 "\x18\x00", ERR_FORMAT, "Force is 0, expected 1"),
    ROW(recover_request, "\x0a\x40" H32 H32 "\x12\x20" H32 "\x18\x02", ERR_FORMAT, "Force is 2, expected 1"),
    ROW(recover_request, "\x0a\x41" H32 H32 "x", ERR_LIMIT, "Seed has 65 bytes"),
};

static void test_refused(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(refused[i].decode(span_of(refused[i].bytes, refused[i].len)), -1);
        test_check_err(&err, refused[i].code, refused[i].text, refused[i].text);
    }
    assert_int_equal(userapi_empty_decode(span_str(""), "x", &err), 0);
    assert_int_equal(userapi_empty_decode(span_str("\x08"), "GetManifests request", &err), -1);
    test_check_err(&err, ERR_FORMAT, "GetManifests request: 1 bytes", "empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_request),  cmocka_unit_test(test_set_response),
        cmocka_unit_test(test_get_response), cmocka_unit_test(test_recover),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
