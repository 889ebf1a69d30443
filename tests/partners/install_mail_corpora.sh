#!/usr/bin/env bash
# Puts mails that no one here wrote, many of them broken, into one folder a source: those of the tests of Python's email package and of
# enmime (Go), both from Debian, and of mail-parser (Rust), from crates.io. Pinned by the hash of what is read; nothing of it is in this
# tree, as each has a licence of its own. Needs cargo; scripts/setup.sh cargo installs it.
set -euo pipefail
source "$(dirname "$0")/paths.sh"
here=$(cd "$(dirname "$0")" && pwd)
folder=$partners/mail-corpora

# Over the names and the bytes of all files.
hash_of() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1); }
python=9d7b34167a0cfaec732c785ec338925c298162227079da0f07f67f08c859102d
enmime=f2a91517838b01398f342f0529776a0385239b0687eaf9a664098db814e915b5
mail_parser=43581cafdfcc0cad1b02e8e2a07271a6d9987c1cf25755a04784ad24ed981343
mail_parser_version=0.11.9

is_there() { [ -d "$folder/$1" ] && [ "$(hash_of "$folder/$1")" = "$2" ]; }
if is_there python "$python" && is_there enmime "$enmime" && is_there mail-parser "$mail_parser"; then exit 0; fi

command -v cargo >/dev/null || "$here/../../scripts/setup.sh" cargo
say "installing three corpora of mails into $folder"
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

download() {  # PACKAGE; the lists of packages may be missing, or older than what the mirror has
  local get=(apt-get -qq -o APT::Sandbox::User=root download "$1") as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  (cd "$work" && { "${get[@]}" 2>/dev/null || { "${as_root[@]}" apt-get -qq update && "${get[@]}"; }; }) >&2
}
from_debian() {  # NAME PACKAGE PATH PATTERN
  download "$2"
  dpkg-deb --extract "$work/$2"_*.deb "$work/$1"
  mkdir -p "$folder/$1"
  (cd "$work/$1/$3" && find . -type f -name "$4" -exec cp --parents -t "$folder/$1" {} +)
}
from_debian python libpython3.11-testsuite usr/lib/python3.11/test/test_email/data 'msg_*.txt'
from_debian enmime golang-github-jhillyerd-enmime-dev usr/share/gocode/src/github.com/jhillyerd/enmime/testdata '*.raw'

mkdir -p "$work/crate/src"
touch "$work/crate/src/lib.rs"
printf '[package]\nname = "corpus"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nmail-parser = "=%s"\n' "$mail_parser_version" >"$work/crate/Cargo.toml"
CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} cargo fetch --quiet --manifest-path "$work/crate/Cargo.toml" >&2
crate=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "mail-parser-$mail_parser_version.crate" | head -n 1)
tar -xzf "$crate" -C "$work"
mkdir -p "$folder/mail-parser"
(cd "$work/mail-parser-$mail_parser_version/resources/eml" && find . -type f -name '*.eml' -exec cp --parents -t "$folder/mail-parser" {} +)

for name in python enmime mail_parser; do
  is_there "${name/_/-}" "${!name}" && continue
  say "the mails of ${name/_/-} are not the ones that were pinned: $(hash_of "$folder/${name/_/-}")"
  exit 1
done
