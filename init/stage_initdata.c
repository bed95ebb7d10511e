/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "disk.h"
#include "file.h"
#include "inflate.h"

#include <stdlib.h>

/* The one disk that starts with the magic: its place in the list, and its first bytes. */
static int find(const struct disk_list *disks, size_t *found, uint8_t *head, struct err *err)
{
    const struct disk *one = NULL;

    for (size_t i = 0; i < disks->count; i++) {
        const struct disk *d = &disks->disk[i];
        uint8_t bytes[INITDATA_HEAD_SIZE];

        if (d->size_bytes < sizeof bytes)
            continue;
        if (file_read_head(d->path, bytes, sizeof bytes, err) < 0)
            return -1;
        if (!initdata_disk_probe(span_of(bytes, sizeof bytes)))
            continue;
        if (one != NULL)
            return err_set(err, ERR_DENIED, 0, "two initdata disks: %s and %s", one->path, d->path);
        one = d;
        *found = i;
        for (size_t j = 0; j < sizeof bytes; j++)
            head[j] = bytes[j];
    }
    if (one == NULL)
        return err_set(err, ERR_MISSING, 0, "no initdata disk among %zu disks", disks->count);
    return 0;
}

/* The inflated document, malloc'ed. */
static int read_document(uint8_t **document, size_t *len, struct err *err)
{
    struct disk_list disks;
    size_t found = 0;
    uint8_t head[INITDATA_HEAD_SIZE];
    struct span gzip;
    size_t image_bytes;

    if (disk_list(&disks, err) < 0 || find(&disks, &found, head, err) < 0)
        return -1;
    const struct disk *disk = &disks.disk[found];
    if (initdata_disk_size(span_of(head, sizeof head), disk->size_bytes, &image_bytes, err) < 0)
        return -1;
    AUTO_FREE uint8_t *image = malloc(image_bytes);
    if (image == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for %zu bytes of initdata", image_bytes);
    if (file_read_head(disk->path, image, image_bytes, err) < 0)
        return -1;
    if (initdata_disk_parse(span_of(image, image_bytes), &gzip, err) < 0)
        return -1;
    if (inflate_gzip(gzip, (size_t) INITDATA_DOCUMENT_MAX, document, len, err) < 0)
        return err_prefix(err, "initdata");
    return 0;
}

int stage_initdata(struct boot *boot, struct err *err)
{
    AUTO_FREE uint8_t *document = NULL;
    uint8_t digest[SHA256_SIZE];
    size_t len = 0;

    if (read_document(&document, &len, err) < 0)
        return -1;
    if (initdata_digest(span_of(document, len), digest, err) < 0)
        return -1;
    if (initdata_check_digest(digest, span_of(boot->platform.host_data, boot->platform.host_data_len), err) <
        0)
        return -1;
    if (initdata_document_parse(span_of(document, len), &boot->initdata, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof digest; i++)
        boot->initdata_digest[i] = digest[i];
    return 0;
}
