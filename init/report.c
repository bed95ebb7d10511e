/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "file.h"
#include "secret.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct provider {
    const char *name;
    enum policy_platform tee;
    bool has_aux; /* the kernel shows auxblob */
};

static const struct provider providers[] = {
    {"sev_guest", POLICY_SNP, true },
    {"tdx_guest", POLICY_TDX, false},
};

void report_free(struct report *report)
{
    free(report->bytes);
    free(report->aux);
    *report = (struct report){0};
}

/* Make the private entry of one request. */
static int make_entry(char path[FILE_PATH_MAX], struct err *err)
{
    char entry[FILE_PATH_MAX];
    int r;

    if (file_path(entry, err, REPORT_DIR "/nacre-%016llx", (unsigned long long) sys_now_ns()) < 0)
        return -1;
    r = sys_mkdir(entry, 0700);
    if (r == -ENXIO)
        return err_set(err, ERR_MISSING, 0, "no TEE: the kernel has no provider of reports (configfs-tsm)");
    if (r == -ENOENT)
        return err_set(err, ERR_MISSING, 0, "no TEE: the kernel has no " REPORT_DIR);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "mkdir %s", entry);
    memcpy(path, entry, sizeof entry);
    return 0;
}

static int find_provider(const char *entry, struct provider *found, struct err *err)
{
    char path[FILE_PATH_MAX], name[SYS_NAME_MAX];

    if (file_path(path, err, "%s/provider", entry) < 0 || file_read_line(path, name, sizeof name, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        if (strcmp(providers[i].name, name) == 0) {
            *found = providers[i];
            return 0;
        }
    }
    return err_set(err, ERR_DENIED, 0, "provider of reports: expected sev_guest or tdx_guest, found '%s'",
                   name);
}

static int read_generation(const char *entry, uint64_t *generation, struct err *err)
{
    char path[FILE_PATH_MAX], text[24], *end;
    unsigned long long value;

    if (file_path(path, err, "%s/generation", entry) < 0 || file_read_line(path, text, sizeof text, err) < 0)
        return -1;
    value = strtoull(text, &end, 10);
    if (end == text || *end != '\0')
        return err_set(err, ERR_FORMAT, 0, "%s: expected a number, found '%s'", path, text);
    *generation = value;
    return 0;
}

/* Read one blob into a buffer of its own, which the caller frees even after a failure. */
static int read_blob(const char *entry, const char *name, uint8_t **bytes, size_t *len, struct err *err)
{
    char path[FILE_PATH_MAX];

    *bytes = malloc(REPORT_BLOB_MAX);
    if (*bytes == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for a report");
    if (file_path(path, err, "%s/%s", entry, name) < 0)
        return -1;
    return file_read(path, *bytes, REPORT_BLOB_MAX, len, err);
}

/* Fill the entry and take the blobs out. Returns 1 when somebody else has changed the entry meanwhile. */
static int use_entry(const char *entry, const uint8_t *report_data, struct report *out, struct err *err)
{
    char path[FILE_PATH_MAX];
    struct provider provider = {0};
    uint64_t before = 0, after = 0;

    if (find_provider(entry, &provider, err) < 0 || read_generation(entry, &before, err) < 0)
        return -1;
    out->tee = provider.tee;
    if (file_path(path, err, "%s/inblob", entry) < 0 ||
        file_write(path, span_of(report_data, REPORT_DATA_SIZE), err) < 0)
        return -1;
    if (read_blob(entry, "outblob", &out->bytes, &out->len, err) < 0)
        return err->sys_errno == EWOULDBLOCK ? 1 : -1;
    if (provider.has_aux && read_blob(entry, "auxblob", &out->aux, &out->aux_len, err) < 0)
        return err->sys_errno == EWOULDBLOCK ? 1 : -1;
    if (read_generation(entry, &after, err) < 0)
        return -1;
    return after == before + 1 ? 0 : 1; /* one write was ours */
}

static int try_once(const uint8_t *report_data, struct report *out, struct err *err)
{
    char entry[FILE_PATH_MAX];
    int r, removed;

    if (make_entry(entry, err) < 0)
        return -1;
    r = use_entry(entry, report_data, out, err);
    removed = sys_rmdir(entry);
    if (r >= 0 && removed < 0)
        return err_set(err, ERR_SYS, -removed, "rmdir %s", entry);
    return r;
}

int report_get(const uint8_t report_data[REPORT_DATA_SIZE], struct report *out, struct err *err)
{
    for (int i = 0; i < REPORT_TRIES; i++) {
        struct report report = {0};
        int r = try_once(report_data, &report, err);

        if (r == 0) {
            *out = report;
            return 0;
        }
        report_free(&report);
        if (r < 0)
            return -1;
    }
    return err_set(err, ERR_DENIED, 0, "report: somebody else writes to our entry (%d tries)", REPORT_TRIES);
}
