/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that includes libcryptsetup. */
#include "volumes.h"

#include "luks2_header.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 512 /* bytes: libcryptsetup's unit for offsets */
#define CIPHER "aes"
#define MODE "xts-plain64"
#define INTEGRITY "hmac(sha256)"

/* What libcryptsetup said last: part of our error's text. */
struct said {
    char text[96];
};

static void listen(int level, const char *message, void *context)
{
    struct said *said = context;
    if (level == CRYPT_LOG_ERROR)
        (void) snprintf(said->text, sizeof said->text, "%.*s", (int) strcspn(message, "\n"), message);
}

static int luks_fail(struct err *err, int rc, const char *what, const struct said *said)
{
    return err_set(err, ERR_SYS, -rc, "LUKS2: %s: %s", what, said->text[0] == '\0' ? "failed" : said->text);
}

static int device_new(const char *header, const char *disk, struct said *said, struct crypt_device **device,
                      struct err *err)
{
    struct crypt_device *made = NULL;
    (void) crypt_metadata_locking(NULL, 0); /* nobody else is here to lock out; it cannot fail for NULL */
    int rc = crypt_init_data_device(&made, header, disk);
    if (rc < 0)
        return luks_fail(err, rc, "init", said);
    crypt_set_log_callback(made, listen, said);
    *device = made;
    return 0;
}

static int activate(struct crypt_device *device, const struct volplan *plan, const struct said *said,
                    struct err *err)
{
    int rc = crypt_activate_by_volume_key(device, plan->crypt_name, (const char *) plan->key.bytes,
                                          plan->key.len, 0);
    if (rc == -EPERM)
        return err_set(err, ERR_DENIED, 0, "LUKS2: the volume has another key than this workload's");
    return rc < 0 ? luks_fail(err, rc, "open with the volume's key", said) : 0;
}

int volumes_luks_open(const char *header, const char *disk, const struct volplan *plan, struct err *err)
{
    struct said said = {""};
    struct crypt_device *device = NULL;
    if (device_new(header, disk, &said, &device, err) < 0)
        return -1;
    int rc = crypt_load(device, CRYPT_LUKS2, NULL);
    if (rc < 0)
        rc = luks_fail(err, rc, "load", &said);
    else
        rc = activate(device, plan, &said, err);
    crypt_free(device);
    return rc;
}

/* 0 leaves it to the kernel: 1/128 of the disk. */
static uint64_t journal_bytes(const struct volumes_disk *disk)
{
    return disk->size_bytes / 128 > VOLUMES_JOURNAL_MAX ? VOLUMES_JOURNAL_MAX : 0;
}

static int format(struct crypt_device *device, uint64_t journal_size, const struct volplan *plan,
                  const struct said *said, struct err *err)
{
    static const struct crypt_pbkdf_type kdf = {
        .type = CRYPT_KDF_ARGON2ID,
        .hash = "sha256",
        .iterations = LUKS2_HEADER_TIME_MIN,
        .max_memory_kb = LUKS2_HEADER_MEMORY_KIB_MIN,
        .parallel_threads = 1,
        .flags = CRYPT_PBKDF_NO_BENCHMARK,
    };
    const struct crypt_params_integrity integrity = {.journal_size = journal_size};
    struct crypt_params_luks2 params = {
        .pbkdf = &kdf,
        .integrity = INTEGRITY,
        .integrity_params = &integrity,
        .data_alignment = LUKS2_HEADER_DATA_OFFSET / SECTOR,
        .sector_size = LUKS2_HEADER_SECTOR_SIZE,
    };
    const char *key = (const char *) plan->key.bytes;
    int rc = crypt_set_data_offset(device, LUKS2_HEADER_DATA_OFFSET / SECTOR);
    if (rc == 0)
        rc = crypt_set_metadata_size(device, LUKS2_HEADER_COPY, LUKS2_HEADER_KEYSLOT_SIZE);
    if (rc == 0)
        rc = crypt_format(device, CRYPT_LUKS2, CIPHER, MODE, NULL, key, plan->key.len, &params);
    if (rc < 0)
        return luks_fail(err, rc, "format", said);
    rc = crypt_keyslot_add_by_volume_key(device, 0, key, plan->key.len, (const char *) plan->passphrase.bytes,
                                         plan->passphrase.len);
    return rc < 0 ? luks_fail(err, rc, "add keyslot 0", said) : 0;
}

int volumes_luks_format(const char *header, const struct volumes_disk *disk, const struct volplan *plan,
                        struct err *err)
{
    struct said said = {""};
    struct crypt_device *device = NULL;
    if (device_new(header, disk->path, &said, &device, err) < 0)
        return -1;
    int rc = format(device, journal_bytes(disk), plan, &said, err);
    if (rc == 0)
        rc = activate(device, plan, &said, err);
    crypt_free(device);
    return rc;
}
