/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pe_image: Authenticode digests of images made elsewhere, and every way to break one. */
#include "pe_image.h"
#include "registers_test.h"

#define SIGNED "tests/vectors/pe/signed.efi" /* sections out of order, a gap, a tail, certificates */
#define PE_AT 0x80
#define OPTIONAL (PE_AT + 24)
#define DIRECTORIES (OPTIONAL + 112)
#define TABLE (DIRECTORIES + 8 * 6)

static void check(const char *path, enum hash_alg alg, const char *digest)
{
    uint8_t have[HASH_MAX];
    size_t len;
    char *data = test_slurp(path, &len);
    struct pe_image pe;
    struct err err;

    if (pe_image_parse(span_of(data, len), &pe, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), alg, have, &err), 0);
    test_check_hex(have, hash_size(alg), digest, path);
    free(data);
}

static void test_known(void **state)
{
    (void) state;
    check(SIGNED, HASH_SHA384,
          "4cbe0530fa71e10156819a29424ee766501d627fee339a58467e727655e13e1e14deb23b94f3c133b26bcf4cd0a949dd");
    check(SIGNED, HASH_SHA256, "50dac4b3e4799bbec7b7cd52fdf1434aa5e19c5a92c26027791afe6a117f720e");
    check("tests/vectors/pe/uki.efi", HASH_SHA384,
          "87ef08bcda7bc6f7983f0a9e4ea7b04987ebaf8bc7827a1ad117404d37d0936fe7cad323847c2117ab278f418ca32f11");
    check("tests/vectors/pe/kernel.bin", HASH_SHA384,
          "d90bf2ad1fab426d013470c0c0478e9b026a61c60d530d0a948652f5b3e73e5ddff688a0ac1c486d092bd0597208cc94");
}

/* The checksum, the directory entry and the certificates are not part of the digest; all else is. */
static void test_what_counts(void **state)
{
    uint8_t want[SHA384_SIZE], have[SHA384_SIZE];
    size_t len, same = 0;
    char *data = test_slurp(SIGNED, &len);
    struct pe_image pe;
    struct err err;

    (void) state;
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, want, &err), 0);
    for (size_t i = 0; i < len; i++) {
        data[i] ^= 1;
        assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, have, &err), 0);
        same += memcmp(have, want, sizeof have) == 0;
        data[i] ^= 1;
    }
    /* Between the headers and the first section stand 512 bytes that no rule covers; the digest takes as
     * many at the end a second time. */
    assert_int_equal(same, 4 + 8 + 24 + 512);
    free(data);
}

static void test_head(void **state)
{
    uint8_t want[SHA384_SIZE], have[SHA384_SIZE];
    size_t len;
    char *data = test_slurp(SIGNED, &len), head[2000];
    struct pe_image pe;
    struct err err;

    (void) state;
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    memcpy(head, data, sizeof head);
    head[0x300] ^= 1;
    head[1999] ^= 1;
    for (size_t cut = 0; cut <= sizeof head; cut += 125) {
        char *patched = test_slurp(SIGNED, &len);
        struct pe_image other = pe;

        memcpy(patched, head, cut);
        other.file = span_of(patched, len);
        assert_int_equal(pe_image_digest(&pe, span_of(head, cut), HASH_SHA384, have, &err), 0);
        assert_int_equal(pe_image_digest(&other, span_of(NULL, 0), HASH_SHA384, want, &err), 0);
        assert_memory_equal(have, want, sizeof have);
        free(patched);
    }
    assert_int_equal(pe_image_digest(&pe, span_of(data, len + 1), HASH_SHA384, have, &err), -1);
    free(data);
}

static void test_sections(void **state)
{
    size_t len;
    char *data = test_slurp(SIGNED, &len);
    const struct pe_section *s = NULL;
    struct pe_image pe;
    struct err err;

    (void) state;
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    assert_int_equal(pe.section_count, 3);
    assert_int_equal(pe_image_section(&pe, ".a", &s, &err), 0);
    assert_int_equal(s->size, 20);
    assert_int_equal(s->raw_size, 512);
    assert_true(pe_image_has(&pe, ".bss"));
    assert_false(pe_image_has(&pe, ".c"));
    assert_int_equal(pe_image_section(&pe, ".c", &s, &err), -1);
    test_check_err(&err, ERR_MISSING, "no PE section .c", "missing");
    memcpy(pe.sections[2].name, ".a", 3);
    assert_int_equal(pe_image_section(&pe, ".a", &s, &err), -1);
    test_check_err(&err, ERR_FORMAT, "stands twice", "double");
    free(data);
}

