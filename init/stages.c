/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "sys.h"

/* The boot, in order: name, function, what is true once it has passed. */
const struct stage stages[] = {
    {"console",  stage_console,  "messages have a place; nothing can be typed"                         },
    {"earlyfs",  stage_earlyfs,  "the kernel's file systems are mounted, its switches are set"         },
    {"cmdline",  stage_cmdline,  "the measured options are read, none unknown, none double"            },
    {"entropy",  stage_entropy,
     "the CPU has seeded the kernel's RNG, the host has not; the clock has a floor"                    },
    {"platform", stage_platform, "we know which TEE this is and hold what our own report says"         },
    {"initdata", stage_initdata, "the document's digest equals the host data; its files are in memory" },
    {"policy",   stage_policy,   "the policy is parsed and fits this machine"                          },
    {"measure",  stage_measure,  "what was decided is in the event log"                                },
    {"network",  stage_network,  "the links that the policy names are up"                              },
    {"attest",   stage_attest,   "certificates, key and secret are there, for the workload's user only"},
    {"volumes",  stage_volumes,  "the encrypted volumes are mounted; PID 1 has forgotten the secret"   },
    {"image",    stage_image,    "the workload's root is mounted from verity"                          },
    {"workload", stage_workload, "it runs, confined"                                                   },
};
const size_t stages_count = sizeof stages / sizeof stages[0];

int stages_run(struct boot *boot, struct boot_end *end)
{
    for (size_t i = 0; i < stages_count; i++) {
        uint64_t start_ns = sys_now_ns();

        if (stages[i].run(boot, &end->err) < 0) {
            end->stage = stages[i].name;
            return -1;
        }
        log_stage(&boot->log, stages[i].name, sys_now_ns() - start_ns);
    }
    return 0;
}
