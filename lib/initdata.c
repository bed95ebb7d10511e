/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "initdata.h"

#include "hex.h"
#include "utf8.h"

#include <string.h>

#define INITDATA_VERSION "0.1.0"
#define INITDATA_ALGORITHM "sha256"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The files a document may hold. A name is a plain name: nothing is ever written under it, and a path in it
 * is refused rather than understood. */
static const char *const known_files[] = {"policy.json"};

/* --- the disk --- */

bool initdata_disk_probe(struct span head)
{
    return span_eq_str(span_sub(head, 0, strlen(INITDATA_MAGIC)), INITDATA_MAGIC);
}

int initdata_disk_size(struct span head, uint64_t disk_bytes, size_t *image_bytes, struct err *err)
{
    struct reader r = reader_of(head);
    uint64_t gzip_bytes;
    size_t total;

    reader_skip(&r, strlen(INITDATA_MAGIC));
    gzip_bytes = reader_le64(&r);
    if (r.bad || !initdata_disk_probe(head))
        return err_set(err, ERR_FORMAT, 0, "initdata disk: no magic");
    if (gzip_bytes == 0)
        return err_set(err, ERR_FORMAT, 0, "initdata disk: length is 0");
    if (gzip_bytes > INITDATA_GZIP_MAX)
        return err_set(err, ERR_LIMIT, 0, "initdata disk: length is %llu bytes, at most %d",
                       (unsigned long long) gzip_bytes, INITDATA_GZIP_MAX);
    total = INITDATA_HEAD_SIZE + (size_t) gzip_bytes;
    total = (total + INITDATA_SECTOR - 1) / INITDATA_SECTOR * INITDATA_SECTOR;
    if (total > disk_bytes)
        return err_set(err, ERR_LIMIT, 0, "initdata disk: needs %zu bytes, the disk has %llu", total,
                       (unsigned long long) disk_bytes);
    *image_bytes = total;
    return 0;
}

int initdata_disk_parse(struct span image, struct span *gzip, struct err *err)
{
    struct reader r = reader_of(image);
    struct span got;
    size_t need = 0;

    if (initdata_disk_size(image, image.len, &need, err) < 0)
        return -1;
    if (need != image.len)
        return err_set(err, ERR_FORMAT, 0, "initdata disk: %zu bytes read, expected %zu", image.len, need);
    reader_skip(&r, strlen(INITDATA_MAGIC));
    got = reader_bytes(&r, (size_t) reader_le64(&r));
    if (!span_is_zero(reader_bytes(&r, reader_left(&r))))
        return err_set(err, ERR_FORMAT, 0, "initdata disk: the padding is not zero");
    *gzip = got;
    return 0;
}

/* --- the binding --- */

int initdata_digest(struct span document, uint8_t digest[SHA256_SIZE], struct err *err)
{
    return hash_bytes(HASH_SHA256, document, digest, err);
}

int initdata_check_digest(const uint8_t digest[SHA256_SIZE], struct span host_data, struct err *err)
{
    const struct span found = span_of(digest, SHA256_SIZE);
    char found_hex[2 * SHA256_SIZE + 1];
    char bound_hex[2 * SHA256_SIZE + 1];

    /* 32 bytes on SNP; 48 on TDX, of which a SHA-256 fills the first 32 */
    if (host_data.len != SHA256_SIZE && host_data.len != SHA384_SIZE)
        return err_set(err, ERR_FORMAT, 0, "host data has %zu bytes, expected 32 or 48", host_data.len);
    if (!span_is_zero(span_sub(host_data, SHA256_SIZE, host_data.len - SHA256_SIZE)))
        return err_set(err, ERR_DENIED, 0, "initdata: host data is longer than a SHA-256");
    if (span_eq(span_sub(host_data, 0, SHA256_SIZE), found))
        return 0;
    if (hex_encode(found, found_hex, sizeof(found_hex), err) < 0 ||
        hex_encode(span_sub(host_data, 0, SHA256_SIZE), bound_hex, sizeof(bound_hex), err) < 0)
        return -1;
    return err_set(err, ERR_DENIED, 0, "initdata: digest is %s, host data says %s", found_hex, bound_hex);
}