static const struct {
    const char *label;
    size_t at;
    size_t size;
    uint64_t value;
    const char *text;
} rows[] = {
    {"no MZ",                  0,                1, 'N',        "expected \"MZ\""               },
    {"header past the end",    0x3c,             4, 0xc1c,      "expected \"PE\" at 0xc1c"      },
    {"header at 2^32 - 1",     0x3c,             4, UINT32_MAX, "expected \"PE\""               },
    {"no PE",                  PE_AT,            1, 'Q',        "expected \"PE\" at 0x80"       },
    {"no sections",            PE_AT + 6,        2, 0,          "0 sections"                    },
    {"97 sections",            PE_AT + 6,        2, 97,         "97 sections"                   },
    {"small optional header",  PE_AT + 20,       2, 111,        "in 111 bytes"                  },
    {"large optional header",  PE_AT + 20,       2, 0xffff,     "magic"                         },
    {"table past the end",     PE_AT + 20,       2, 0xb80,      "PE section table at 0xc18"     },
    {"magic",                  OPTIONAL,         2, 0x20c,      "magic 0x20c"                   },
    {"headers too small",      OPTIONAL + 60,    4, TABLE,      "PE headers"                    },
    {"headers too large",      OPTIONAL + 60,    4, 0xc1c,      "PE headers: 0xc1c bytes"       },
    {"7 directories",          DIRECTORIES - 4,  4, 7,          "7 data directories"            },
    {"2^29 directories",       DIRECTORIES - 4,  4, 1u << 29,   "data directories do not fit"   },
    {"certificates elsewhere", DIRECTORIES + 32, 4, 0x800,      "are not the end"               },
    {"certificates too large", DIRECTORIES + 36, 4, 25,         "are not the end"               },
    {"certificates at 2^32",   DIRECTORIES + 32, 4, UINT32_MAX, "are not the end"               },
    {"section in the headers", TABLE + 20,       4, 0x3ff,      "PE section at 0x138"           },
    {"section past the end",   TABLE + 20,       4, 0xb00,      "PE section at 0x138"           },
    {"section of 2^32 - 1",    TABLE + 16,       4, UINT32_MAX, "lie outside"                   },
    {"overlap",                TABLE + 20,       4, 0x9ff,      "PE sections at 0x600 and 0x9ff"},
};

static void test_bad(void **state)
{
    struct pe_image pe, before;
    struct err err;

    (void) state;
    memset(&pe, 0x5a, sizeof pe);
    before = pe;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len;
        char *data = test_slurp(SIGNED, &len);

        test_put(data, rows[i].at, rows[i].size, rows[i].value);
        if (pe_image_parse(span_of(data, len), &pe, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
        assert_memory_equal(&pe, &before, sizeof pe);
        free(data);
    }
}

/* An image without the directory entry hashes its headers without that gap. */
static void test_few_directories(void **state)
{
    uint8_t few[SHA384_SIZE], many[SHA384_SIZE];
    size_t len;
    char *data = test_slurp(SIGNED, &len);
    struct pe_image pe;
    struct err err;

    (void) state;
    test_put(data, DIRECTORIES + 32, 8, 0);
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, many, &err), 0);
    test_put(data, DIRECTORIES - 4, 4, 4);
    assert_int_equal(pe_image_parse(span_of(data, len), &pe, &err), 0);
    assert_int_equal(pe.directory_at, 0);
    assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, few, &err), 0);
    assert_memory_not_equal(few, many, sizeof few);
    data[DIRECTORIES + 33] ^= 1;
    assert_int_equal(pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, many, &err), 0);
    assert_memory_not_equal(few, many, sizeof few);
    free(data);
}

static void test_cut(void **state)
{
    size_t len;
    char *data = test_slurp(SIGNED, &len);
    struct pe_image pe;
    struct err err;

    (void) state;
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(pe_image_parse(span_of(data, cut), &pe, &err), -1);
    assert_int_equal(pe_image_parse(span_of(data, (size_t) PE_IMAGE_MAX + 1), &pe, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most", "too large");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),    cmocka_unit_test(test_what_counts),     cmocka_unit_test(test_head),
        cmocka_unit_test(test_bad),      cmocka_unit_test(test_few_directories), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
