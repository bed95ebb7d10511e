/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "seccomp_profile.h"

static struct seccomp_profile profile; /* large: not on the stack */

static int parse(const char *text, struct arena *strings, struct err *err)
{
    struct json_doc doc = {0};
    struct json root;
    int rc;

    if (json_doc_parse(span_str(text), "policy.json", 200000, &doc, err) < 0 ||
        arena_make(strlen(text), strings, err) < 0)
        fail_msg("%s", err->text);
    root = json_root(&doc);
    rc = seccomp_profile_parse(&root, strings, &profile, err);
    json_doc_free(&doc);
    return rc;
}

static void must_parse(const char *text, struct arena *strings)
{
    struct err err = {0};

    if (parse(text, strings, &err) < 0)
        fail_msg("%s: %s", text, err.text);
}

static void test_default(void **state)
{
    struct arena strings = {0};

    (void) state;
    must_parse("{\"profile\":\"default\"}", &strings);
    assert_true(profile.builtin);
    assert_int_equal(profile.row_count, 0);
    arena_free(&strings);
}

#define OCI(rest) "{\"oci\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"," rest "}}"
#define ROWS(rows) OCI("\"syscalls\":[" rows "]")

static void test_rows(void **state)
{
    struct arena strings = {0};
    const struct seccomp_row *row = profile.rows;

    (void) state;
    must_parse("{\"oci\":{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"architectures\":[\"SCMP_ARCH_X32\","
               "\"SCMP_ARCH_X86_64\"],\"syscalls\":["
               "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[]},"
               "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":97,\"args\":["
               "{\"index\":0,\"value\":40,\"op\":\"SCMP_CMP_NE\"},"
               "{\"index\":5,\"value\":9007199254740991,\"valueTwo\":7,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
               "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_KILL\"},"
               "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_TRAP\"},"
               "{\"names\":[\"open\"],\"action\":\"SCMP_ACT_LOG\"}]}}",
               &strings);
    assert_false(profile.builtin);
    assert_int_equal(profile.default_action, SECCOMP_ACTION_KILL_PROCESS);
    assert_int_equal(profile.default_errno, 0);
    assert_true(profile.arch_x86_64 && profile.arch_x32 && !profile.arch_x86);
    assert_int_equal(profile.row_count, 5);
    assert_int_equal(profile.name_count, 6);
    assert_int_equal(row[0].first_name, 0);
    assert_int_equal(row[0].name_count, 2);
    assert_string_equal(profile.names[1], "write");
    assert_int_equal(row[1].first_name, 2);
    assert_int_equal(row[1].action, SECCOMP_ACTION_ERRNO);
    assert_int_equal(row[1].errno_ret, 97);
    assert_int_equal(row[1].arg_count, 2);
    assert_int_equal(row[1].args[0].op, SECCOMP_OP_NE);
    assert_int_equal(row[1].args[0].value, 40);
    assert_int_equal(row[1].args[1].index, 5);
    assert_int_equal(row[1].args[1].op, SECCOMP_OP_MASKED_EQ);
    assert_true(row[1].args[1].value == JSON_INT_MAX);
    assert_int_equal(row[1].args[1].value_two, 7);
    assert_int_equal(row[2].action, SECCOMP_ACTION_KILL_THREAD);
    assert_int_equal(row[3].action, SECCOMP_ACTION_TRAP);
    assert_int_equal(row[4].action, SECCOMP_ACTION_LOG);
    arena_free(&strings);
    must_parse(ROWS("{\"names\":[\"x\"],\"action\":\"SCMP_ACT_ERRNO\"}"), &strings);
    assert_int_equal(profile.default_errno, SECCOMP_ERRNO_DEFAULT);
    assert_int_equal(profile.rows[0].errno_ret, SECCOMP_ERRNO_DEFAULT);
    assert_true(profile.arch_x86_64);
    arena_free(&strings);
}

struct bad_row {
    const char *text;
    enum err_code code;
    const char *part;
};

