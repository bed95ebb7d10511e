/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_root: "Intel SGX Root CA", the one root of TDX quotes and collateral, DER as Intel publishes it
 * (IntelSGXRootCA.der, SHA-256 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3).
 */
#ifndef NACRE_TDX_ROOT_H
#define NACRE_TDX_ROOT_H

#include "span.h"

struct span tdx_root(void);

#endif
