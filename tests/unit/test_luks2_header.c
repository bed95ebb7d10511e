/* SPDX-License-Identifier: GPL-2.0-or-later */
/* luks2_header: a header that a guest wrote, headers forged by tests/boot/luks_forge.py
 * (tests/vectors/luks2), and single edits of the good one, re-sealed here so that nothing but the edit is
 * wrong. */
#include "parser_test.h"

#include "hash.h"
#include "luks2_header.h"

#define FOLDER "tests/vectors/luks2/"
#define CSUM 448

static void load(const char *name, uint8_t bytes[LUKS2_HEADER_SIZE])
{
    char path[128];
    size_t len;
    (void) snprintf(path, sizeof path, FOLDER "%s.bin", name);
    char *text = test_slurp(path, &len);
    assert_int_equal(len, LUKS2_HEADER_SIZE);
    memcpy(bytes, text, len);
    free(text);
}

static void seal(uint8_t *copy)
{
    struct err err;
    uint8_t csum[SHA256_SIZE];
    memset(copy + CSUM, 0, 64);
    assert_int_equal(hash_bytes(HASH_SHA256, span_of(copy, LUKS2_HEADER_COPY), csum, &err), 0);
    memcpy(copy + CSUM, csum, sizeof csum);
}

/* Put text into both JSON areas. */
static void json_put(uint8_t *bytes, const char *text)
{
    assert_true(strlen(text) <= LUKS2_HEADER_JSON);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *copy = bytes + i * LUKS2_HEADER_COPY;
        memset(copy + LUKS2_HEADER_BINARY, 0, LUKS2_HEADER_JSON);
        memcpy(copy + LUKS2_HEADER_BINARY, text, strlen(text));
        seal(copy);
    }
}

static void must_fail(const uint8_t *bytes, enum err_code code, const char *part, const char *label)
{
    struct err err = {0};
    struct luks2_header header;
    struct luks2_header before;
    memset(&header, 0x5a, sizeof header);
    before = header;
    if (luks2_header_parse(span_of(bytes, LUKS2_HEADER_SIZE), &header, &err) == 0)
        fail_msg("%s: accepted", label);
    test_check_err(&err, code, part, label);
    assert_memory_equal(&header, &before, sizeof header);
}