#define ALLOW "\"action\":\"SCMP_ACT_ALLOW\""
#define ARG(arg) ROWS("{\"names\":[\"a\"]," ALLOW ",\"args\":[{" arg "}]}")
static const struct bad_row bad[] = {
    {"[]",                                                                                       ERR_FORMAT,  "policy.json: expected an object, found an array"       },
    {"{}",                                                                                       ERR_FORMAT,  "expected exactly one of \"profile\" and \"oci\""       },
    {"{\"profile\":\"default\",\"oci\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}}", ERR_FORMAT,
     "expected exactly one of"                                                                                                                                        },
    {"{\"profile\":\"unconfined\"}",                                                             ERR_FORMAT,  "unknown seccomp profile \"unconfined\", known: default"},
    {"{\"profile\":null}",                                                                       ERR_FORMAT,  "profile: expected a string, found null"                },
    {"{\"Profile\":\"default\"}",                                                                ERR_FORMAT,  "unknown key \"Profile\""                               },
    {"{\"oci\":{\"syscalls\":[]}}",                                                              ERR_MISSING, "oci: key \"defaultAction\" is missing"                 },
    {"{\"oci\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}}",                                         ERR_MISSING, "oci: key \"syscalls\" is missing"                      },
    {OCI("\"syscalls\":[],\"flags\":[]"),                                                        ERR_FORMAT,  "oci: unknown key \"flags\""                            },
    {OCI("\"syscalls\":[],\"listenerPath\":\"/x\""),                                             ERR_FORMAT,  "oci: unknown key \"listenerPath\""                     },
    {OCI("\"syscalls\":[],\"defaultErrnoRet\":0"),                                               ERR_LIMIT,   "oci.defaultErrnoRet: 0 is not in 1..4095"              },
    {OCI("\"syscalls\":[],\"defaultErrnoRet\":4096"),                                            ERR_LIMIT,   "4096 is not in 1..4095"                                },
    {"{\"oci\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1,\"syscalls\":[]}}",   ERR_DENIED,
     "an errno, but the action is not SCMP_ACT_ERRNO"                                                                                                                 },
    {"{\"oci\":{\"defaultAction\":\"SCMP_ACT_TRACE\",\"syscalls\":[]}}",                         ERR_FORMAT,
     "oci.defaultAction: unknown value \"SCMP_ACT_TRACE\""                                                                                                            },
    {"{\"oci\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"syscalls\":[]}}",                        ERR_FORMAT,  "SCMP_ACT_NOTIFY"                                       },
    {OCI("\"syscalls\":[],\"architectures\":[\"SCMP_ARCH_X86\"]"),                               ERR_DENIED,
     "SCMP_ARCH_X86_64 is not among"                                                                                                                                  },
    {OCI("\"syscalls\":[],\"architectures\":[\"SCMP_ARCH_AARCH64\"]"),                           ERR_FORMAT,
     "oci.architectures[0]: unknown value \"SCMP_ARCH_AARCH64\""                                                                                                      },
    {OCI("\"syscalls\":[],\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86_64\"]"),       ERR_DENIED,
     "oci.architectures[1]: this architecture is named twice"                                                                                                         },
    {ROWS("{\"names\":[]," ALLOW "}"),                                                           ERR_FORMAT,  "oci.syscalls[0].names: a row without names"            },
    {ROWS("{" ALLOW "}"),                                                                        ERR_MISSING, "key \"names\" is missing"                              },
    {ROWS("{\"name\":\"a\"," ALLOW "}"),                                                         ERR_FORMAT,  "unknown key \"name\""                                  },
    {ROWS("{\"names\":[\"a\"]}"),                                                                ERR_MISSING, "key \"action\" is missing"                             },
    {ROWS("{\"names\":[\"Read\"]," ALLOW "}"),                                                   ERR_FORMAT,  "names[0]: expected the name of a system call"          },
    {ROWS("{\"names\":[\"\"]," ALLOW "}"),                                                       ERR_FORMAT,  "names[0]: an empty string"                             },
    {ROWS("{\"names\":[\"a2345678901234567890123456789012345678901\"]," ALLOW "}"),              ERR_LIMIT,
     "names[0]: 41 bytes, at most 40"                                                                                                                                 },
    {ROWS("{\"names\":[\"a\"]," ALLOW ",\"errnoRet\":1}"),                                       ERR_DENIED,  "oci.syscalls[0]: an errno, but"                        },
    {ROWS("{\"names\":[\"a\"]," ALLOW ",\"comment\":\"x\"}"),                                    ERR_FORMAT,  "unknown key \"comment\""                               },
    {ARG("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""),                                      ERR_LIMIT,   "args[0].index: 6 is not in 0..5"                       },
    {ARG("\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\""),                                     ERR_FORMAT,  "args[0].value: a negative number"                      },
    {ARG("\"index\":0,\"value\":1,\"op\":\"EQ\""),                                               ERR_FORMAT,  "args[0].op: unknown value \"EQ\""                      },
    {ARG("\"index\":0,\"value\":1"),                                                             ERR_MISSING, "args[0]: key \"op\" is missing"                        },
    {ARG("\"index\":0,\"value\":1,\"valueTwo\":1,\"op\":\"SCMP_CMP_EQ\""),                       ERR_DENIED,
     "valueTwo, but the op is not SCMP_CMP_MASKED_EQ"                                                                                                                 },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena strings = {0};
        struct err err = {0};

        if (parse(bad[i].text, &strings, &err) == 0)
            fail_msg("accepted: %s", bad[i].text);
        test_check_err(&err, bad[i].code, bad[i].part, bad[i].text);
        arena_free(&strings);
    }
}

/* rows rows of names names each. */
static char *many(size_t rows, size_t names)
{
    const size_t cap = 200000;
    char *text = malloc(cap);
    size_t at;

    assert_non_null(text);
    at = (size_t) snprintf(text, cap, "{\"oci\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
    for (size_t r = 0; r < rows; r++) {
        at += (size_t) snprintf(text + at, cap - at, "%s{\"names\":[\"a\"", r > 0 ? "," : "");
        for (size_t n = 1; n < names; n++)
            at += (size_t) snprintf(text + at, cap - at, ",\"a\"");
        at += (size_t) snprintf(text + at, cap - at, "]," ALLOW "}");
    }
    (void) snprintf(text + at, cap - at, "]}}");
    return text;
}

static void test_maxima(void **state)
{
    static const struct {
        size_t rows, names;
        const char *part;
    } rows[] = {
        {SECCOMP_ROWS_MAX,     8,                     NULL                                              },
        {SECCOMP_ROWS_MAX + 1, 1,                     "oci.syscalls: 129 entries, at most 128"          },
        {1,                    SECCOMP_NAMES_MAX,     NULL                                              },
        {1,                    SECCOMP_NAMES_MAX + 1, "oci.syscalls[0].names: 1025 entries"             },
        {2,                    513,                   "oci.syscalls[1].names[511]: more than 1024 names"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = many(rows[i].rows, rows[i].names);
        struct arena strings = {0};
        struct err err = {0};

        assert_int_equal(parse(text, &strings, &err), rows[i].part ? -1 : 0);
        if (rows[i].part)
            test_check_err(&err, ERR_LIMIT, rows[i].part, rows[i].part);
        arena_free(&strings);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_maxima),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
