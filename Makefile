# SPDX-License-Identifier: GPL-2.0-or-later
# nacre: the whole build, one file. `make help` lists the targets.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# veritysetup, cryptsetup and mke2fs are there, where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin
BUILD ?= build
DEPS  := build/deps
CC    ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
MUSL  := $(DEPS)/musl
GLIBC := $(DEPS)/glibc
PYTEST ?= pytest-3
# Quiet by default: one short line a step. V=1 shows the commands.
Q   := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# --- flags ------------------------------------------------------------------------------------------
STD   := -std=gnu17 -D_GNU_SOURCE
WARN  := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
         -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wcast-qual -Wnull-dereference \
         -Wimplicit-fallthrough -Wdate-time
GCCWARN := -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Walloca -Wstack-usage=65536
HARD  := -fno-common -fstack-protector-strong -fstack-clash-protection -fcf-protection
REPRO := -ffile-prefix-map=$(CURDIR)=.
EXTRA ?=
HOSTOPT ?= -O2 -g -D_FORTIFY_SOURCE=2

HOST_CFLAGS  := $(STD) $(WARN) $(if $(findstring clang,$(CC)),,$(GCCWARN)) $(HARD) $(REPRO) $(HOSTOPT) -fPIE -MMD -MP \
                -Ilib -Ihostlib -isystem $(GLIBC)/include $(EXTRA)
HOST_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(EXTRA)
GUEST_CFLAGS := $(STD) $(WARN) $(GCCWARN) $(HARD) $(REPRO) -Os -fPIE -ftrivial-auto-var-init=zero -ffunction-sections \
                -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables -flto -ffat-lto-objects -MMD -MP -Ilib \
                -isystem $(MUSL)/include
# Debian's musl-gcc does not know -static-pie: it would take the shared libc and name an interpreter.
MUSL_CRT := $(addprefix /usr/lib/x86_64-linux-musl/,rcrt1.o crti.o crtn.o)
GUEST_LDFLAGS := -flto=auto -Os -static-pie -nostartfiles -Wl,-Bstatic,--no-dynamic-linker,-z,text $(MUSL_CRT) \
                 -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=none,-s -L$(MUSL)/lib

