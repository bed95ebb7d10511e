/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inputs.h"

#include "der_time.h"
#include "measurements_sig.h"
#include "pem.h"
#include "test_root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATH_BYTES 4096
#define PEM_LABEL_CRL "X509 CRL"

static const struct {
    const char *name;
    enum inputs_any what;
    const char *not_covered;
} any_table[] = {
    {"report-data",   INPUTS_ANY_REPORT_DATA,   "whether the evidence is fresh, and whose key it speaks for"   },
    {"measurement",   INPUTS_ANY_MEASUREMENT,   "which firmware, kernel, initrd and command line were started" },
    {"host-data",     INPUTS_ANY_HOST_DATA,     "which policy the machine was given"                           },
    {"chip-id",       INPUTS_ANY_CHIP_ID,       "on which machine it runs: any genuine one will do"            },
    {"csp-id",        INPUTS_ANY_CSP_ID,        "which cloud's VLEK signed"                                    },
    {"id-key",        INPUTS_ANY_ID_KEY,        "who signed the launch's ID block, if anybody did"             },
    {"tcb",           INPUTS_ANY_TCB,           "how old the platform's firmware is: known holes may be open"  },
    {"platform-info", INPUTS_ANY_PLATFORM_INFO, "how the platform is set up (SMT, ECC, alias check)"           },
    {"revocation",    INPUTS_ANY_REVOCATION,    "whether the signing keys have been revoked"                   },
    {"firmware",      INPUTS_ANY_FIRMWARE,      "whether the running firmware can be rolled back (provisional)"},
    {"rtmr0",         INPUTS_ANY_RTMR0,         "RTMR0: the VM's memory, CPUs, devices and firmware tables"    },
    {"mr-seam",       INPUTS_ANY_MR_SEAM,       "exactly which TDX module ran: Intel's levels alone rate it"   },
    {"xfam",          INPUTS_ANY_XFAM,          "which CPU features the TD may use (XFAM)"                     },
    {"advisories",    INPUTS_ANY_ADVISORIES,    "which of Intel's advisories are open at the accepted level"   },
};
#define ANY_COUNT (sizeof any_table / sizeof any_table[0])

/* --- small things ---------------------------------------------------------------------------------- */

/* An error of hostlib/fileio keeps the system's word in sys_errno only. */
static int in_words(struct err *err)
{
    char text[ERR_TEXT_MAX];

    if (err->sys_errno == 0)
        return -1;
    memcpy(text, err->text, sizeof text);
    return err_set(err, err->code, err->sys_errno, "%.140s: %s", text, strerror(err->sys_errno));
}

int inputs_read(const char *path, size_t max, struct fileio_bytes *out, struct err *err)
{
    return fileio_read(path, max, out, err) < 0 ? in_words(err) : 0;
}

/* "2026-07-01T12:00:00Z" as GeneralizedTime "20260701120000Z". */
int inputs_time(const char *text, int64_t *out_s, struct err *err)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    const size_t len = strlen(text);
    char general[sizeof form] = "";
    size_t used = 0;
    uint64_t seconds;

    if (strspn(text, "0123456789") == len && len > 0 && len <= 12) {
        seconds = strtoull(text, NULL, 10);
        *out_s = (int64_t) seconds;
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9';

        if (i >= sizeof form - 1 || (form[i] == 'd' ? !digit : text[i] != form[i]))
            return err_set(err, ERR_FORMAT, 0,
                           "--now: expected YYYY-MM-DD[THH:MM:SSZ] or seconds, found '%.40s'", text);
        if (form[i] == 'd')
            general[used++] = text[i];
    }
    (void) snprintf(general + used, sizeof general - used, "%sZ", used == 8 ? "000000" : "");
    if ((len != 10 && len != sizeof form - 1) || der_time_parse(span_str(general), true, out_s, err) < 0)
        return err_set(err, ERR_FORMAT, 0, "--now: '%.40s' is no time", text);
    return 0;
}

bool inputs_any(const struct inputs *in, enum inputs_any what, struct table *t)
{
    if (!(in->any & (unsigned) what))
        return false;
    for (size_t i = 0; i < ANY_COUNT; i++) {
        if (any_table[i].what == what)
            table_line(&t->not_covered, "%s (--any %s)", any_table[i].not_covered, any_table[i].name);
    }
    return true;
}

const char *inputs_any_name(enum inputs_any what)
{
    for (size_t i = 0; i < ANY_COUNT; i++) {
        if (any_table[i].what == what)
            return any_table[i].name;
    }
    return "";
}

/* --- options --------------------------------------------------------------------------------------- */

static int add_any(struct inputs *in, const char *name, size_t len, struct err *err)
{
    for (size_t i = 0; i < ANY_COUNT; i++) {
        if (strlen(any_table[i].name) == len && strncmp(any_table[i].name, name, len) == 0) {
            in->any |= (unsigned) any_table[i].what;
            return 0;
        }
    }
    return err_set(err, ERR_FORMAT, 0, "--any: '%.*s' is none of the expectations",
                   (int) (len < 40 ? len : 40), name);
}

/* Names parted by commas, in one or more arguments. */
static int read_any(const struct opt_files *list, struct inputs *in, struct err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        for (const char *name = list->paths[i];; name++) {
            const size_t len = strcspn(name, ",");

            if (add_any(in, name, len, err) < 0)
                return -1;
            name += len;
            if (*name == '\0')
                break;
        }
    }
    return 0;
}

