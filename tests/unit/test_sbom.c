/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "json.h"
#include "sbom.h"

#define SUM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static uint8_t text[SBOM_TEXT_MAX];

static struct sbom sample(struct measurements *m, const char *lock, const char *licences)
{
    m->files[MEASUREMENTS_FIRMWARE].name[0] = m->files[MEASUREMENTS_INITRD].name[0] = 'a';
    m->files[MEASUREMENTS_KERNEL].name[0] = 'a';
    return (struct sbom){
        .image = m,
        .image_name = "nacre",
        .locks = {{"a.lock", span_str(lock)}, {"b.lock", span_str("")}},
        .lock_count = 2,
        .licences = {"licences",                 span_str(licences)      },
    };
}

static void test_good(void **state)
{
    struct measurements *m = calloc(1, sizeof *m);
    struct sbom s =
        sample(m, "# SPDX\n\n a 1:2~3+b p/q/a_1.deb " SUM "\nb 2 b.tar.gz " SUM "\nb 2 b.debian.xz " SUM,
               "a  MIT OR Zlib\n# b BSD\nb GPL-2.0-only\n");
    struct writer w = writer_of(text, sizeof text - 1);
    struct err err = {0};
    struct json_doc doc;
    struct json root, packages, relations;
    size_t count;

    (void) state;
    assert_non_null(m);
    assert_int_equal(sbom_write(&s, &w, &err), 0);
    text[w.len] = '\0';
    assert_int_equal(json_doc_parse(writer_span(&w), "sbom", sizeof text, &doc, &err), 0);
    root = json_root(&doc);
    assert_int_equal(json_get(&root, "packages", &packages, &err), 0);
    assert_int_equal(json_array(&packages, 100, &count, &err), 0);
    assert_int_equal(count, 1 + 3 + 3);
    assert_int_equal(json_get(&root, "relationships", &relations, &err), 0);
    assert_int_equal(json_array(&relations, 100, &count, &err), 0);
    assert_int_equal(count, 1 + 3 + 3);
    assert_non_null(strstr((char *) text, "pkg:deb/debian/a@1%3A2~3%2Bb?arch=amd64"));
    assert_non_null(strstr((char *) text, "pkg:deb/debian/b@2?arch=source"));
    assert_non_null(strstr((char *) text, "\"licenseDeclared\": \"MIT OR Zlib\""));
    assert_non_null(strstr((char *) text, "SPDXRef-3-b"));
    json_doc_free(&doc);
    s.without[s.without_count++] = "b";
    w.len = 0;
    assert_int_equal(sbom_write(&s, &w, &err), 0);
    text[w.len] = '\0';
    assert_null(strstr((char *) text, "SPDXRef-3-b"));
    assert_null(strstr((char *) text, "SPDXRef-tdx-firmware"));
    memcpy(m->files[MEASUREMENTS_TDX_FIRMWARE].name, "TDVF.fd", sizeof "TDVF.fd");
    w.len = 0;
    assert_int_equal(sbom_write(&s, &w, &err), 0);
    text[w.len] = '\0';
    assert_non_null(strstr((char *) text, "\"relatedSpdxElement\": \"SPDXRef-tdx-firmware\""));
    free(m);
}

static void test_bad(void **state)
{
    static const struct {
        const char *lock;
        const char *licences;
        const char *without;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"a 1 p " SUM,         "b MIT",   NULL, ERR_MISSING, "licences: no licence for a (a.lock, line 1)"},
        {"a 1 p " SUM,         "a",       NULL, ERR_MISSING, "no licence for a"                           },
        {"# x\na 1 p abc",     "a MIT",   NULL, ERR_FORMAT,  "a.lock: line 2"                             },
        {"a 1 p " SUM " more", "a MIT",   NULL, ERR_FORMAT,  "a.lock: line 1"                             },
        {"a 1 p",              "a MIT",   NULL, ERR_FORMAT,  "a.lock: line 1"                             },
        {"a 1 p\xff " SUM,     "a MIT",   NULL, ERR_FORMAT,  "a.lock: not UTF-8"                          },
        {"a 1 p " SUM,         "a M\xc3", NULL, ERR_FORMAT,  "licences: not UTF-8"                        },
        {"a 1 p " SUM,         "a MIT",   "b",  ERR_MISSING, "b: no lock"                                 },
    };
    struct measurements *m = calloc(1, sizeof *m);

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sbom s = sample(m, rows[i].lock, rows[i].licences);
        struct writer w = writer_of(text, sizeof text);
        struct err err = {0};

        s.without[0] = rows[i].without;
        s.without_count = rows[i].without != NULL;
        assert_int_equal(sbom_write(&s, &w, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].text);
    }
    free(m);
}

static void test_limits(void **state)
{
    struct measurements *m = calloc(1, sizeof *m);
    struct writer w = writer_of(text, sizeof text);
    char *lock = calloc(1, 1 << 16);
    struct sbom s;
    struct err err = {0};

    (void) state;
    memset(lock, 'x', SBOM_LINE_MAX + 1);
    s = sample(m, lock, "a MIT");
    assert_int_equal(sbom_write(&s, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "too long", "line");
    lock[0] = '\0';
    for (int i = 0; i <= SBOM_PACKAGES_MAX; i++)
        (void) snprintf(lock + strlen(lock), 128, "a 1 p " SUM "\n");
    s = sample(m, lock, "a MIT");
    w = writer_of(text, sizeof text);
    assert_int_equal(sbom_write(&s, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than", "packages");
    s = sample(m, "a 1 p " SUM, "a MIT");
    w = writer_of(text, 1000);
    assert_int_equal(sbom_write(&s, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "does not fit", "text");
    free(lock);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
