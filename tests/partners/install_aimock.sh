#!/usr/bin/env bash
# Installs aimock (npm), a mock chat-completions server that no one here wrote, pinned by aimock/package-lock.json.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
source "$here/npm.sh"
install_locked aimock
