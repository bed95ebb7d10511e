/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "hex.h"
#include "inflate.h"
#include "initdata.h"

#define FOLDER "tests/vectors/initdata/"
#define GOOD_SHA256 "8cfdbcf7e516a2a4e81c626b88a62c034265636faf2115e34c67bba33d23e758"

/* What the boot does with a disk, up to the parsed document; *stage names the step that failed. */
static int open_disk(const char *name, struct initdata *out, const char **stage, struct err *err)
{
    char path[128];
    struct span gzip;
    uint8_t *document = NULL;
    size_t len, size;
    char *image;
    int rc;

    (void) snprintf(path, sizeof(path), FOLDER "%s.img", name);
    image = test_slurp(path, &size);
    *stage = "disk";
    rc = initdata_disk_size(span_of(image, size), size, &len, err);
    if (rc == 0)
        rc = initdata_disk_parse(span_of(image, len), &gzip, err);
    if (rc == 0) {
        *stage = "gzip";
        rc = inflate_gzip(gzip, INITDATA_DOCUMENT_MAX, &document, &len, err);
    }
    free(image);
    if (rc == 0) {
        *stage = "document";
        rc = initdata_document_parse(span_of(document, len), out, err);
    }
    if (document)
        memset(document, 'x', len); /* the result must not borrow from it */
    free(document);
    return rc;
}

static void test_good(void **state)
{
    static const char *const names[] = {"good", "basic", "literal-key"};

    (void) state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct initdata d = {0};
        struct err err = {0};
        struct span content;
        const char *stage;

        if (open_disk(names[i], &d, &stage, &err) < 0)
            fail_msg("%s: %s: %s", names[i], stage, err.text);
        assert_int_equal(d.count, 1);
        assert_int_equal(initdata_file(&d, "policy.json", &content, &err), 0);
        assert_true(span_eq_str(content, "{\"version\": 1}\n"));
        assert_int_equal(content.data[content.len], 0);
        assert_int_equal(initdata_file(&d, "policy.rego", &content, &err), -1);
        test_check_err(&err, ERR_MISSING, "initdata: no file \"policy.rego\"", names[i]);
        initdata_free(&d);
        assert_null(d.doc.strings.buf);
    }
    initdata_free(NULL);
}

struct bad_row {
    const char *name, *stage;
    enum err_code code;
    const char *part;
};

static const struct bad_row bad_disks[] = {
    {"bad-magic",    "disk",     ERR_FORMAT,  "initdata disk: no magic"                             },
    {"length-zero",  "disk",     ERR_FORMAT,  "initdata disk: length is 0"                          },
    {"length-huge",  "disk",     ERR_LIMIT,   "length is 9223372036854775808 bytes, at most 262144" },
    {"length-short", "gzip",     ERR_FORMAT,  "gzip: the stream is cut"                             },
    {"length-long",  "gzip",     ERR_FORMAT,  "gzip: 1 bytes after the end"                         },
    {"padding",      "disk",     ERR_FORMAT,  "initdata disk: the padding is not zero"              },
    {"two-members",  "gzip",     ERR_FORMAT,  "bytes after the end"                                 },
    {"bad-crc",      "gzip",     ERR_FORMAT,  "gzip: incorrect data check"                          },
    {"not-gzip",     "gzip",     ERR_FORMAT,  "gzip: incorrect header check"                        },
    {"bomb",         "gzip",     ERR_LIMIT,   "gzip: more than 1048576 bytes come out"              },
    {"empty",        "document", ERR_MISSING, "initdata: version or algorithm is missing"           },
    {"sha384",       "document", ERR_FORMAT,  "line 1: algorithm is \"sha384\", expected \"sha256\""},
    {"version-2",    "document", ERR_FORMAT,  "line 2: version is \"0.2.0\", expected \"0.1.0\""    },
    {"rego",         "document", ERR_DENIED,  "line 5: unknown file name \"policy.rego\""           },
    {"path",         "document", ERR_DENIED,  "line 5: file name \"../policy.json\" is a path"      },
    {"dotted",       "document", ERR_FORMAT,  "initdata: line 5: dotted keys are not supported"     },
};

static void test_bad_disks(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad_disks); i++) {
        struct initdata d, before;
        struct err err = {0};
        const char *stage;

        memset(&d, 0xa5, sizeof(d));
        memcpy(&before, &d, sizeof(d));
        if (open_disk(bad_disks[i].name, &d, &stage, &err) == 0)
            fail_msg("accepted: %s", bad_disks[i].name);
        assert_string_equal(stage, bad_disks[i].stage);
        test_check_err(&err, bad_disks[i].code, bad_disks[i].part, bad_disks[i].name);
        assert_memory_equal(&d, &before, sizeof(d));
    }
}

static void test_disk_size(void **state)
{
    static const struct {
        uint8_t low, high; /* of the gzip length */
        uint64_t disk;
        size_t want; /* 0: refused */
    } rows[] = {
        {1,   0, 512,     512 },
        {240, 1, 512,     512 }, /* 16 + 496: exactly a sector */
        {241, 1, 512,     0   },
        {241, 1, 1024,    1024},
        {1,   0, 511,     0   },
        {1,   0, 1 << 20, 512 },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const uint8_t head[INITDATA_HEAD_SIZE] = {'i', 'n', 'i', 't',         'd',
                                                  'a', 't', 'a', rows[i].low, rows[i].high};
        struct err err = {0};
        size_t got = 7;

        assert_int_equal(initdata_disk_size(span_of(head, sizeof(head)), rows[i].disk, &got, &err),
                         rows[i].want ? 0 : -1);
        assert_int_equal(got, rows[i].want ? rows[i].want : 7);
        if (!rows[i].want)
            test_check_err(&err, ERR_LIMIT, "the disk has", "size");
    }
}