static void test_good(void **state)
{
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    static uint8_t again[LUKS2_HEADER_SIZE];
    struct luks2_header header;
    struct err err = {0};
    (void) state;
    load("good", bytes);
    if (luks2_header_parse(span_of(bytes, sizeof bytes), &header, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(header.kdf_time, 4);
    assert_int_equal(header.kdf_memory_kib, 32);
    assert_int_equal(header.kdf_cpus, 1);
    assert_int_equal(header.digest_iterations, 1);
    assert_int_equal(strlen(header.uuid), LUKS2_HEADER_UUID_SIZE);
    assert_int_equal(luks2_header_build(&header, again, &err), 0);
    assert_memory_equal(bytes, again, sizeof bytes);
}

static void test_forged(void **state)
{
    static const struct {
        const char *name, *part;
    } rows[] = {
        {"null-slot",                    "keyslots.0.area.encryption: expected \"aes-xts-plain64\", found \"cipher_null-ecb\""},
        {"null-slot-aes-segment",        "keyslots.0.area.encryption: expected \"aes-xts-plain64\""                           },
        {"second-slot",                  "keyslots: unknown key \"1\""                                                        },
        {"bad-primary-forged-secondary", "primary copy: label"                                                                },
        {"linear-segment",               "segments.0.type: expected \"crypt\", found \"linear\""                              },
        {"two-segments",                 "segments: unknown key \"1\""                                                        },
        {"no-integrity",                 "keyslots.0.key_size: expected 96, found 64"                                         },
        {"unknown-key",                  "keyslots.0: unknown key \"extra\""                                                  },
        {"requirement",                  "config: unknown key \"requirements\""                                               },
        {"other-offset",                 "segments.0.offset: expected \"16777216\", found \"20971520\""                       },
    };
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        load(rows[i].name, bytes);
        must_fail(bytes, ERR_FORMAT, rows[i].part, rows[i].name);
    }
    load("argon2-4gib", bytes);
    must_fail(bytes, ERR_LIMIT, "keyslots.0.kdf.memory: 4194304 is not in 32..65536", "argon2-4gib");
    load("token", bytes);
    must_fail(bytes, ERR_LIMIT, "tokens", "token");
}

/* This one is well-formed: only the key can tell, and libcryptsetup does. */
static void test_other_digest(void **state)
{
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    struct luks2_header header;
    struct luks2_header with_key;
    struct err err = {0};
    static const uint8_t key[LUKS2_HEADER_KEY_SIZE];
    (void) state;
    load("other-digest", bytes);
    assert_int_equal(luks2_header_parse(span_of(bytes, sizeof bytes), &header, &err), 0);
    assert_true(span_is_zero(span_of(header.digest, sizeof header.digest)));
    with_key = header;
    assert_int_equal(luks2_header_set_digest(&with_key, span_of(key, sizeof key), &err), 0);
    assert_int_equal(with_key.digest_iterations, 1);
    assert_false(span_is_zero(span_of(with_key.digest, sizeof with_key.digest)));
}

/* PBKDF2-HMAC-SHA-256 of one iteration, by Python's hashlib: password 96 bytes 00..5f, salt 32 bytes a0..bf.
 */
static void test_digest(void **state)
{
    static const uint8_t expected[LUKS2_HEADER_DIGEST_SIZE] = {
        0xe2, 0x52, 0xbb, 0xc7, 0xce, 0xbf, 0xea, 0xcf, 0x03, 0x1b, 0xa5, 0x04, 0x88, 0x89, 0xd0, 0x1d,
        0xd6, 0x44, 0xf9, 0x61, 0xdc, 0xf2, 0xae, 0x91, 0x76, 0xee, 0x00, 0x60, 0x3f, 0xd8, 0x7f, 0xce};
    struct luks2_header header = {.digest_iterations = 1000};
    uint8_t key[LUKS2_HEADER_KEY_SIZE];
    struct err err = {0};
    (void) state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t) i;
    for (size_t i = 0; i < sizeof header.digest_salt; i++)
        header.digest_salt[i] = (uint8_t) (0xa0 + i);
    assert_int_equal(luks2_header_set_digest(&header, span_of(key, sizeof key), &err), 0);
    assert_memory_equal(header.digest, expected, sizeof expected);
}

