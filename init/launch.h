/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch: the steps that turn init-launch into the workload (docs/launch.md).
 *
 * Everything that decides here is in the policy, which the host data binds, or in the image, which the
 * policy's root hash binds. The order of the steps is the table in launch_main.c. Each returns 0, or -1 with
 * *err set; the process must then end, half confined as it is.
 */
#ifndef NACRE_LAUNCH_H
#define NACRE_LAUNCH_H

#include "err.h"
#include "policy.h"

#define LAUNCH_STEP __attribute__((warn_unused_result, nonnull))

#define LAUNCH_IMAGE "/run/nacre/image"       /* the verified image */
#define LAUNCH_VOLUMES "/run/nacre/volumes"   /* one folder a volume */
#define LAUNCH_CONTRAST "/run/nacre/contrast" /* certificates and secrets; absent without a Coordinator */
#define LAUNCH_ATTEST "/run/nacre/attest" /* the attestation socket; mounted only if the policy wants one */
#define LAUNCH_CGROUP "/sys/fs/cgroup"
#define LAUNCH_SHM_BYTES (UINT64_C(64) << 20) /* limit of /dev/shm */

/* Own cgroup, then own mount, IPC, UTS and cgroup namespaces, and the host name. The PID namespace is PID 1's
 * part: this must be its first process (ERR_HELPER if it is not). */
int launch_namespaces(const struct policy *policy, struct err *err) LAUNCH_STEP;

/* The image as "/", read-only; /proc, /dev, tmpfs, volumes and /contrast in it; paths masked or read-only.
 * Nothing of the old tree stays mounted. A mount point that the image lacks is ERR_MISSING, one that lies
 * behind a symbolic link ERR_DENIED; the message names it. */
int launch_root(const struct policy *policy, struct err *err) LAUNCH_STEP;

/* Standard input, descriptors, signals, umask, session, limits of resources. */
int launch_process(const struct policy *policy, struct err *err) LAUNCH_STEP;

/* Groups, user, capabilities, locked securebits, no_new_privs, working directory. */
int launch_identity(const struct policy *policy, struct err *err) LAUNCH_STEP;

/* The filter: from here on the workload's own limits hold. */
int launch_seccomp(const struct policy *policy, struct err *err) LAUNCH_STEP;

/* The filter as one or two programs of the kernel's BPF, the way the kernel gets them, each written to its
 * descriptor: for tests. fds[0]: the guard (nothing is written for an OCI profile), fds[1]: the allowlist. */
int launch_seccomp_export(const struct policy_workload *workload, const int fds[2],
                          struct err *err) LAUNCH_STEP;

#endif
