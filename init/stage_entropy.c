/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host must not choose alone: randomness and the time.
 *
 * The kernel's RNG is seeded by RDRAND (random.trust_cpu) and by timing. A seed from the boot loader or a
 * hardware RNG device would come from the host: the kernel must not have counted it.
 */
#include "stages.h"

#include "file.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define RNG_DEVICE "/sys/class/misc/hw_random/rng_current"
#define TRUST_KEY "random.trust_bootloader="
#define TRUST_OFF TRUST_KEY "off"
#define SEED_WAIT_MS 10000 /* without RDRAND's credit the pool fills from timing, in seconds */
#define SEED_PAUSE_MS 20
#define SAMPLES 4 /* values of RDRAND that must all differ: broken ones repeat one value */

static int check_cpu(struct err *err)
{
    uint64_t value[SAMPLES];

    for (size_t i = 0; i < SAMPLES; i++) {
        int r = sys_cpu_random(&value[i]);

        if (r < 0)
            return err_set(err, r == -ENOSYS ? ERR_MISSING : ERR_SYS, r == -ENOSYS ? 0 : -r, "RDRAND: %s",
                           r == -ENOSYS ? "the CPU has none" : "no value");
        for (size_t j = 0; j < i; j++)
            if (value[j] == value[i])
                return err_set(err, ERR_DENIED, 0, "RDRAND gave one value twice");
    }
    secret_wipe_bytes(value, sizeof value);
    return 0;
}

/* The measured command line (the part built into the kernel included) must say that a seed from the boot
 * loader is not counted, and must not take it back. */
static int check_cmdline(struct err *err)
{
    char text[CMDLINE_READ_MAX];
    bool off = false;
    char *rest = text;

    if (file_read_line("/proc/cmdline", text, sizeof text, err) < 0)
        return -1;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (strcmp(word, TRUST_OFF) == 0)
            off = true;
        else if (strncmp(word, TRUST_KEY, sizeof TRUST_KEY - 1) == 0)
            return err_set(err, ERR_DENIED, 0, "command line: '%.40s', expected '" TRUST_OFF "'", word);
    }
    if (!off)
        return err_set(err, ERR_MISSING, 0, "command line: no '" TRUST_OFF "'");
    return 0;
}

/* No hardware RNG device: whatever it is, the host plays it. */
static int check_devices(struct err *err)
{
    struct err why;
    char name[SYS_NAME_MAX];

    if (file_read_line(RNG_DEVICE, name, sizeof name, &why) < 0) {
        if (why.code == ERR_SYS && why.sys_errno == ENOENT)
            return 0;
        *err = why;
        return -1;
    }
    if (strcmp(name, "none") != 0)
        return err_set(err, ERR_DENIED, 0, RNG_DEVICE ": '%s', expected none: the host would seed the kernel",
                       name);
    return 0;
}

static int wait_for_seed(struct err *err)
{
    uint8_t byte;
    ssize_t r = sys_random(&byte, 1);

    for (int waited_ms = 0; r == -EAGAIN && waited_ms < SEED_WAIT_MS; waited_ms += SEED_PAUSE_MS) {
        sys_sleep_ms(SEED_PAUSE_MS);
        r = sys_random(&byte, 1);
    }
    if (r == -EAGAIN)
        return err_set(err, ERR_TIMEOUT, 0, "the kernel's RNG has no seed after %d ms", SEED_WAIT_MS);
    return r < 0 ? err_set(err, ERR_SYS, (int) -r, "getrandom") : 0;
}

static int raise_clock(struct err *err)
{
    int r = sys_clock_s() < BOOT_TIME_FLOOR_S ? sys_set_clock_s(BOOT_TIME_FLOOR_S) : 0;

    return r < 0 ? err_set(err, ERR_SYS, -r, "set the clock to its floor") : 0;
}

int stage_entropy(struct boot *boot, struct err *err)
{
    (void) boot;
    if (check_cpu(err) < 0 || check_cmdline(err) < 0 || check_devices(err) < 0 || wait_for_seed(err) < 0)
        return -1;
    return raise_clock(err);
}