static void test_json_edits(void **state)
{
    static const struct {
        const char *from, *to;
        enum err_code code;
        const char *part;
    } rows[] = {
        {"\"tokens\":{}",                   "\"tokens\":{},\"tokens\":{}",                     ERR_FORMAT,  "tokens"                                       },
        {"\"tokens\":{},",                  "",                                                ERR_MISSING, "tokens"                                       },
        {"\"tokens\":{}",                   "\"tokens\":[]",                                   ERR_FORMAT,  "tokens"                                       },
        {"\"type\":\"luks2\"",              "\"type\":\"luks1\"",                              ERR_FORMAT,  "keyslots.0.type"                              },
        {"\"type\":\"luks2\"",              "\"type\":\"luks2\",\"priority\":2",               ERR_FORMAT,  "unknown key \"priority\""                     },
        {"\"stripes\":4000",                "\"stripes\":1",                                   ERR_FORMAT,  "keyslots.0.af.stripes: expected 4000, found 1"},
        {"\"hash\":\"sha256\"",             "\"hash\":\"sha1\"",                               ERR_FORMAT,  "keyslots.0.af.hash"                           },
        {"\"offset\":\"32768\"",            "\"offset\":\"0\"",                                ERR_FORMAT,  "keyslots.0.area.offset"                       },
        {"\"size\":\"385024\"",             "\"size\":\"385025\"",                             ERR_FORMAT,  "keyslots.0.area.size"                         },
        {"\"type\":\"raw\"",                "\"type\":\"journal\"",                            ERR_FORMAT,  "keyslots.0.area.type"                         },
        {"\"argon2id\"",                    "\"pbkdf2\"",                                      ERR_FORMAT,  "keyslots.0.kdf.type"                          },
        {"\"time\":4",                      "\"time\":3",                                      ERR_LIMIT,   "keyslots.0.kdf.time"                          },
        {"\"time\":4",                      "\"time\":1025",                                   ERR_LIMIT,   "keyslots.0.kdf.time"                          },
        {"\"time\":4",                      "\"time\":\"4\"",                                  ERR_FORMAT,  "keyslots.0.kdf.time"                          },
        {"\"memory\":32",                   "\"memory\":31",                                   ERR_LIMIT,   "keyslots.0.kdf.memory"                        },
        {"\"memory\":32",                   "\"memory\":65537",                                ERR_LIMIT,   "keyslots.0.kdf.memory"                        },
        {"\"cpus\":1",                      "\"cpus\":0",                                      ERR_LIMIT,   "keyslots.0.kdf.cpus"                          },
        {"\"cpus\":1",                      "\"cpus\":5",                                      ERR_LIMIT,   "keyslots.0.kdf.cpus"                          },
        {"\"salt\":\"",                     "\"salt\":\"AAAA",                                 ERR_LIMIT,   "keyslots.0.kdf.salt"                          },
        {"\"segments\":{\"0\"",             "\"segments\":{\"1\"",                             ERR_FORMAT,  "segments: unknown key \"1\""                  },
        {"\"size\":\"dynamic\"",            "\"size\":\"8388608\"",                            ERR_FORMAT,  "segments.0.size"                              },
        {"\"iv_tweak\":\"0\"",              "\"iv_tweak\":\"1\"",                              ERR_FORMAT,  "segments.0.iv_tweak"                          },
        {"\"iv_tweak\":\"0\"",              "\"iv_tweak\":\"0\",\"flags\":[\"backup-final\"]", ERR_FORMAT,
         "unknown key \"flags\""                                                                                                                           },
        {"\"sector_size\":4096",            "\"sector_size\":512",                             ERR_FORMAT,  "segments.0.sector_size"                       },
        {"\"type\":\"hmac(sha256)\"",       "\"type\":\"none\"",                               ERR_FORMAT,  "segments.0.integrity.type"                    },
        {"\"journal_encryption\":\"none\"", "\"journal_encryption\":\"x\"",                    ERR_FORMAT,  "journal_encryption"                           },
        {"\"journal_integrity\":\"none\"",  "\"journal_integrity\":\"x\"",                     ERR_FORMAT,  "journal_integrity"                            },
        {"\"type\":\"pbkdf2\"",             "\"type\":\"other\"",                              ERR_FORMAT,  "digests.0.type"                               },
        {"\"keyslots\":[\"0\"]",            "\"keyslots\":[]",                                 ERR_FORMAT,  "digests.0.keyslots"                           },
        {"\"keyslots\":[\"0\"]",            "\"keyslots\":[\"1\"]",                            ERR_FORMAT,  "digests.0.keyslots[0]"                        },
        {"\"keyslots\":[\"0\"]",            "\"keyslots\":[\"0\",\"1\"]",                      ERR_LIMIT,   "digests.0.keyslots"                           },
        {"\"segments\":[\"0\"]",            "\"segments\":[0]",                                ERR_FORMAT,  "digests.0.segments[0]"                        },
        {"\"iterations\":1,",               "\"iterations\":0,",                               ERR_LIMIT,   "digests.0.iterations"                         },
        {"\"iterations\":1,",               "\"iterations\":1001,",                            ERR_LIMIT,   "digests.0.iterations"                         },
        {"\"json_size\":\"12288\"",         "\"json_size\":\"16384\"",                         ERR_FORMAT,  "config.json_size"                             },
        {"\"keyslots_size\":\"385024\"",    "\"keyslots_size\":\"0\"",                         ERR_FORMAT,  "config.keyslots_size"                         },
        {"{\"keyslots\"",                   "{\"x\":1,\"keyslots\"",                           ERR_FORMAT,  "unknown key \"x\""                            },
        {"{\"keyslots\"",                   "[{\"keyslots\"",                                  ERR_FORMAT,  "volume header"                                },
    };
    static uint8_t good[LUKS2_HEADER_SIZE];
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    (void) state;
    load("good", good);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = test_replace((const char *) good + LUKS2_HEADER_BINARY, rows[i].from, rows[i].to);
        memcpy(bytes, good, sizeof bytes);
        json_put(bytes, text);
        must_fail(bytes, rows[i].code, rows[i].part, rows[i].to);
        free(text);
    }
}

