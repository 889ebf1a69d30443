#!/usr/bin/env bash
# Sets up everything and does the main job: the embedded model reads a request in plain words, chooses the tool, and a mail with an
# attachment lands in the outbox. Takes no input; leaves its files in build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/stages.sh

export DEED_CACHE=${DEED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/deed}
export DEED_MODELS=$DEED_CACHE/models
deed=$PWD/build/bin/deed
demo=$PWD/build/demo

stage setup scripts/setup.sh
stage configure cmake --preset dev --log-level=NOTICE
stage build cmake --build --preset dev --target deed_command
stage model "$deed" models install smollm2

rm -rf "$demo"
mkdir -p "$demo/work"
export DEED_HOME=$demo/home
printf 'month,revenue\nOctober,4200\n' > "$demo/work/report.csv"
request='Send an email to ann@example.org with the subject "Monthly report" saying "Here are the numbers for October." and attach report.csv'

printf '\n== the request\n%s\n\n' "$request" >&2
stage run "$deed" run --root "$demo/work" --from me@example.org --yes "$request"

# The demo says that it worked only if the mail is there, and right.
mail=$(find "$DEED_HOME/outbox/new" -type f | head -n 1)
[ -n "$mail" ] || { echo "demo: there is no mail in the outbox" >&2; exit 1; }
for header in 'To: ann@example.org' 'Subject: Monthly report' 'Here are the numbers for October.' 'filename='; do
  grep -qF -- "$header" "$mail" || { echo "demo: the mail lacks \"$header\": $mail" >&2; exit 1; }
done
grep -qF -- "$(base64 -w0 "$demo/work/report.csv" | cut -c1-40)" "$mail" || { echo "demo: the attachment is not the file" >&2; exit 1; }

printf '\n== done\n' >&2
cat >&2 <<END
The mail          $mail
See the mail      less "$mail"      or  mutt -f "$DEED_HOME/outbox"
See the run       DEED_HOME="$DEED_HOME" "$deed" show last
END
