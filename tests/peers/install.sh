#!/usr/bin/env bash
# install.sh FOLDER: install the counterparties of the integration tests there, from the lockfile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1

has_command() { command -v "$1" >/dev/null; }
has_header() { echo "#include <$1>" | c++ -E -x c++ - >/dev/null 2>&1; }

# The Debian names of what is not there yet. Two npm packages hold C++ that wants the two headers.
missing() {
    has_command node || echo nodejs
    has_command npm || echo npm
    has_command openssl || echo openssl
    has_command make || echo make
    has_command c++ || echo g++
    has_header sodium.h || echo libsodium-dev
    has_header boost/system/error_code.hpp || echo libboost-system-dev
    # ARM's kernels are tested on any machine: cross-compiled and emulated.
    has_command aarch64-linux-gnu-gcc || echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    has_command qemu-aarch64 || echo qemu-user
    # Counts the instructions of a kernel.
    has_command valgrind || echo valgrind
    # Scrapes our metrics; with it comes promtool, which checks rules.
    has_command prometheus || echo prometheus
    # Opens the page.
    has_command chromium || echo chromium
    # A CPU as an OpenCL device.
    [ -e /etc/OpenCL/vendors/pocl.icd ] || echo pocl-opencl-icd
    # An interpreter of OpenCL kernels that sees data races.
    has_command oclgrind || echo oclgrind
}

install_missing() {
    local packages
    packages=$(missing)
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" != 0 ] || ! has_command apt-get; then
        echo "make peers needs, by their Debian names:" $packages >&2
        exit 1
    fi
    apt-get update -qq
    # shellcheck disable=SC2086  # one argument a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

# Another CPU as an OpenCL device: Intel's runtime, in an environment of its own, since its libraries
# have to be on the loader's path. There is one for x86-64 only.
install_intel() {
    [ "$(uname -sm)" = "Linux x86_64" ] || return 0
    "${PYTHON:-python3}" -m venv "$folder/intel"
    "$folder/intel/bin/pip" install -q intel-opencl-rt intel-cmplr-lib-rt
    mkdir -p "$folder/intel/icd"
    echo "$(cd "$folder/intel/lib" && pwd)/libintelocl.so" >"$folder/intel/icd/intel.icd"
}

install_missing
mkdir -p "$folder"
install_intel
cp "$here/package.json" "$here/package-lock.json" "$folder/"
# Their C++ is older than what today's node headers ask for by default.
cd "$folder" && JOBS=max CXXFLAGS=-std=gnu++17 npm ci --no-audit --no-fund --loglevel=error
