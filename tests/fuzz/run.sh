#!/usr/bin/env bash
# Fuzzes the readers of model replies for DEED_FUZZ_SECONDS (60), starting from the recorded streams of tests/data. Installs clang where it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf 'fuzz: %s\n' "$*" >&2; }
scripts/setup.sh clang libclang-rt-14-dev

cmake --preset fuzz --log-level=NOTICE
cmake --build --preset fuzz --target deed_reply_reader_fuzz

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
number=0
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
say "$(find "$corpus" -type f | wc -l) recorded bodies to begin with"
build-fuzz/tests/fuzz/deed_reply_reader_fuzz -max_total_time="${DEED_FUZZ_SECONDS:-60}" -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
  -print_final_stats=1 -artifact_prefix=build-fuzz/ "$corpus"
