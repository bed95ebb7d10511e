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
#include <libdevmapper.h>
#include <sys/mount.h>
#include <time.h>

#define ROUNDS 12 /* the first one is cold, and left out */
#define PLAIN_NAME "bench-plain"

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

/* Without libcryptsetup, which in the guest knows nothing but LUKS2. */
static int plain_activate(const struct volumes_disk *disk, struct err *err)
{
    uint64_t sectors = (disk->size_bytes - LUKS2_HEADER_DATA_OFFSET) / LUKS2_HEADER_SECTOR_SIZE *
                       (LUKS2_HEADER_SECTOR_SIZE / VERITY_SECTOR);
    char params[VOLUMES_PARAMS_CAP];

    /* 512 bits of key: any that have two different halves */
    (void) snprintf(params, sizeof params, "aes-xts-plain64 %064d%064d 0 %s %llu 1 sector_size:4096", 1, 2,
                    disk->device, (unsigned long long) LUKS2_HEADER_DATA_OFFSET / VERITY_SECTOR);
    return volumes_dm_create(PLAIN_NAME, "crypt", sectors, params, err);
}

static int deactivate(const char *name, struct err *err)
{
    struct dm_task *task = dm_task_create(DM_DEVICE_REMOVE);
    int ok = task != NULL && dm_task_set_name(task, name) == 1 && dm_task_retry_remove(task) == 1 &&
             dm_task_run(task) == 1;

    if (task != NULL)
        dm_task_destroy(task);
    dm_task_update_nodes();
    return ok ? 0 : failed(err, -EIO, name);
}

static int plain(const struct policy_volume *volume, struct round *round, struct err *err)
{
    struct volumes_disk disk;
    double start;

    if (volumes_disk_find(volume->device, &disk, err) < 0)
        return -1;
    start = now_us();
    if (plain_activate(&disk, err) < 0)
        return -1;
    round->us[PLAIN] = now_us() - start;
    return deactivate(PLAIN_NAME, err);
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
    return deactivate(plan.crypt_name, err) < 0 ? -1 : deactivate(plan.integrity_name, err);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a;
    double y = *(const double *) b;

    return (x > y) - (x < y);
}

/* The value that comes at place `at` when those of the warm rounds are sorted. */
static double ranked(const struct round *rounds, double (*value)(const struct round *round, int part),
                     int part, size_t at)
{
    double sorted[ROUNDS - 1];

    for (int i = 1; i < ROUNDS; i++)
        sorted[i - 1] = value(&rounds[i], part);
    qsort(sorted, ROUNDS - 1, sizeof sorted[0], ascending);
    return sorted[at];
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
    const size_t median = (ROUNDS - 1) / 2;
    char line[512];
    int len =
        snprintf(line, sizeof line,
                 "\nbench: unlock=%.0f fast_plain=%.0f fast_unlock=%.0f cold_plain=%.0f cold_unlock=%.0f",
                 ranked(rounds, unlock, 0, median), ranked(rounds, one_part, PLAIN, 0),
                 ranked(rounds, unlock, 0, 0), rounds[0].us[PLAIN], unlock(&rounds[0], 0));
    AUTO_CLOSE fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);

    for (int i = 0; i < PARTS; i++)
        len += snprintf(line + len, sizeof line - (size_t) len, " %s=%.0f", names[i],
                        ranked(rounds, one_part, i, median));
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
