#!/usr/bin/env bash
# Builds deed and prints its speed and memory, as medians of interleaved rounds and as ratios to a plain loop over libcurl that does
# only the requests. Quote the ratios: absolute times depend on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake --preset dev --log-level=NOTICE >&2
cmake --build --preset dev --target deed_bench deed_command >&2
exec build/bench/deed_bench
