/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "initdata_file.h"

#include "files.h"
#include "inflate.h"
#include "secret.h"

/* A disk may be larger than the image on it: what follows is never read. */
#define DISK_MAX ((size_t) 64 << 20)

static int check_document(struct span document, struct err *err)
{
    struct initdata parsed = {0};
    struct span policy;
    int rc = initdata_document_parse(document, &parsed, err);

    if (rc < 0)
        return -1;
    rc = initdata_file(&parsed, "policy.json", &policy, err);
    initdata_free(&parsed);
    return rc;
}

static int digest_of(struct span document, bool check, uint8_t digest[SHA256_SIZE], struct err *err)
{
    if (document.len > INITDATA_DOCUMENT_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes, at most %d", document.len, INITDATA_DOCUMENT_MAX);
    if (check && check_document(document, err) < 0)
        return -1;
    return initdata_digest(document, digest, err);
}

static int digest_of_disk(struct span disk, bool check, uint8_t digest[SHA256_SIZE], struct err *err)
{
    AUTO_FREE uint8_t *document = NULL;
    struct span gzip;
    size_t size, len;

    if (initdata_disk_size(span_sub(disk, 0, disk.len < INITDATA_HEAD_SIZE ? disk.len : INITDATA_HEAD_SIZE),
                           disk.len, &size, err) < 0 ||
        initdata_disk_parse(span_sub(disk, 0, size), &gzip, err) < 0 ||
        inflate_gzip(gzip, INITDATA_DOCUMENT_MAX, &document, &len, err) < 0)
        return -1;
    return digest_of(span_of(document, len), check, digest, err);
}

int initdata_file_digest(const char *path, bool check, uint8_t digest[SHA256_SIZE], struct err *err)
{
    AUTO_MAP map = {0};
    int rc;

    if (files_map_open(path, DISK_MAX, &map, err) < 0)
        return -1;
    rc = initdata_disk_probe(map.bytes) ? digest_of_disk(map.bytes, check, digest, err)
                                        : digest_of(map.bytes, check, digest, err);
    return rc < 0 ? err_prefix(err, "%s", path) : 0;
}