int inputs_check(const struct inputs_args *args, struct inputs *in, struct err *err)
{
    struct timespec ts = {0};

    in->args = args;
    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    in->now_s = (int64_t) ts.tv_sec;
    if (args->now != NULL && inputs_time(args->now, &in->now_s, err) < 0)
        return -1;
    if (args->key != NULL && args->measurements == NULL)
        return err_set(err, ERR_FORMAT, 0, "--key needs --measurements");
    if (args->signature != NULL && args->key == NULL)
        return err_set(err, ERR_FORMAT, 0, "--signature needs --key");
    if (read_any(&args->any, in, err) < 0)
        return -1;
    if (args->crl != NULL && in->any & INPUTS_ANY_REVOCATION)
        return err_set(err, ERR_FORMAT, 0, "--crl and --any revocation exclude each other");
    return 0;
}

/* --- files ----------------------------------------------------------------------------------------- */

static int check_signature(const struct inputs *in, struct span text, struct table *t, struct err *err)
{
    const struct inputs_args *a = in->args;
    AUTO_BYTES key = {0};
    AUTO_BYTES sig = {0};
    char path[PATH_BYTES];
    struct ecc_public pub;
    struct err why = {0};

    if (snprintf(path, sizeof path, "%s.sig", a->measurements) >= (int) sizeof path)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", a->measurements);
    if (inputs_read(a->key, MEASUREMENTS_PEM_MAX, &key, err) < 0 ||
        inputs_read(a->signature ? a->signature : path, ECC_SIG_MAX, &sig, err) < 0)
        return -1;
    if (measurements_public_key(fileio_span(&key), &pub, err) < 0)
        return err_prefix(err, "%s", a->key);
    const int rc = measurements_check_sig(text, fileio_span(&sig), &pub, &why);
    if (rc < 0 && why.code != ERR_DENIED)
        return err_set(err, why.code, why.sys_errno, "%s: %s", a->signature ? a->signature : path, why.text);
    struct table_row *row = table_add(t, rc == 0 ? TABLE_PASSED : TABLE_REFUSED, "measurements: signature");
    table_expected(row, "by the key in %s", a->key);
    table_found(row, rc == 0 ? "good" : "not by this key over these bytes");
    return 0;
}

static void check_image(const struct inputs *in, struct table *t)
{
    const bool debug = in->measurements.debug;
    struct table_row *row =
        table_add(t, debug && !in->args->allow_debug ? TABLE_REFUSED : TABLE_PASSED, "measurements: image");

    table_expected(row, in->args->allow_debug ? "any (--allow-debug)" : "a production image");
    table_found(row, debug ? "a dev image: its console is open to the host" : "a production image");
    if (debug && in->args->allow_debug)
        table_line(&t->warnings, "a dev image is accepted: its console is open to the host");
}

static int load_measurements(struct inputs *in, struct table *t, struct err *err)
{
    const char *path = in->args->measurements;
    AUTO_BYTES text = {0};

    if (path == NULL)
        return 0;
    if (inputs_read(path, MEASUREMENTS_TEXT_MAX, &text, err) < 0 ||
        measurements_parse(fileio_span(&text), path, &in->measurements, err) < 0)
        return -1;
    in->has_measurements = true;
    check_image(in, t);
    if (in->args->key != NULL)
        return check_signature(in, fileio_span(&text), t, err);
    table_line(&t->not_covered, "who published %s: no --key, so anybody may have written it", path);
    return 0;
}

static int load_manifest(struct inputs *in, struct err *err)
{
    const char *path = in->args->manifest;

    if (path == NULL)
        return 0;
    if (inputs_read(path, MANIFEST_SIZE_MAX, &in->manifest_text, err) < 0 ||
        manifest_parse(fileio_span(&in->manifest_text), path, false, &in->manifest, err) < 0)
        return -1;
    in->has_manifest = true;
    return 0;
}

/* DER, or PEM with one list. */
static int load_crl(struct inputs *in, struct err *err)
{
    const char *path = in->args->crl;
    AUTO_BYTES file = {0};

    if (path == NULL)
        return 0;
    if (inputs_read(path, INPUTS_CRL_MAX, &file, err) < 0)
        return -1;
    struct span text = fileio_span(&file);
    if (!span_eq_str(span_sub(text, 0, 5), "-----")) {
        in->crl = file;
        file = (struct fileio_bytes){0};
        return 0;
    }
    in->crl = (struct fileio_bytes){.data = calloc(1, text.len + 1), .len = text.len};
    if (in->crl.data == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    struct writer w = writer_of(in->crl.data, text.len);
    struct span der;
    if (pem_next(&text, PEM_LABEL_CRL, &w, &der, err) < 0)
        return err_prefix(err, "%s", path);
    in->crl.len = der.len;
    return 0;
}

int inputs_load(struct inputs *in, struct table *t, struct err *err)
{
    if (in->args->test_root != NULL) {
        if (test_root_load(in->args->test_root, &in->test_root, err) < 0)
            return in_words(err);
        table_line(&t->warnings, "%s: %s", in->args->test_root, test_root_warning);
        table_line(&t->not_covered, "hardware: the chain ends in a test root, which anybody can make");
    }
    if (load_measurements(in, t, err) < 0 || load_manifest(in, err) < 0)
        return -1;
    return load_crl(in, err);
}

void inputs_free(struct inputs *in)
{
    if (in == NULL)
        return;
    if (in->has_manifest)
        manifest_free(&in->manifest);
    fileio_free(&in->manifest_text);
    fileio_free(&in->test_root);
    fileio_free(&in->crl);
    free(in);
}
