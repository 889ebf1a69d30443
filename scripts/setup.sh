#!/usr/bin/env bash
# Installs what building and testing deed needs on Debian 12 or newer: only what is missing, and nothing at all when it is all
# there. Works as root or through sudo; takes no input. usage: setup.sh [FURTHER-PACKAGE...]
set -euo pipefail
say() { printf 'setup: %s\n' "$*" >&2; }

# What each group is for stands in docs/dependencies.md.
packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates file patch
  python3 python3-pip python3-venv
  libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libboost1.81-dev libsqlite3-dev libcli11-dev libtomlplusplus-dev
  libgmime-3.0-dev libyaml-cpp-dev libcmark-dev libcctz-dev libdtl-dev libseccomp-dev bubblewrap tzdata
  libgtest-dev libgmock-dev libbenchmark-dev python3-aiosmtpd openssl
  "$@"
)
command -v dpkg-query >/dev/null || { say "this script knows Debian and its relatives only; docs/dependencies.md names what is needed"; exit 1; }

installed=$(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then say "all ${#packages[@]} packages are there"; exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { say "root is needed to install: ${missing[*]}"; exit 1; }
  # Certificates and proxies of this machine must reach apt and what its packages run.
  as_root=(sudo --preserve-env=SSL_CERT_FILE,SSL_CERT_DIR,CURL_CA_BUNDLE,http_proxy,https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}
say "installing ${#missing[@]} packages: ${missing[*]}"
say "reading the package lists"
apt update
apt install --yes --no-install-recommends "${missing[@]}"
say "done"
