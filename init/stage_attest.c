/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Join the Coordinator through the agent, and lay out what it gives under the names and modes of Contrast's
 * Initializer, in a file system that only the workload's user can enter.
 */
#include "stages.h"

#include "file.h"
#include "helper.h"
#include "hex.h"
#include "report.h"
#include "sys.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#define AGENT_PATH "/sbin/agent"
#define AGENT_NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)
#define AGENT_GRACE_MS 5000 /* beyond the policy's deadline, which the agent itself keeps */
#define DIR BOOT_CONTRAST_DIR
#define MOUNT_OPTIONS "mode=0500,size=256k,nr_inodes=16,uid=%u,gid=%u"
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define SEED_TEXT_MAX (2 * WIRE_SECRET_SIZE + 1)

_Static_assert(REPORT_DATA_SIZE == WIRE_REPORT_DATA_SIZE, "report data");
_Static_assert(SHA384_SIZE == WIRE_EVENT_HEAD_SIZE, "event log head");

/* What the agent's messages need and leave. */
struct joining {
    const struct policy_workload *owner;
    struct secret *secret;
    struct report report; /* the last one, until the reply is out */
};

static int make_folder(const char *path, const struct policy_workload *owner, struct err *err)
{
    int r = sys_mkdir(path, 0500);

    if (r >= 0)
        r = sys_chown(path, owner->uid, owner->gid);
    return r < 0 ? err_set(err, ERR_SYS, -r, "make %s", path) : 0;
}

static int make_file(const char *path, unsigned int mode, struct span bytes,
                     const struct policy_workload *owner, struct err *err)
{
    AUTO_FD fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    ssize_t n;
    int r;

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "make %s", path);
    n = sys_write(fd, bytes.data, bytes.len);
    if (n != (ssize_t) bytes.len)
        return err_set(err, ERR_SYS, n < 0 ? (int) -n : 0, "write %s", path);
    r = sys_owner(fd, owner->uid, owner->gid);
    return r < 0 ? err_set(err, ERR_SYS, -r, "chown %s", path) : 0;
}

static int write_secret(struct span secret, const struct policy_workload *owner, struct err *err)
{
    char text[SEED_TEXT_MAX];
    int r = hex_encode(secret, text, sizeof text, err);

    if (r == 0)
        r = make_file(DIR "/secrets/workload-secret-seed", 0400, span_str(text), owner, err);
    secret_wipe_bytes(text, sizeof text);
    return r;
}

static int write_files(const struct wire_certificates *c, const struct policy_workload *owner,
                       struct err *err)
{
    const struct {
        const char *path;
        unsigned int mode;
        struct span bytes;
    } files[] = {
        {DIR "/tls-config/mesh-ca.pem",             0444, c->mesh_ca_pem   },
        {DIR "/tls-config/certChain.pem",           0444, c->cert_chain_pem},
        {DIR "/tls-config/key.pem",                 0400, c->key_pem       },
        {DIR "/tls-config/coordinator-root-ca.pem", 0444, c->root_ca_pem   },
    };

    if (make_folder(DIR "/tls-config", owner, err) < 0 || make_folder(DIR "/secrets", owner, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (make_file(files[i].path, files[i].mode, files[i].bytes, owner, err) < 0)
            return -1;
    return c->workload_secret.len > 0 ? write_secret(c->workload_secret, owner, err) : 0;
}

static int lay_out(const struct wire_certificates *c, const struct policy_workload *owner, struct err *err)
{
    char options[80];
    int r;

    (void) snprintf(options, sizeof options, MOUNT_OPTIONS, owner->uid, owner->gid);
    r = sys_mount("tmpfs", DIR, "tmpfs", MOUNT_FLAGS, options);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "mount " DIR);
    if (write_files(c, owner, err) < 0)
        return -1;
    r = sys_mount(NULL, DIR, NULL, MS_REMOUNT | MS_RDONLY | MOUNT_FLAGS, options);
    return r < 0 ? err_set(err, ERR_SYS, -r, "remount " DIR) : 0;
}

static int give_report(struct joining *j, const uint8_t *report_data, struct wire_msg *reply, struct err *err)
{
    struct report report = {0};

    if (report_get(report_data, &report, err) < 0)
        return -1;
    report_free(&j->report);
    j->report = report;
    *reply = (struct wire_msg){
        .type = WIRE_REPORT_REPLY,
        .report_reply = {.report = span_of(report.bytes, report.len),
                         .auxblob = span_of(report.aux, report.aux_len)}
    };
    return 0;
}

static int on_message(void *context, const struct wire_msg *msg, struct wire_msg *reply, struct err *err)
{
    struct joining *j = context;
    struct span secret;

    if (msg->type == WIRE_REPORT_REQUEST)
        return give_report(j, msg->report_request.report_data, reply, err);
    if (msg->type != WIRE_CERTIFICATES)
        return err_set(err, ERR_HELPER, 0, "agent: sent %s", wire_type_name(msg->type));
    secret = msg->certificates.workload_secret;
    j->secret->len = secret.len; /* 0 or WIRE_SECRET_SIZE, which wire.h has checked */
    for (size_t i = 0; i < secret.len; i++)
        j->secret->bytes[i] = secret.data[i];
    return lay_out(&msg->certificates, j->owner, err);
}

int stage_attest(struct boot *boot, struct err *err)
{
    struct joining j = {.owner = &boot->policy->workload, .secret = &boot->secret};
    struct helper agent = {.job = WIRE_JOB_AGENT,
                           .path = AGENT_PATH,
                           .namespaces = AGENT_NAMESPACES,
                           .output = -1,
                           .deadline_ms = boot->policy->coordinator.deadline_ms + AGENT_GRACE_MS,
                           .event_head = boot->events.head,
                           .message = on_message,
                           .context = &j};
    int r = sys_lock_memory(&boot->secret, sizeof boot->secret);

    if (r < 0)
        return err_set(err, ERR_SYS, -r, "lock memory");
    if (initdata_file(&boot->initdata, POLICY_NAME, &agent.policy, err) < 0)
        return -1;
    r = helper_run(&agent, err);
    report_free(&j.report);
    if (r < 0)
        secret_wipe(&boot->secret);
    return r;
}
