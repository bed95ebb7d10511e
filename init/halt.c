/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "halt.h"

#include "agent_link.h"
#include "file.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PORTS_DIR "/sys/class/virtio-ports"
#define TEXT_MAX (ERR_TEXT_MAX + 64) /* bytes: the error's text and the name of its errno */
#define UMOUNT_TRIES 20              /* a file system may be busy for a moment after its last user has gone */
#define UMOUNT_PAUSE_MS 50
#define PORT_WAIT_MS 200 /* a host that does not read gets no record */

/* What went wrong in words: the text, and the errno's name behind it. */
static void describe(const struct boot_end *end, char text[TEXT_MAX])
{
    const struct err *e = &end->err;

    if (end->exited)
        (void) snprintf(text, TEXT_MAX, "the workload has ended");
    else if (e->sys_errno != 0)
        (void) snprintf(text, TEXT_MAX, "%s: %s", e->text, strerror(e->sys_errno));
    else
        (void) snprintf(text, TEXT_MAX, "%s", e->text);
}

static void put_string(struct writer *out, const char *text)
{
    writer_u8(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            writer_u8(out, '\\');
        writer_u8(out, (uint8_t) (*c >= ' ' && *c <= '~' ? *c : '?'));
    }
    writer_u8(out, '"');
}

void halt_record(const struct boot_end *end, struct writer *out)
{
    char text[TEXT_MAX], status[16];

    describe(end, text);
    (void) snprintf(status, sizeof status, "%d", end->status);
    writer_str(out, "{\"stage\":");
    put_string(out, end->stage);
    writer_str(out, ",\"code\":");
    put_string(out, end->exited ? "exit" : err_code_name(end->err.code));
    writer_str(out, ",\"text\":");
    put_string(out, text);
    writer_str(out, ",\"exit\":");
    writer_str(out, end->exited ? status : "null");
    writer_str(out, "}\n");
}

static void say(struct log *log, const struct boot_end *end)
{
    char text[TEXT_MAX];

    describe(end, text);
    if (end->exited)
        log_error(log, "halt: %s: exit: %d", end->stage, end->status);
    else
        log_error(log, "halt: %s: %s: %s", end->stage, err_code_name(end->err.code), text);
}

/* Unmount path if it is mounted. Returns 0 or -errno. */
static int unmount(const char *path)
{
    int r = -EBUSY;

    for (int i = 0; i < UMOUNT_TRIES && r == -EBUSY; i++) {
        if (i > 0)
            sys_sleep_ms(UMOUNT_PAUSE_MS);
        r = sys_umount(path);
    }
    return r == -EINVAL || r == -ENOENT ? 0 : r;
}

static void unmount_volumes(struct boot *boot)
{
    char path[FILE_PATH_MAX];
    struct err err;

    if (boot->policy == NULL)
        return;
    for (size_t i = 0; i < boot->policy->volume_count; i++) {
        const char *name = boot->policy->volumes[i].name;
        int r = -ENAMETOOLONG;

        if (file_path(path, &err, BOOT_VOLUMES_DIR "/%s", name) == 0)
            r = unmount(path);
        if (r < 0)
            log_error(&boot->log, "volume %s: not unmounted: %s", name, strerror(-r));
    }
}

/* The device of the port whose name is HALT_PORT; -1 if the host gave us none. */
static int find_port(char device[FILE_PATH_MAX])
{
    struct sys_names ports;
    struct err err;

    if (sys_list_dir(PORTS_DIR, &ports) < 0)
        return -1;
    for (size_t i = 0; i < ports.count; i++) {
        char path[FILE_PATH_MAX], name[SYS_NAME_MAX];

        if (file_path(path, &err, PORTS_DIR "/%s/name", ports.name[i]) == 0 &&
            file_read_line(path, name, sizeof name, &err) == 0 && strcmp(name, HALT_PORT) == 0)
            return file_path(device, &err, "/dev/%s", ports.name[i]);
    }
    return -1;
}

/* Best effort: the host may have closed its end, or given us no port. */
static void send_record(const struct boot_end *end)
{
    uint8_t buf[HALT_RECORD_MAX];
    struct writer record = writer_of(buf, sizeof buf);
    char device[FILE_PATH_MAX];

    halt_record(end, &record);
    if (record.bad || find_port(device) < 0)
        return;
    AUTO_FD fd = sys_open(device, O_WRONLY, 0);
    if (fd >= 0 && sys_wait_writable(fd, PORT_WAIT_MS) == 1)
        (void) !sys_write(fd, record.buf, record.len);
}

void halt(struct boot *boot, const struct boot_end *end)
{
    boot_wipe(boot);
    agent_link_stop(boot->agent);
    say(&boot->log, end);
    unmount_volumes(boot);
    sys_sync();
    send_record(end);
    sys_power_off();
}