static void test_disk_head(void **state)
{
    const uint8_t head[INITDATA_HEAD_SIZE] = {'i', 'n', 'i', 't', 'd', 'a', 't', 'a', 1};
    const uint8_t longer[2 * INITDATA_SECTOR] = {'i', 'n', 'i', 't', 'd', 'a', 't', 'a', 1};
    struct span gzip = {0};
    struct err err = {0};
    size_t got = 7;

    (void) state;
    assert_true(initdata_disk_probe(span_of(head, 8)));
    assert_false(initdata_disk_probe(span_of(head, 7)));
    assert_false(initdata_disk_probe(span_of(head + 1, 8)));
    for (size_t n = 0; n < INITDATA_HEAD_SIZE; n++)
        assert_int_equal(initdata_disk_size(span_of(head, n), 512, &got, &err), -1);
    assert_int_equal(got, 7);
    assert_int_equal(initdata_disk_parse(span_of(head, sizeof(head)), &gzip, &err), -1);
    test_check_err(&err, ERR_LIMIT, "needs 512 bytes, the disk has 16", "short image");
    assert_int_equal(initdata_disk_parse(span_of(longer, sizeof(longer)), &gzip, &err), -1);
    test_check_err(&err, ERR_FORMAT, "initdata disk: 1024 bytes read, expected 512", "long image");
    assert_null(gzip.data);
}

static void test_digest(void **state)
{
    uint8_t digest[SHA256_SIZE], host_data[SHA384_SIZE] = {0};
    struct err err = {0};
    char text[2 * SHA256_SIZE + 1];
    size_t len;
    char *doc = test_slurp(FOLDER "good.toml", &len);

    (void) state;
    assert_int_equal(initdata_digest(span_of(doc, len), digest, &err), 0);
    assert_int_equal(hex_encode(span_of(digest, sizeof(digest)), text, sizeof(text), &err), 0);
    assert_string_equal(text, GOOD_SHA256);
    memcpy(host_data, digest, sizeof(digest));
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 32), &err), 0);
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 48), &err), 0);
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 31), &err), -1);
    test_check_err(&err, ERR_FORMAT, "host data has 31 bytes, expected 32 or 48", "length");
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 33), &err), -1);
    host_data[47] = 1;
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 48), &err), -1);
    test_check_err(&err, ERR_DENIED, "host data is longer than a SHA-256", "tail");
    host_data[31] ^= 1;
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 32), &err), -1);
    test_check_err(&err, ERR_DENIED, "initdata: digest is " GOOD_SHA256 ", host data says ", "digest");
    memset(host_data, 0, sizeof(host_data));
    assert_int_equal(initdata_check_digest(digest, span_of(host_data, 32), &err), -1);
    free(doc);
}

/* Documents, by text. */
static const struct bad_row bad_documents[] = {
    {"version = \"0.1.0\"\n[data]\n\"policy.json\" = ''\n",    NULL, ERR_MISSING,
     "version or algorithm is missing"                                                                                   },
    {"algorithm = \"sha256\"\n[data]\n\"policy.json\" = ''\n", NULL, ERR_MISSING, "version or algorithm"                 },
    {"version = \"0.1.0\"\nalgorithm = \"sha256\"\n",          NULL, ERR_MISSING, "no file in [data]"                    },
    {"version = \"0.1.0\"\nalgorithm = \"sha256\"\n[data]\n",  NULL, ERR_MISSING, "no file in [data]"                    },
    {"version = \"0.1.0\"\nalgorithm = \"sha256\"\nx = ''\n",  NULL, ERR_FORMAT,  "line 3: unknown key \"x\""            },
    {"version = \"0.1.0\"\nalgorithm = \"sha-256\"\n",         NULL, ERR_FORMAT,  "algorithm is \"sha-256\""             },
    {"[data]\n[more]\n",                                       NULL, ERR_FORMAT,  "unknown table \"more\""               },
    {"[more]\na = ''\n",                                       NULL, ERR_FORMAT,  "unknown table \"more\""               },
    {"[data]\n\"a/policy.json\" = ''\n",                       NULL, ERR_DENIED,  "file name \"a/policy.json\" is a path"},
    {"[data]\n\"..\" = ''\n",                                  NULL, ERR_DENIED,  "file name \"..\" is a path"           },
    {"[data]\n\"policy.json\" = ''\n'policy.json' = ''\n",     NULL, ERR_FORMAT,
     "line 3: this key is given twice"                                                                                   },
    {"[data]\n\"Policy.json\" = ''\n",                         NULL, ERR_DENIED,  "unknown file name \"Policy.json\""    },
    {"[data]\n\"contrast.insecure-debug\" = 'true'\n",         NULL, ERR_DENIED,  "unknown file name"                    },
};

static void test_bad_documents(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad_documents); i++) {
        struct initdata d = {0};
        struct err err = {0};

        assert_int_equal(initdata_document_parse(span_str(bad_documents[i].name), &d, &err), -1);
        test_check_err(&err, bad_documents[i].code, bad_documents[i].part, bad_documents[i].name);
        assert_null(d.doc.strings.buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_bad_disks),
        cmocka_unit_test(test_disk_size), cmocka_unit_test(test_disk_head),
        cmocka_unit_test(test_digest),    cmocka_unit_test(test_bad_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
