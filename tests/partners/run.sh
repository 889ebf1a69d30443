#!/usr/bin/env bash
# Runs the built command (build/bin/deed) against servers that no one here wrote: aimock, llmock and llama-server for the models, aiosmtpd,
# mailpit and GreenMail for the mail, servers of the Model Context Protocol's authors for tools; compares the times of cron lines with those of
# croniter, and what is read in received mails with what Python reads there. Installs all of it first, and the embedded model; a second run
# finds it there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/paths.sh"
cd "$here/../.."
[ -x build/bin/deed ] || { say "build/bin/deed is missing: run scripts/test.sh first"; exit 1; }

"$here/install_aimock.sh"
"$here/install_mcp_servers.sh"
"$here/install_python_partners.sh"
"$here/install_llama_server.sh"
"$here/install_mailpit.sh"
"$here/install_greenmail.sh"
"$here/install_mail_corpora.sh"
DEED_MODELS=$(dirname "$partners")/models build/bin/deed models install smollm2 </dev/null >&2
ctest --test-dir build --label-regex '^partners$' --output-on-failure --no-tests=error
