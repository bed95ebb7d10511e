/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unlock: stands in for init-volumes in the bench's initrd. Times, in turn and several times over, plain
 * dm-crypt with a raw key, and our whole way to the first volume of the policy, which must have been
 * formatted before. The medians of all rounds but the first go to the console; then it does its job like the
 * real one.
 */
#include "../../init/job.h"
#include "../../init/volumes_encrypted.c"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <sys/mount.h>
#include <time.h>

#define ROUNDS 12 /* the first one is cold, and left out */
#define PLAIN_NAME "bench-plain"
#define PLAIN_KEY_SIZE 64 /* bytes: aes-xts with 512 bits */
#define SECTOR 512        /* bytes: libcryptsetup's unit of offsets */

/* What is timed; each is a part of one round. */
enum part { PLAIN, FIND, KEYS, OPEN, CHECK, MOUNT, PARTS };
static const char *const names[PARTS] = {"plain", "find", "keys", "open", "check", "mount"};

struct round {
    double us[PARTS];
};

static double now_us(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t); /* this clock is always there */
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static int failed(struct err *err, int rc, const char *what)
{
    return err_set(err, ERR_SYS, -rc, "bench: %s", what);
}

static int plain_activate(struct crypt_device *device, struct err *err)
{
    static const char key[PLAIN_KEY_SIZE] = "not a key, but as long as one, with two halves that differ";
    struct crypt_params_plain params = {.offset = LUKS2_HEADER_DATA_OFFSET / SECTOR,
                                        .sector_size = LUKS2_HEADER_SECTOR_SIZE};
    int rc = crypt_format(device, CRYPT_PLAIN, "aes", "xts-plain64", NULL, NULL, sizeof key, &params);

    if (rc == 0)
        rc = crypt_activate_by_volume_key(device, PLAIN_NAME, key, sizeof key, 0);
    return rc < 0 ? failed(err, rc, "plain dm-crypt") : 0;
}

static int deactivate(const char *name, struct err *err)
{
    int rc = crypt_deactivate(NULL, name);

    return rc < 0 ? failed(err, rc, "deactivate") : 0;
}

static int plain(const struct policy_volume *volume, struct round *round, struct err *err)
{
    struct volumes_disk disk;
    struct crypt_device *device = NULL;
    double start;
    int rc;

    if (volumes_disk_find(volume->device, &disk, err) < 0)
        return -1;
    start = now_us();
    rc = crypt_init(&device, disk.path);
    if (rc < 0)
        return failed(err, rc, "plain init");
    rc = plain_activate(device, err);
    crypt_free(device);
    round->us[PLAIN] = now_us() - start;
    return rc < 0 ? -1 : deactivate(PLAIN_NAME, err);
}

static int mount_and_back(const struct policy_volume *volume, const struct volplan *plan, struct round *round,
                          struct err *err)
{
    char device[VOLUMES_PATH_CAP];
    char target[VOLUMES_PATH_CAP];
    double start = now_us();

    (void) snprintf(device, sizeof device, VOLUMES_MAPPER_DIR "/%s", plan->crypt_name);
    (void) snprintf(target, sizeof target, VOLUMES_DIR "/%s", volume->name);
    if (volumes_mount(device, target, "ext4", "nosuid,nodev,noexec", err) < 0)
        return -1;
    round->us[MOUNT] = now_us() - start;
    return umount(target) < 0 ? failed(err, -errno, "unmount") : 0;
}

/* The steps of volumes_encrypted.c's volume_do, with a look at the clock between them. */
static int ours(const struct job *job, struct round *round, struct err *err)
{
    const struct policy_volume *volume = &job->policy->volumes[0];
    struct volumes_disk disk;
    AUTO_VOLPLAN plan = {0};
    double at[PARTS];

    at[FIND] = now_us();
    if (volumes_disk_find(volume->device, &disk, err) < 0)
        return -1;
    at[KEYS] = now_us();
    if (volplan_make(&job->secret, volume->name, &plan, err) < 0)
        return -1;
    at[OPEN] = now_us();
    if (volume_open(volume, &job->policy->workload, &disk, &plan, err) < 0)
        return -1;
    at[CHECK] = now_us();
    if (live_check(&disk, &plan, err) < 0)
        return -1;
    at[MOUNT] = now_us();
    for (int i = FIND; i < MOUNT; i++)
        round->us[i] = at[i + 1] - at[i];
    if (mount_and_back(volume, &plan, round, err) < 0)
        return -1;
    return deactivate(plan.crypt_name, err);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a;
    double y = *(const double *) b;

    return (x > y) - (x < y);
}

static double median(const struct round *rounds, double (*value)(const struct round *round, int part),
                     int part)
{
    double sorted[ROUNDS - 1];

    for (int i = 1; i < ROUNDS; i++)
        sorted[i - 1] = value(&rounds[i], part);
    qsort(sorted, ROUNDS - 1, sizeof sorted[0], ascending);
    return sorted[(ROUNDS - 1) / 2];
}

static double one_part(const struct round *round, int part)
{
    return round->us[part];
}

/* From the disk's serial to a device that has been checked. */
static double unlock(const struct round *round, int part)
{
    double sum = 0;

    (void) part;
    for (int i = FIND; i < MOUNT; i++)
        sum += round->us[i];
    return sum;
}

static int say(const struct round *rounds, struct err *err)
{
    char line[512];
    int len =
        snprintf(line, sizeof line, "\nbench: unlock=%.0f cold_plain=%.0f cold_unlock=%.0f cold_mount=%.0f",
                 median(rounds, unlock, 0), rounds[0].us[PLAIN], unlock(&rounds[0], 0), rounds[0].us[MOUNT]);
    AUTO_CLOSE fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);

    for (int i = 0; i < PARTS; i++)
        len += snprintf(line + len, sizeof line - (size_t) len, " %s=%.0f", names[i],
                        median(rounds, one_part, i));
    len += snprintf(line + len, sizeof line - (size_t) len, "\n");
    if (fd < 0 || write(fd, line, (size_t) len) != len)
        return failed(err, -errno, "write to the console");
    return 0;
}

static int bench(const struct job *job, struct err *err)
{
    struct round rounds[ROUNDS] = {0};

    if (job->policy->volume_count == 0)
        return err_set(err, ERR_MISSING, 0, "bench: the policy has no volume");
    for (int i = 0; i < ROUNDS; i++)
        if (plain(&job->policy->volumes[0], &rounds[i], err) < 0 || ours(job, &rounds[i], err) < 0)
            return -1;
    return say(rounds, err);
}

static int work(struct err *err)
{
    AUTO_JOB job = {0};

    if (job_begin(&job, err) < 0)
        return -1;
    if (job.job == WIRE_JOB_IMAGE)
        return volumes_image(job.policy, err);
    (void) crypt_metadata_locking(NULL, 0);
    if (bench(&job, err) < 0)
        return -1;
    return volumes_encrypted(job.policy, &job.secret, err);
}

int main(void)
{
    struct err err;

    if (work(&err) < 0) {
        job_failed(&err);
        return 1;
    }
    job_done();
    return 0;
}
