#!/usr/bin/env bash
# Installs mailpit, a mail server for tests that no one here wrote, from the Go module proxy (needs Go 1.23 or newer).
set -euo pipefail
source "$(dirname "$0")/paths.sh"
version=v1.27.11

if [ "$(cat "$partners/mailpit.version" 2>/dev/null)" = "$version" ] && [ -x "$partners/bin/mailpit" ]; then exit 0; fi
have=$(go env GOVERSION 2>/dev/null | sed 's/^go//') || true
if [ -z "$have" ] || ! printf '1.23\n%s\n' "$have" | sort --check=quiet --version-sort; then
  say "mailpit is left out: it needs Go 1.23 or newer, and this machine has ${have:-none}"
  exit 0
fi
say "building mailpit $version with Go $have"
mkdir -p "$partners/bin"
GOTOOLCHAIN=local GOBIN=$partners/bin go install "github.com/axllent/mailpit@$version" >&2
echo "$version" > "$partners/mailpit.version"