# --- sources ----------------------------------------------------------------------------------------
LIB_SRC    := $(wildcard lib/*.c)
HOST_ONLY  := lib/tls_server.c # the guest is a client only, and so is its wolfSSL
JOB_SRC    := init/job.c
VOLUMES_SRC := $(wildcard init/volumes_*.c) $(JOB_SRC)
LAUNCH_SRC := $(wildcard init/launch_*.c) $(JOB_SRC)
TWINS_PRODUCTION := init/console_none.c init/build_production.c
TWINS_DEV  := init/console_dev.c init/build_dev.c
INIT_SRC   := $(filter-out $(VOLUMES_SRC) $(LAUNCH_SRC) $(TWINS_PRODUCTION) $(TWINS_DEV),$(wildcard init/*.c))
AGENT_TWIN := agent/root_production.c
AGENT_TWIN_DEV := agent/root_dev.c
AGENT_SRC  := $(filter-out $(AGENT_TWIN) $(AGENT_TWIN_DEV),$(wildcard agent/*.c))

G := $(BUILD)/obj/guest
H := $(BUILD)/obj/host
guest_obj = $(patsubst %.c,$(G)/%.o,$(1))
host_obj  = $(patsubst %.c,$(H)/%.o,$(1))

GUEST_PROGRAMS := $(addprefix $(BUILD)/guest/,init init-volumes init-launch agent mke2fs) $(addprefix $(BUILD)/guest-dev/,init agent)
HOST_PROGRAMS  := $(addprefix $(BUILD)/bin/,nacre-measure nacre-coordinator nacre-verify softpsp)
PRODUCTION_PROGRAMS := $(addprefix $(BUILD)/production/bin/,nacre-measure nacre-coordinator nacre-verify)

.PHONY: all help packages deps guest host production image kernel firmware workload demo test check unit san lint fuzz \
        cli boot bench repro repro-kernel install clean tidy size

all: guest host ## build the guest programs and the host tools

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

packages: ## install the Debian packages that the build needs (root, only if one is missing)
	@scripts/install-packages

# --- third parties: built once, cached by the hash of their inputs outside the tree -------------------
$(MUSL)/.stamp: rootfs/sources.lock scripts/build-deps scripts/fetch | packages
	@scripts/build-deps musl && touch $@
$(GLIBC)/.stamp: rootfs/sources.lock scripts/build-deps scripts/fetch | packages
	@scripts/build-deps glibc && touch $@
deps: $(MUSL)/.stamp $(GLIBC)/.stamp ## build the pinned libraries, for the guest (musl) and for the host (glibc)

KERNEL_IN := $(wildcard kernel-config/*.config kernel-config/linux/* kernel-config/nacre-tsm/*) scripts/build-kernel \
             scripts/check-kernel-config scripts/fetch scripts/lib.sh rootfs/sources.lock
build/kernel/.stamp: $(KERNEL_IN) | packages
	@scripts/build-kernel && touch $@
kernel: build/kernel/.stamp ## build the production and the dev kernel
build/firmware/.stamp: $(wildcard kernel-config/edk2/*) scripts/build-firmware scripts/fetch scripts/lib.sh rootfs/sources.lock | packages
	@scripts/build-firmware && touch $@
firmware: build/firmware/.stamp ## build the firmware for SEV-SNP and for TDX
build/workload/.stamp: $(wildcard rootfs/workload* rootfs/*.conf tests/probe/*) scripts/build-workload | packages
	@scripts/build-workload && touch $@
workload: build/workload/.stamp ## build the demo's workload image and the tests' probe image

# --- objects ----------------------------------------------------------------------------------------
# The guest's copy of lib/ and the host's differ in libc and flags only: same sources, same digests.
# .flags changes when the flags or the libraries do, and rebuilds what was made with the old ones.
.PHONY: FORCE
flags = mkdir -p $(@D) && echo '$(1)' "$$(readlink -f $(2))" >$@.new && \
        if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(G)/.flags: FORCE | $(MUSL)/.stamp
	@$(call flags,$(GUEST_CFLAGS) $(GUEST_LDFLAGS),$(MUSL))
$(H)/.flags: FORCE | $(GLIBC)/.stamp
	@$(call flags,$(CC) $(HOST_CFLAGS) $(HOST_LDFLAGS),$(GLIBC))
$(G)/%.o: %.c $(G)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)musl-gcc $(GUEST_CFLAGS) -c -o $@ $<
$(H)/%.o: %.c $(H)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(HOST_CFLAGS) $(INC) -c -o $@ $<
$(H)/tests/%.o: INC := -Iinit -Iagent -Icoordinator -Isoftpsp -Itests/fake -Iverify

$(G)/libnacre.a: $(call guest_obj,$(filter-out $(HOST_ONLY),$(LIB_SRC)))
	@rm -f $@ && ar rcsD $@ $^
$(H)/libnacre.a: $(call host_obj,$(LIB_SRC))
	@rm -f $@ && ar rcsD $@ $^
# Test roots are known to the tools of build/bin, for development and tests, not to those that are installed.
TWIN_TEST_ROOT := hostlib/test_root_known.c
TWIN_NO_TEST_ROOT := hostlib/test_root_unknown.c
$(H)/libhost.a: $(call host_obj,$(filter-out $(TWIN_TEST_ROOT) $(TWIN_NO_TEST_ROOT),$(wildcard hostlib/*.c)))
	@rm -f $@ && ar rcsD $@ $^

# --- guest programs: static, stripped, as they go into the image ---------------------------------------
BASE_LIBS := -lcjson -lwolfssl -lz
$(BUILD)/guest/init: $(call guest_obj,$(INIT_SRC) $(TWINS_PRODUCTION)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ $(BASE_LIBS)
$(BUILD)/guest-dev/init: $(call guest_obj,$(INIT_SRC) $(TWINS_DEV)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ $(BASE_LIBS)
VOLUMES_LIBS := -Wl,--start-group -lcryptsetup -ldevmapper -lmount -lblkid -luuid -ljson-c -lnettle -Wl,--end-group \
                $(BASE_LIBS) -lm
$(BUILD)/guest/init-volumes: $(call guest_obj,$(VOLUMES_SRC)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ $(VOLUMES_LIBS)
$(BUILD)/guest/init-launch: $(call guest_obj,$(LAUNCH_SRC)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ -lseccomp $(BASE_LIBS)
$(BUILD)/guest/agent: $(call guest_obj,$(AGENT_SRC) $(AGENT_TWIN)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ -lnghttp2 $(BASE_LIBS)
$(BUILD)/guest-dev/agent: $(call guest_obj,$(AGENT_SRC) $(AGENT_TWIN_DEV)) $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ -lnghttp2 $(BASE_LIBS)
$(BUILD)/guest/mke2fs: $(G)/.flags
	@mkdir -p $(@D)
	$(Q)cp $(MUSL)/sbin/mke2fs $@
guest: $(GUEST_PROGRAMS) ## build the guest programs
size: guest ## sizes of the guest programs, in bytes
	@wc -c $(filter $(BUILD)/guest/%,$(GUEST_PROGRAMS)) # together under 2 MiB

# --- host tools ---------------------------------------------------------------------------------------
HOST_LIBS := -L$(GLIBC)/lib -lmicrohttpd -lnghttp2 -lcjson -lwolfssl -lz -lm -lpthread
MEASURE_OBJ := $(call host_obj,$(wildcard measure/*.c))
COORDINATOR_OBJ := $(call host_obj,$(wildcard coordinator/*.c))
VERIFY_OBJ := $(call host_obj,$(wildcard verify/*.c))
$(BUILD)/bin/nacre-measure $(BUILD)/production/bin/nacre-measure: $(MEASURE_OBJ)
$(BUILD)/bin/nacre-coordinator $(BUILD)/production/bin/nacre-coordinator: $(COORDINATOR_OBJ)
$(BUILD)/bin/nacre-verify $(BUILD)/production/bin/nacre-verify: $(VERIFY_OBJ)
$(BUILD)/bin/softpsp: $(call host_obj,$(wildcard softpsp/*.c))
$(HOST_PROGRAMS): $(call host_obj,$(TWIN_TEST_ROOT)) $(H)/libhost.a $(H)/libnacre.a
$(PRODUCTION_PROGRAMS): $(call host_obj,$(TWIN_NO_TEST_ROOT)) $(H)/libhost.a $(H)/libnacre.a
link_host = $(CC) $(HOST_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(HOST_LIBS)
$(BUILD)/bin/%:
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link_host)
$(BUILD)/production/bin/%:
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link_host)
production: $(PRODUCTION_PROGRAMS) ## link the host tools as they are installed: without the option for test roots
host: $(HOST_PROGRAMS) ## build the host tools

# --- images ---------------------------------------------------------------------------------------------
image: guest host kernel firmware workload ## build the production and the dev image under build/image
	@scripts/build-image

demo: image ## the whole story: build, boot, attest, unlock, serve, refuse
	@scripts/demo

# --- tests ------------------------------------------------------------------------------------------------
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
# init/ as the tests see it: everything but the mains and the real system layer.
TEST_INIT := $(filter-out init/main.c init/sys_linux%.c init/%_main.c $(TWINS_DEV),$(wildcard init/*.c))
TEST_PARTS := $(filter-out agent/main.c coordinator/main.c softpsp/main.c,$(AGENT_SRC) $(AGENT_TWIN) $(wildcard coordinator/*.c softpsp/*.c)) $(TWIN_TEST_ROOT)
$(H)/libparts.a: $(call host_obj,$(filter-out init/volumes_luks.c init/volumes_dm.c init/volumes_mount.c,$(TEST_INIT)) $(TEST_PARTS))
	@rm -f $@ && ar rcsD $@ $^
$(H)/libfake.a: $(call host_obj,$(wildcard tests/fake/*.c))
	@rm -f $@ && ar rcsD $@ $^
# verify/ stands alone: the Coordinator has files of the same kind, and the two never meet.
$(H)/libverify.a: $(call host_obj,$(filter-out verify/main.c,$(wildcard verify/*.c)))
	@rm -f $@ && ar rcsD $@ $^
$(BUILD)/unit/test_verify_parts: $(H)/libverify.a
$(BUILD)/unit/%: $(H)/tests/unit/%.o $(H)/libparts.a $(H)/libfake.a $(H)/libhost.a $(H)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(HOST_LIBS) -lseccomp -lcmocka

# Our verification as a filter of lines, beside which tests/go puts other implementations.
TEST_TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(wildcard tests/tools/*.c))
$(BUILD)/tools/%: $(H)/tests/tools/%.o $(H)/libparts.a $(H)/libhost.a $(H)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(HOST_LIBS) -lseccomp

unit: $(UNIT) $(TEST_TOOLS) ## unit tests
	@scripts/run-unit $(UNIT)

SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
san: ## unit tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/san EXTRA='$(SANFLAGS)' HOSTOPT='-O1 -g' unit

FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_S  ?= 20
FUZZ_CFLAGS := $(STD) -g -O1 -Ilib -Iinit -isystem $(GLIBC)/include -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=all -MMD -MP
$(BUILD)/obj/fuzz/%.o: %.c | $(GLIBC)/.stamp
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)clang-14 $(FUZZ_CFLAGS) -c -o $@ $<
$(BUILD)/obj/fuzz/libnacre.a: $(patsubst %.c,$(BUILD)/obj/fuzz/%.o,$(LIB_SRC))
	@rm -f $@ && ar rcsD $@ $^
$(BUILD)/fuzz/%: $(BUILD)/obj/fuzz/tests/fuzz/%.o $(BUILD)/obj/fuzz/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)clang-14 -fsanitize=fuzzer,address,undefined -o $@ $^ $(HOST_LIBS)
fuzz: $(FUZZERS) ## run each fuzzer over its corpus for FUZZ_S seconds (20)
	@scripts/run-fuzz $(FUZZ_S) $(FUZZERS)

# The guest's own build of lib/hash and wolfSSL, for this machine's CPU.
$(BUILD)/guest-tests/guest_hash: $(G)/tests/cli/guest_hash.o $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ $(BASE_LIBS)

# The other end, by Go's own libraries.
GO_PEER := $(BUILD)/tools/go-peer
$(GO_PEER): $(wildcard tests/go/*.go) tests/go/go.mod tests/go/go.sum scripts/build-go-peer | packages
	$(call say,GO,$@)
	$(Q)scripts/build-go-peer $@

cli: host guest production $(TEST_TOOLS) $(GO_PEER) $(BUILD)/guest-tests/guest_hash ## tests of the host tools and scripts
	@$(PYTEST) -q tests/cli tests/scripts
boot: image $(GO_PEER) ## boot tests under QEMU: the good boot and every refusal
	@$(PYTEST) -q tests/boot
check: unit san lint ## what to run before a commit: unit tests, sanitizers, lint
test: packages ## every test
	@scripts/test

repro: image ## build everything of ours a second time under other conditions and compare
	@scripts/repro
repro-kernel: image ## the same with kernel and firmware, without ccache: half an hour
	@scripts/repro kernel

lint: tidy $(G)/libnacre.a ## formatting, our own rules, cppcheck, clang-tidy
	@scripts/lint
TIDY := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(LIB_SRC) $(wildcard init/*.c agent/*.c coordinator/*.c hostlib/*.c measure/*.c softpsp/*.c verify/*.c))
# The .d file names the headers, so that a change looks at what it touches only.
$(BUILD)/tidy/%.ok: %.c .clang-tidy scripts/tidy | $(GLIBC)/.stamp $(MUSL)/.stamp
	@mkdir -p $(@D)
	@scripts/tidy $< && $(CC) -MM -MP -MT $@ -MF $(@:.ok=.d) $(STD) -Ilib -Iinit -Ihostlib -isystem $(MUSL)/include \
	    -isystem $(GLIBC)/include $< && touch $@
tidy: $(TIDY)

# init-volumes with a stop watch: its own objects, except for the one that it includes.
$(BUILD)/bench/unlock: $(call guest_obj,tests/bench/unlock.c $(filter-out init/volumes_main.c init/volumes_encrypted.c,$(VOLUMES_SRC))) \
                       $(G)/libnacre.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)musl-gcc $(GUEST_LDFLAGS) -o $@ $^ $(VOLUMES_LIBS)
bench: image $(BUILD)/bench/unlock $(BUILD)/tools/joins $(BUILD)/tools/verify_lines $(GO_PEER) ## measure against the budgets of the design and print ratios
	@python3 tests/bench/bench.py $(BENCH_OPTIONS)

PREFIX  ?= /usr/local
install: production ## install the host tools and man pages under PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 $(PRODUCTION_PROGRAMS) $(DESTDIR)$(PREFIX)/bin/
	install -m 644 docs/man/nacre-measure.1 docs/man/nacre-coordinator.1 docs/man/nacre-verify.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 $(wildcard docs/man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5/

clean: ## remove build/ (the cache outside the tree stays)
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj $(BUILD)/tidy -name '*.d' 2>/dev/null)