/* --- the document --- */

static int initdata_check_name(const struct toml_entry *entry, struct err *err)
{
    char shown[UTF8_SHOWN_MAX];

    utf8_show(span_str(entry->key), shown);
    if (strchr(entry->key, '/') || strstr(entry->key, ".."))
        return err_set(err, ERR_DENIED, 0, "initdata: line %zu: file name \"%s\" is a path", entry->line,
                       shown);
    for (size_t i = 0; i < COUNT(known_files); i++)
        if (strcmp(entry->key, known_files[i]) == 0)
            return 0;
    return err_set(err, ERR_DENIED, 0, "initdata: line %zu: unknown file name \"%s\"", entry->line, shown);
}

static int initdata_add_file(struct initdata *d, const struct toml_entry *entry, struct err *err)
{
    if (initdata_check_name(entry, err) < 0)
        return -1;
    if (d->count == INITDATA_FILES_MAX)
        return err_set(err, ERR_LIMIT, 0, "initdata: more than %d files", INITDATA_FILES_MAX);
    d->files[d->count++] = (struct initdata_file){.name = entry->key, .content = entry->value};
    return 0;
}

/* A key of the top level: it must be known and have the one value that we take. */
static int initdata_check_top(const struct toml_entry *entry, unsigned *seen, struct err *err)
{
    static const char *const keys[] = {"version", "algorithm"};
    static const char *const values[COUNT(keys)] = {INITDATA_VERSION, INITDATA_ALGORITHM};
    char shown[UTF8_SHOWN_MAX];

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcmp(entry->key, keys[i]) != 0)
            continue;
        utf8_show(entry->value, shown);
        if (!span_eq_str(entry->value, values[i]))
            return err_set(err, ERR_FORMAT, 0, "initdata: line %zu: %s is \"%s\", expected \"%s\"",
                           entry->line, keys[i], shown, values[i]);
        *seen |= 1u << i;
        return 0;
    }
    utf8_show(span_str(entry->key), shown);
    return err_set(err, ERR_FORMAT, 0, "initdata: line %zu: unknown key \"%s\"", entry->line, shown);
}

static int initdata_check_tables(const struct toml *doc, struct err *err)
{
    char shown[UTF8_SHOWN_MAX];

    for (size_t i = 0; i < doc->table_count; i++) {
        utf8_show(span_str(doc->tables[i]), shown);
        if (strcmp(doc->tables[i], "data") != 0)
            return err_set(err, ERR_FORMAT, 0, "initdata: unknown table \"%s\"", shown);
    }
    return 0;
}

static int initdata_read(struct initdata *d, struct err *err)
{
    unsigned seen = 0;

    if (initdata_check_tables(&d->doc, err) < 0)
        return -1;
    for (size_t i = 0; i < d->doc.count; i++) {
        const struct toml_entry *entry = &d->doc.entries[i];
        const bool top = entry->table[0] == '\0';

        if ((top ? initdata_check_top(entry, &seen, err) : initdata_add_file(d, entry, err)) < 0)
            return -1;
    }
    if (seen != 3)
        return err_set(err, ERR_MISSING, 0, "initdata: version or algorithm is missing");
    if (d->count == 0)
        return err_set(err, ERR_MISSING, 0, "initdata: no file in [data]");
    return 0;
}

int initdata_document_parse(struct span document, struct initdata *out, struct err *err)
{
    struct initdata got = {0};

    if (toml_parse(document, INITDATA_DOCUMENT_MAX, &got.doc, err) < 0)
        return err_prefix(err, "initdata");
    if (initdata_read(&got, err) < 0) {
        initdata_free(&got);
        return -1;
    }
    *out = got;
    return 0;
}

void initdata_free(struct initdata *d)
{
    if (!d)
        return;
    toml_free(&d->doc);
    *d = (struct initdata){0};
}

int initdata_file(const struct initdata *d, const char *name, struct span *content, struct err *err)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->files[i].name, name) == 0) {
            *content = d->files[i].content;
            return 0;
        }
    }
    return err_set(err, ERR_MISSING, 0, "initdata: no file \"%s\"", name);
}
