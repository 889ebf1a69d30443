#!/usr/bin/env bash
# Builds llama.cpp (static libraries only) and the part of its `common` that knows chat templates (llama-chat/) from a pinned,
# checked source distribution, once, into a cache outside the source tree, and prints the prefix on standard output.
# usage: llama.sh native|portable
set -euo pipefail
flavour=${1:-native}
here=$(cd "$(dirname "$0")" && pwd)
package=llama-cpp-python version=0.3.36
sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
cache=${DEED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/deed}
# What is built changes with llama-chat/, and so does its place: older ones stay as they are.
chat=$(cat "$here"/llama-chat/* | sha256sum | cut -c1-8)
prefix=$cache/llama-$version-$chat-$flavour-$(c++ -dumpfullversion)
say() { printf 'llama.cpp: %s\n' "$*" >&2; }

if [ -f "$prefix/.complete" ]; then echo "$prefix"; exit 0; fi
mkdir -p "$cache"
exec 9>"$cache/llama.lock"; flock 9            # two builds at once would pay twice
if [ -f "$prefix/.complete" ]; then echo "$prefix"; exit 0; fi

work=$(mktemp -d "$cache/llama-build.XXXXXX"); trap 'rm -rf "$work"' EXIT
archive=$cache/llama_cpp_python-$version.tar.gz
if [ ! -f "$archive" ]; then
  python3 -m pip --version >/dev/null 2>&1 || { say "pip is missing: apt-get install python3-pip python3-venv"; exit 1; }
  say "downloading the source of $package $version"
  python3 -m pip download --quiet --no-deps --no-binary "$package" --dest "$work" "$package==$version" >&2
  echo "$sha256  $work/llama_cpp_python-$version.tar.gz" | sha256sum --check --quiet >&2
  mv "$work/llama_cpp_python-$version.tar.gz" "$archive"
fi
echo "$sha256  $archive" | sha256sum --check --quiet >&2 || { rm -f "$archive"; say "wrong checksum, try again"; exit 1; }

say "building ($flavour), about four minutes on two cores"
tar -xzf "$archive" -C "$work" --wildcards '*/vendor/llama.cpp/*'
patch --quiet --strip=1 --directory="$(echo "$work"/*/vendor/llama.cpp)" < "$here/llama-chat/limits.patch" >&2
native=OFF; [ "$flavour" = native ] && native=ON
cmake -S "$work"/*/vendor/llama.cpp -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
  -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_OPENSSL=OFF \
  -DLLAMA_BUILD_IS_DEV=OFF -DGGML_OPENMP=OFF -DGGML_NATIVE=$native >&2
cmake --build "$work/build" >&2
rm -rf "$prefix"
cmake --install "$work/build" >/dev/null
cmake -S "$here/llama-chat" -B "$work/chat" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DLLAMA_SOURCE="$(echo "$work"/*/vendor/llama.cpp)" >&2
cmake --build "$work/chat" >&2
cmake --install "$work/chat" >/dev/null
touch "$prefix/.complete"
echo "$prefix"
