/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volumes.h"

#include "dmtable.h"
#include "luks2_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t) 1 << 20) /* bytes read at once from a disk that may be blank */

/* The header's place must be all zeros, not the two copies alone: other formats keep their marks there. */
static int blank_check(const struct volumes_disk *disk, struct err *err)
{
    AUTO_FREE uint8_t *buf = malloc(CHUNK);
    if (buf == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    for (uint64_t pos = 0; pos < LUKS2_HEADER_DATA_OFFSET; pos += CHUNK) {
        if (volumes_disk_read(disk, pos, buf, CHUNK, err) < 0)
            return -1;
        if (!span_is_zero(span_of(buf, CHUNK)))
            return err_set(err, ERR_DENIED, 0,
                           "not blank, and no volume header: there are other bytes before %llu",
                           (unsigned long long) pos + CHUNK);
    }
    return 0;
}

/* bytes holds what the disk has; libcryptsetup gets what we make out of it. */
static int existing_open(const struct volumes_disk *disk, uint8_t bytes[LUKS2_HEADER_SIZE],
                         const struct volplan *plan, struct err *err)
{
    struct luks2_header header;
    char path[VOLUMES_PATH_CAP];
    if (luks2_header_parse(span_of(bytes, LUKS2_HEADER_SIZE), &header, err) < 0 ||
        luks2_header_build(&header, bytes, err) < 0)
        return err_prefix(err, "not blank");
    AUTO_CLOSE file = volumes_header_file(span_of(bytes, LUKS2_HEADER_SIZE), path, err);
    if (file < 0)
        return -1;
    return volumes_luks_open(path, disk->path, plan, err);
}

static int crypt_check(const struct volplan *plan, const struct volumes_table *integrity, struct err *err)
{
    struct volumes_table crypt;
    if (volumes_dm_table(plan->crypt_name, &crypt, err) < 0)
        return -1;
    int rc = 0;
    if (strcmp(crypt.target, "crypt") != 0 || crypt.sectors != integrity->sectors || crypt.read_only)
        rc = err_set(err, ERR_DENIED, 0,
                     "crypt table: expected a writable crypt target over all of dm-integrity");
    else
        rc = dmtable_check_crypt(span_str(crypt.params), integrity->device, secret_span(&plan->key), err);
    secret_wipe_bytes(&crypt, sizeof crypt);
    return rc;
}

/* What libcryptsetup made out of the header and of dm-integrity's own superblock is what we expect. */
static int live_check(const struct volumes_disk *disk, const struct volplan *plan, struct err *err)
{
    struct volumes_table integrity;
    uint64_t room = (disk->size_bytes - LUKS2_HEADER_DATA_OFFSET) / VERITY_SECTOR;
    if (volumes_dm_table(plan->integrity_name, &integrity, err) < 0)
        return -1;
    if (strcmp(integrity.target, "integrity") != 0 || integrity.sectors == 0 || integrity.sectors > room)
        return err_set(err, ERR_DENIED, 0, "integrity table: expected a target of at most %llu sectors",
                       (unsigned long long) room);
    if (dmtable_check_integrity(span_str(integrity.params), disk->device, disk->size_bytes / VERITY_SECTOR,
                                err) < 0)
        return -1;
    return crypt_check(plan, &integrity, err);
}

static int volume_open(const struct policy_volume *volume, const struct policy_workload *owner,
                       const struct volumes_disk *disk, const struct volplan *plan, struct err *err)
{
    uint8_t bytes[LUKS2_HEADER_SIZE] = {0};
    if (disk->size_bytes < VOLPLAN_DISK_MIN)
        return err_set(err, ERR_LIMIT, 0, "size: expected at least %llu bytes, found %llu",
                       (unsigned long long) VOLPLAN_DISK_MIN, (unsigned long long) disk->size_bytes);
    if (volumes_disk_read(disk, 0, bytes, sizeof bytes, err) < 0)
        return -1;
    if (!span_is_zero(span_of(bytes, sizeof bytes)))
        return existing_open(disk, bytes, plan, err);
    if (blank_check(disk, err) < 0)
        return -1;
    if (!volume->format_if_blank)
        return err_set(err, ERR_DENIED, 0, "the disk is blank, and the policy does not allow to format it");
    return volumes_format(disk, plan, owner, err);
}

static int volume_do(const struct policy *policy, const struct policy_volume *volume,
                     const struct secret *secret, struct err *err)
{
    struct volumes_disk disk;
    AUTO_VOLPLAN plan = {0};
    char device[VOLUMES_PATH_CAP];
    char target[VOLUMES_PATH_CAP];
    if (volumes_disk_find(volume->device, &disk, err) < 0 ||
        volplan_make(secret, volume->name, &plan, err) < 0)
        return -1;
    if (volume_open(volume, &policy->workload, &disk, &plan, err) < 0 || live_check(&disk, &plan, err) < 0)
        return -1;
    (void) snprintf(device, sizeof device, VOLUMES_MAPPER_DIR "/%s", plan.crypt_name);
    (void) snprintf(target, sizeof target, VOLUMES_DIR "/%s", volume->name);
    return volumes_mount(device, target, "ext4", "nosuid,nodev,noexec", err);
}

int volumes_encrypted(const struct policy *policy, const struct secret *secret, struct err *err)
{
    for (size_t i = 0; i < policy->volume_count; i++)
        if (volume_do(policy, &policy->volumes[i], secret, err) < 0)
            return err_prefix(err, "volume %s", policy->volumes[i].name);
    return 0;
}