/* One byte of a copy's binary part changed, and the copy sealed again. */
static void test_binary_edits(void **state)
{
    static const struct {
        size_t copy, offset;
        uint8_t value;
        const char *part;
    } rows[] = {
        {0, 0,    'l', "primary copy: magic"       },
        {1, 0,    'L', "secondary copy: magic"     },
        {0, 7,    1,   "primary copy: version"     },
        {0, 13,   1,   "primary copy: hdr_size"    },
        {1, 23,   99,  "secondary copy: seqid"     },
        {0, 24,   'x', "primary copy: label"       },
        {0, 75,   '5', "primary copy: csum_alg"    },
        {0, 90,   1,   "primary copy: csum_alg"    },
        {0, 168,  'G', "primary copy: uuid"        },
        {0, 176,  '0', "primary copy: uuid"        },
        {0, 205,  'x', "primary copy: uuid"        },
        {1, 168,  '0', "secondary copy: uuid"      },
        {0, 208,  'x', "primary copy: subsystem"   },
        {0, 263,  1,   "primary copy: hdr_offset"  },
        {1, 262,  0,   "secondary copy: hdr_offset"},
        {0, 300,  1,   "primary copy: padding"     },
        {1, 4000, 1,   "secondary copy: padding"   },
    };
    static uint8_t good[LUKS2_HEADER_SIZE];
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    (void) state;
    load("good", good);
    good[168] = good[LUKS2_HEADER_COPY + 168] = '1';
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t *copy = bytes + rows[i].copy * LUKS2_HEADER_COPY;
        memcpy(bytes, good, sizeof bytes);
        copy[rows[i].offset] = rows[i].value;
        seal(bytes);
        seal(bytes + LUKS2_HEADER_COPY);
        must_fail(bytes, ERR_FORMAT, rows[i].part, rows[i].part);
    }
}

static void test_whole(void **state)
{
    static uint8_t good[LUKS2_HEADER_SIZE];
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    struct luks2_header header;
    struct err err = {0};
    (void) state;
    load("good", good);
    assert_int_equal(luks2_header_parse(span_of(good, sizeof good - 1), &header, &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected 32768 bytes, found 32767", "short");
    memset(bytes, 0, sizeof bytes);
    must_fail(bytes, ERR_FORMAT, "primary copy: magic", "zeros");
    /* any single flipped bit is seen */
    for (size_t i = 0; i < sizeof good; i += 61) {
        memcpy(bytes, good, sizeof bytes);
        bytes[i] ^= (uint8_t) (1U << i % 8);
        assert_int_equal(luks2_header_parse(span_of(bytes, sizeof bytes), &header, &err), -1);
    }
    /* the checksum field's unused half */
    memcpy(bytes, good, sizeof bytes);
    bytes[CSUM + 40] = 1;
    must_fail(bytes, ERR_FORMAT, "primary copy: checksum", "checksum");
    /* the second copy says something else, correctly sealed */
    memcpy(bytes, good, sizeof bytes);
    bytes[LUKS2_HEADER_COPY + LUKS2_HEADER_BINARY + 3] ^= 1;
    seal(bytes + LUKS2_HEADER_COPY);
    must_fail(bytes, ERR_FORMAT, "secondary copy: JSON area", "other JSON");
    /* bytes behind the JSON's end */
    memcpy(bytes, good, sizeof bytes);
    for (size_t i = 0; i < 2; i++) {
        bytes[(i + 1) * LUKS2_HEADER_COPY - 1] = 'x';
        seal(bytes + i * LUKS2_HEADER_COPY);
    }
    must_fail(bytes, ERR_FORMAT, "JSON area", "trailing");
    /* a seqid of 0 in both */
    memcpy(bytes, good, sizeof bytes);
    for (size_t i = 0; i < 2; i++) {
        memset(bytes + i * LUKS2_HEADER_COPY + 16, 0, 8);
        seal(bytes + i * LUKS2_HEADER_COPY);
    }
    must_fail(bytes, ERR_FORMAT, "seqid", "seqid 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),   cmocka_unit_test(test_forged),     cmocka_unit_test(test_other_digest),
        cmocka_unit_test(test_digest), cmocka_unit_test(test_json_edits), cmocka_unit_test(test_binary_edits),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
