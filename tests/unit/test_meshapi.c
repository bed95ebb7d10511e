/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meshapi: NewMeshCert's messages. */
#include "mesh_recover.h"
#include "meshapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define S16 "0123456789abcdef"
#define SECRET S16 S16 S16 S16
#define GOOD "\x0a\x01m\x12\x02lc\x1a\x01r"

static struct err err;

static void test_request(void **state)
{
    (void) state;
    assert_int_equal(meshapi_request_decode(span_of(NULL, 0), &err), 0);
    assert_int_equal(meshapi_request_decode(span_str("\x0a"), &err), -1);
    assert_string_equal(err.text, "mesh API request: 1 bytes, expected an empty message");
}

static void test_round_trip(void **state)
{
    static uint8_t buf[MESHAPI_RESPONSE_MAX];
    const struct meshapi_response in = {span_str("m"), span_str("lc"), span_str("r"), span_str(SECRET)};
    struct meshapi_response out;
    (void) state;
    struct writer w = writer_of(buf, sizeof(buf));
    assert_int_equal(meshapi_response_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), GOOD "\x22\x40" SECRET));
    assert_int_equal(meshapi_response_decode(writer_span(&w), &out, &err), 0);
    assert_true(span_eq(out.mesh_ca, in.mesh_ca) && span_eq(out.cert_chain, in.cert_chain) &&
                span_eq(out.root_ca, in.root_ca) && span_eq(out.secret, in.secret));
}

static void test_largest(void **state)
{
    static uint8_t pem[MESHAPI_PEM_MAX + 1];
    static uint8_t buf[MESHAPI_RESPONSE_MAX];
    struct meshapi_response in = {span_of(pem, MESHAPI_PEM_MAX), span_of(pem, MESHAPI_PEM_MAX),
                                  span_of(pem, MESHAPI_PEM_MAX), span_str(SECRET)};
    struct meshapi_response out;
    (void) state;
    struct writer w = writer_of(buf, sizeof(buf));
    assert_int_equal(meshapi_response_encode(&in, &w, &err), 0);
    assert_int_equal(meshapi_response_decode(writer_span(&w), &out, &err), 0);
    in.cert_chain.len++;
    w = writer_of(buf, sizeof(buf));
    assert_int_equal(meshapi_response_encode(&in, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "mesh API response: CertChain has 16385 bytes, expected 1 to 16384");
    in.cert_chain.len = 10;
    w = writer_of(buf, 100);
    assert_int_equal(meshapi_response_encode(&in, &w, &err), -1);
    assert_string_equal(err.text, "mesh API response: does not fit into 100 bytes");
}

static const struct {
    const char *bytes;
    enum err_code code;
    const char *text;
} refused[] = {
    {"",                         ERR_MISSING, "mesh API response: MeshCACert is missing"                         },
    {"\x0a\x01m\x12\x02lc",      ERR_MISSING, "mesh API response: RootCACert is missing"                         },
    {"\x0a\x01m\x1a\x01r",       ERR_MISSING, "mesh API response: CertChain is missing"                          },
    {GOOD "\x0a\x01m",           ERR_FORMAT,  "mesh API response: protobuf: field 1 is given twice"              },
    {GOOD "\x2a\x01x",           ERR_FORMAT,  "mesh API response: unknown field 5"                               },
    {GOOD "\x20\x01",            ERR_FORMAT,  "mesh API response: protobuf: field 4: wire type 0, expected 2"    },
    {GOOD "\x22\x10" S16,        ERR_FORMAT,  "mesh API response: WorkloadSecret has 16 bytes, expected 64 to 64"},
    {GOOD "\x22\x41" SECRET "x", ERR_LIMIT,
     "mesh API response: WorkloadSecret has 65 bytes, expected 64 to 64"                                         },
    {GOOD "\x22",                ERR_FORMAT,  "mesh API response: protobuf: field 4: bad length"                 },
};

static void test_refused(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct meshapi_response out = {
            .secret = {NULL, 77}
        };
        assert_int_equal(meshapi_response_decode(span_str(refused[i].bytes), &out, &err), -1);
        assert_string_equal(err.text, refused[i].text);
        assert_int_equal(err.code, refused[i].code);
        assert_int_equal(out.secret.len, 77);
    }
    static const char empty[] = "\x0a\x01m\x12\x02lc\x1a\x01r\x22\x00";
    struct meshapi_response out;
    assert_int_equal(meshapi_response_decode(span_of(empty, sizeof(empty) - 1), &out, &err), -1);
    assert_string_equal(err.text, "mesh API response: WorkloadSecret has 0 bytes, expected 64 to 64");
}

#define S32 S16 S16

static void test_recover(void **state)
{
    static uint8_t buf[MESH_RECOVER_MAX];
    static const char good[] = "\x0a\x40" SECRET "\x12\x20" S32 "\x1a\x01k\x22\x02{}";
    const struct mesh_recover in = {span_str(SECRET), span_str(S32), span_str("k"), span_str("{}")};
    struct mesh_recover out;
    struct writer w = writer_of(buf, sizeof(buf));
    (void) state;
    assert_int_equal(mesh_recover_encode(&in, &w, &err), 0);
    assert_true(span_eq_str(writer_span(&w), good));
    assert_int_equal(mesh_recover_decode(writer_span(&w), &out, &err), 0);
    assert_true(span_eq(out.seed, in.seed) && span_eq(out.salt, in.salt));
    assert_true(span_eq(out.mesh_ca_key, in.mesh_ca_key) && span_eq(out.manifest, in.manifest));
    struct mesh_recover bad = in;
    bad.seed.len--;
    assert_int_equal(mesh_recover_encode(&bad, &w, &err), -1);
    assert_string_equal(err.text, "Recover response: Seed has 63 bytes, expected 64 to 64");
    w = writer_of(buf, 50);
    assert_int_equal(mesh_recover_encode(&in, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    static const struct {
        const char *bytes;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"",                               ERR_MISSING, "Recover response: Seed is missing"                           },
        {"\x0a\x40" SECRET "\x12\x20" S32, ERR_MISSING, "Recover response: MeshCAKey is missing"                      },
        {"\x0a\x3f" SECRET,                ERR_FORMAT,  "Recover response: Seed has 63 bytes, expected 64 to 64"      },
        {"\x2a\x01x",                      ERR_FORMAT,  "Recover response: unknown field 5"                           },
        {"\x1a\x01k\x1a\x01k",             ERR_FORMAT,  "Recover response: protobuf: field 3 is given twice"          },
        {"\x18\x01",                       ERR_FORMAT,  "Recover response: protobuf: field 3: wire type 0, expected 2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        out = (struct mesh_recover){.seed.len = 77};
        assert_int_equal(mesh_recover_decode(span_str(rows[i].bytes), &out, &err), -1);
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(out.seed.len, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_largest),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_recover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
