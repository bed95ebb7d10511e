/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build.h"

const enum cmdline_key build_known_keys[] = {CMDLINE_LOG};
const size_t build_known_count = sizeof build_known_keys / sizeof build_known_keys[0];
