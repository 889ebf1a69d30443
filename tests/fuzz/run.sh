#!/usr/bin/env bash
# Fuzzes the readers of model replies, of task files, of received mail and of what plugins say for DEED_FUZZ_SECONDS (60) each, starting from
# the recorded streams of tests/data, the tasks of tests/data/tasks, the mails of tests/data/mail, and the samples' manifests. Installs clang
# where it is missing.
# usage: run.sh [replies|tasks|mail|plugins]...
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf 'fuzz: %s\n' "$*" >&2; }
scripts/setup.sh clang libclang-rt-14-dev
[ $# -gt 0 ] || set -- replies tasks mail plugins

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT

fuzz() {  # TARGET MAX-LENGTH MORE...
  local target=$1 length=$2
  shift 2
  say "$(find "$corpus" -type f | wc -l) inputs to begin with for $target"
  "build-fuzz/tests/fuzz/$target" -max_total_time="${DEED_FUZZ_SECONDS:-60}" -max_len="$length" -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix=build-fuzz/ "$@" "$corpus"
}

fuzz_replies() {
  local number=0 folder file first
  for folder in chat responses anthropic gemini ollama; do
    for file in tests/data/$folder/*.sse tests/data/$folder/*.ndjson tests/data/$folder/*.json; do
      case $file in *.reply.json | *\**) continue ;; esac
      # The format, without and with the content type of JSON; then how it is cut.
      for first in $number $((number + 5)); do
        { printf "\\$(printf %03o "$first")\\007"; cat "$file"; } >"$corpus/$folder-$first-$(basename "$file")"
      done
    done
    number=$((number + 1))
  done
  fuzz deed_reply_reader_fuzz 65536
}

fuzz_tasks() {
  local file number=0 line
  for file in tests/data/tasks/*.yaml; do
    { printf '\000'; cat "$file"; } >"$corpus/$(basename "$file")"
  done
  while IFS= read -r line; do
    number=$((number + 1))
    { printf '\001%s\000' "$line"; cat tests/data/tasks/values.json; } >"$corpus/expression-$number"
  done <tests/data/tasks/expressions.txt
  fuzz deed_task_fuzz 16384 -dict=tests/fuzz/task.dict
}

fuzz_mail() {
  cp tests/data/mail/* tests/data/imap/* "$corpus"
  fuzz deed_mail_fuzz 16384 -dict=tests/fuzz/mail.dict
}

fuzz_plugins() {
  local file number=0 line
  for file in plugins/samples/*/plugin.toml plugins/templates/*/plugin.toml; do
    { printf '\000'; cat "$file"; } >"$corpus/manifest-$((number += 1))"
  done
  while IFS= read -r line; do
    number=$((number + 1))
    { printf '\002%s' "$line"; } >"$corpus/message-$number"
    { printf '\003%s\n%s\n' "$line" "$line"; } >"$corpus/stream-$number"
  done <tests/data/plugins/messages.jsonl
  { printf '\001'; cat tests/data/plugins/tools.json; } >"$corpus/tools"
  fuzz deed_plugin_fuzz 16384 -dict=tests/fuzz/plugin.dict
}

cmake --preset fuzz --log-level=NOTICE
for what in "$@"; do
  case $what in
    replies) cmake --build --preset fuzz --target deed_reply_reader_fuzz ;;
    tasks) cmake --build --preset fuzz --target deed_task_fuzz ;;
    mail) cmake --build --preset fuzz --target deed_mail_fuzz ;;
    plugins) cmake --build --preset fuzz --target deed_plugin_fuzz ;;
    *) say "replies, tasks, mail or plugins, not $what"; exit 2 ;;
  esac
  find "$corpus" -type f -delete
  "fuzz_$what"
done
