/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tsm_init: PID 1 of tests/scripts/test_tsm_console.py. Asks configfs-tsm for reports and prints what came.
 *
 * One line a request: "report N: outblob LENGTH auxblob LENGTH match 0|1 ms TIME", or the errno of reading
 * outblob. Four requests half a second apart, then the VM powers off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 4, INBLOB = 64, REPORT_DATA_AT = 0x50, BLOB_MAX = 40000 };

#define REPORT "/sys/kernel/config/tsm/report/test"

static uint8_t outblob[BLOB_MAX];
static uint8_t auxblob[BLOB_MAX];

/* Returns the length of what was read, or -errno. */
static long read_all(const char *path, uint8_t *buf, size_t size)
{
    size_t len = 0;
    long n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    while (n > 0 && len < size) {
        n = read(fd, buf + len, size - len);
        len += n > 0 ? (size_t) n : 0;
    }
    n = n < 0 ? -errno : (long) len;
    close(fd);
    return n;
}

static void write_all(const char *path, const uint8_t *buf, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, buf, len) != (ssize_t) len)
        printf("write %s: errno %d\n", path, errno);
    if (fd >= 0)
        close(fd);
}

static void print_text(const char *name)
{
    char path[128];
    uint8_t text[64] = {0};

    snprintf(path, sizeof(path), REPORT "/%s", name);
    if (read_all(path, text, sizeof(text) - 1) > 0)
        printf("%s: %s", name, (const char *) text);
}

static long now_ms(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void request(int number)
{
    uint8_t inblob[INBLOB] = {0};
    long start_ms, out, aux;
    bool match;

    if (getrandom(inblob, sizeof(inblob), 0) != (ssize_t) sizeof(inblob))
        printf("no random bytes\n");
    write_all(REPORT "/inblob", inblob, sizeof(inblob));
    start_ms = now_ms();
    out = read_all(REPORT "/outblob", outblob, sizeof(outblob));
    if (out < 0) {
        printf("report %d: errno %ld ms %ld\n", number, -out, now_ms() - start_ms);
        return;
    }
    aux = read_all(REPORT "/auxblob", auxblob, sizeof(auxblob));
    match = out >= REPORT_DATA_AT + INBLOB && memcmp(outblob + REPORT_DATA_AT, inblob, INBLOB) == 0;
    printf("report %d: outblob %ld auxblob %ld match %d ms %ld\n", number, out, aux, match,
           now_ms() - start_ms);
}

static void mount_at(const char *type, const char *path)
{
    mkdir(path, 0755);
    if (mount(type, path, type, 0, NULL) != 0)
        printf("mount %s: errno %d\n", path, errno);
}

int main(void)
{
    int console;

    mount_at("devtmpfs", "/dev");
    console = open("/dev/console", O_WRONLY | O_CLOEXEC);
    if (console >= 0)
        dup2(console, STDOUT_FILENO);
    setvbuf(stdout, NULL, _IONBF, 0);
    mount_at("sysfs", "/sys");
    mount_at("configfs", "/sys/kernel/config");
    if (mkdir(REPORT, 0700) != 0)
        printf("mkdir: errno %d\n", errno);
    else
        for (int i = 0; i < REQUESTS; i++) {
            request(i);
            usleep(500000);
        }
    print_text("provider");
    print_text("privlevel_floor");
    if (open("/dev/hvc0", O_RDWR | O_CLOEXEC) < 0)
        printf("hvc0: errno %d\n", errno);
    printf("end\n");
    reboot(RB_POWER_OFF);
    return 0;
}
