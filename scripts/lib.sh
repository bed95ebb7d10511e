# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the build scripts (bash): messages, the cache folder, files from the Debian archive.
# Sets: top, cache. The caller has set -eu.
# shellcheck shell=bash

# shellcheck disable=SC2034  # used by the scripts that source this
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NACRE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nacre}
program=$(basename "$0")

# Text of tools must not depend on the caller's language; file modes not on the caller's umask.
shopt -s inherit_errexit
export LC_ALL=C
export PATH=$PATH:/usr/sbin:/sbin # veritysetup, for ordinary users
umask 022

# say TEXT: a progress line, only where somebody looks at it
say() {
    if [ -t 2 ] || [ -n "${NACRE_VERBOSE:-}" ]; then echo "$program: $*" >&2; fi
}

die() {
    echo "$program: $*" >&2
    exit 1
}

# lock_lines LOCKFILE [NAME]: the lines of a lock without comments, all or those of one component
lock_lines() {
    awk -v name="${2:-}" '!/^#/ && NF && (name == "" || $1 == name) {
        if (NF != 4 || length($4) != 64) { print FILENAME ":" FNR ": not: name version path sha256" > "/dev/stderr"; exit 1 }
        print $1, $2, $3, $4 }' "$1"
}

# debian_mirror PATH: the address of the archive that holds PATH, from this machine's own apt configuration:
# the security archive for pool/updates/, else the main one. Origin and label are known once apt has lists;
# without lists the folder's name has to do.
debian_mirror() {
    local label=Debian folder=debian
    case $1 in pool/updates/*) label=Debian-Security folder=debian-security ;; esac
    {
        apt_sources | awk -F'|' -v l="$label" '$2 == "Debian" && $3 == l && $4 ~ /(^|\/)main$/ { print $1 }'
        apt_sources --no-release-info | awk -F'|' -v f="/$folder/?\$" '$1 ~ f && $4 ~ /(^|\/)main$/ { print $1 }'
    } | sed -n '1s:/*$::p'
}

# apt_sources [OPTION]: address|origin|label|component of every package list that apt is configured for
apt_sources() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets "$@" --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages'
}

# check_sha256 FILE SHA256
check_sha256() {
    [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
}

# elsewhere PATH: where the same file lies in the other archive; a security update moves into main some day
elsewhere() {
    case $1 in
    pool/updates/*) echo "pool/${1#pool/updates/}" ;;
    *) echo "pool/updates/${1#pool/}" ;;
    esac
}

# download COMPONENT VERSION PATH OUT: one file of the archive into OUT, by apt's own downloader
download() {
    local path mirror mirrors='' log=$4.log
    for path in "$3" "$(elsewhere "$3")"; do
        mirror=$(debian_mirror "$path")
        [ -n "$mirror" ] || continue
        mirrors+=" $mirror"
        say "get $path"
        # apt hands file: addresses back in place; copy: gives a file of our own
        if /usr/lib/apt/apt-helper -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 \
            download-file "${mirror/#file:/copy:}/$path" "$4" >"$log" 2>&1; then
            rm -f "$log"
            return
        fi
        if ! grep -qE '404 +Not Found|No such file|File not found' "$log"; then
            cat "$log" >&2
            rm -f "$log" "$4"
            die "cannot get $path ($1 $2) from $mirror"
        fi
    done
    rm -f "$log" "$4"
    [ -n "$mirrors" ] || die "apt has no source for the Debian archive that holds $3; see apt-get indextargets"
    die "$1 $2 is no longer in the Debian archive ($3): see docs/building.md, \"Moving the lock\""
}

# archive_file COMPONENT VERSION PATH SHA256: prints the checked file's place in the cache.
# Two at once: the second waits for the first's lock and then finds the file.
archive_file() {
    local dir=$cache/src file part
    file=$dir/$4-$(basename "$3")
    mkdir -p "$dir"
    (
        flock 9
        if [ ! -e "$file" ]; then
            part=$(mktemp "$dir/.part.XXXXXX")
            download "$1" "$2" "$3" "$part"
            if ! check_sha256 "$part" "$4"; then
                rm -f "$part"
                die "$3 ($1 $2) does not have the SHA-256 in the lock, $4: refused and removed"
            fi
            chmod 644 "$part"
            mv "$part" "$file"
        elif ! check_sha256 "$file" "$4"; then
            rm -f "$file"
            die "$file does not have its SHA-256 any more: removed, run again to get it anew"
        fi
    ) 9>"$dir/.$4.lock" || exit 1 # said by die; set -e does not reach here when the caller tests the result
    echo "$file"
}

# publish DIR RESULT: move a finished folder to its place in the cache. Another run may have put the same content there
# meanwhile; then ours goes away.
publish() {
    chmod 755 "$1"
    mv -nT "$1" "$2" 2>/dev/null || [ -d "$2" ] || die "cannot move $1 to $2"
    rm -rf "$1"
}
