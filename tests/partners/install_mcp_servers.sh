#!/usr/bin/env bash
# Installs servers of tools by the authors of the Model Context Protocol (npm: server-filesystem, server-everything), pinned by
# mcp_servers/package-lock.json.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
source "$here/npm.sh"
install_locked mcp_servers
