#!/usr/bin/env bash
# Installs llmock (PyPI), a mock of model providers that breaks its answers and judges its clients, the official clients of OpenAI, Anthropic and
# Google, the SDK of the Model Context Protocol and croniter, pinned with hashes by python/requirements.txt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
folder=$partners/python

if cmp -s "$here/python/requirements.txt" "$folder/requirements.txt"; then exit 0; fi
say "installing llmock, the official clients and croniter into $folder"
rm -rf "$folder"
mkdir -p "$folder"
/usr/bin/python3 -m pip install --quiet --no-deps --require-hashes --only-binary=:all: --target "$folder/lib" \
  --requirement "$here/python/requirements.txt" >&2
cp "$here/python/requirements.txt" "$folder/requirements.txt"
