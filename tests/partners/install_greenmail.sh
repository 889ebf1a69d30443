#!/usr/bin/env bash
# Installs GreenMail, a mail server with SMTP and IMAP for tests that no one here wrote: one jar, fetched by Maven and checked by
# its hash. Needs a Java runtime and Maven; scripts/setup.sh default-jre-headless maven installs both.
set -euo pipefail
source "$(dirname "$0")/paths.sh"
version=2.1.7
sha256=45649b3cd537bc182325bbb9e19473e0ec4bf55601e1321fbf77553bc48af17a
jar=$partners/greenmail/greenmail-standalone-$version.jar

is_right() { [ -f "$1" ] && printf '%s  %s\n' "$sha256" "$1" | sha256sum --check --status; }
if is_right "$jar"; then exit 0; fi
for command in java mvn; do
  command -v "$command" >/dev/null || "$(dirname "$0")/../../scripts/setup.sh" default-jre-headless maven
done
say "installing GreenMail $version into $partners/greenmail"
rm -rf "$partners/greenmail"
mkdir -p "$partners/greenmail"
mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
  "-Dartifact=com.icegreen:greenmail-standalone:$version:jar" "-DoutputDirectory=$partners/greenmail" </dev/null >&2
is_right "$jar" || { rm -f "$jar"; say "GreenMail's jar is not the one that was pinned"; exit 1; }
