/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_measure.h"

#include "psp_file.h"
#include "secret.h"
#include "snp_launch.h"

int psp_measure(const struct psp_options *options, uint8_t digest[SNP_MEASUREMENT_SIZE], struct err *err)
{
    AUTO_FREE uint8_t *firmware = NULL;
    size_t len = 0;
    struct ovmf ovmf;
    struct snp_launch_kernel kernel;
    struct snp_launch launch = {
        .ovmf = &ovmf,
        .kernel = &kernel,
        .vcpu_sig = snp_launch_cpu_sig(options->vcpu_type),
        .features = options->features,
    };

    if (psp_file_read(options->firmware, OVMF_SIZE_MAX, &firmware, &len, err) < 0)
        return -1;
    if (ovmf_parse(span_of(firmware, len), &ovmf, err) < 0 ||
        snp_launch_firmware(span_of(firmware, len), launch.firmware_digest, err) < 0)
        return err_prefix(err, "%s", options->firmware);
    if (psp_file_sha256(options->kernel, kernel.kernel, err) < 0 ||
        psp_file_sha256(options->initrd, kernel.initrd, err) < 0 ||
        snp_launch_cmdline_hash(span_str(options->cmdline), kernel.cmdline, err) < 0)
        return -1;
    if (snp_launch_digests(&launch, options->vcpus, options->vcpus, digest, err) < 0)
        return err_prefix(err, "%s", options->firmware);
    return 0;
}
