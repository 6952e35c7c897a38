# Sourced by ./run, ./test and .ci/run: installs missing packages and builds. Expects bash with -euo pipefail.
#
#   prepare SET...     install what is missing from these sets of tools/packages.txt
#   configure PRESET   run CMake for this preset, quietly unless it fails
#   build PRESET [TARGET...]

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Prints "package<TAB>reason" for every package of the given sets that is not installed.
missing_packages() {
    local wanted=" $* " set package command reason
    while read -r set package command reason; do
        case $set in '' | '#'*) continue ;; esac
        [[ $wanted == *" $set "* ]] || continue
        [[ $command != - ]] && command -v "$command" >/dev/null && continue
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] && continue
        printf '%s\t%s\n' "$package" "$reason"
    done <"$root/tools/packages.txt" | sort -u -k1,1
}

prepare() {
    command -v dpkg-query >/dev/null || die "this needs Debian 12: dpkg-query is missing (tools/packages.txt lists what to install by hand)"
    local missing package reason as_root=()
    missing=$(missing_packages "$@")
    [[ -n $missing ]] || return 0
    say "missing Debian packages:"
    while IFS=$'\t' read -r package reason; do printf '    %-24s %s\n' "$package" "$reason"; done <<<"$missing"
    mapfile -t missing < <(cut -f1 <<<"$missing")
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || die "installing needs root or sudo; run as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing them with apt-get"
    "${as_root[@]}" apt-get update -qq || die "apt-get update failed"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq "${missing[@]}" ||
        die "apt-get could not install the packages above"
}

# The compiler cache belongs to the user; only what he has not chosen himself is set here.
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}

configure() {
    local preset=$1 log="$root/build/$1-configure.log"
    shift
    mkdir -p "$root/build"
    (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1 || {
        cat "$log" >&2
        die "CMake could not configure the preset $preset"
    }
}

build() {
    local preset=$1 targets=()
    shift
    [[ $# -gt 0 ]] && targets=(--target "$@")
    cmake --build "$root/build/$preset" -j "${CLOISTER_JOBS:-$(nproc)}" "${targets[@]}"
}
