#!/usr/bin/env bash
# Sets up, builds and tests deed. With DEED_ASAN=1, or where CI is set, also under the address and undefined-behaviour sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/stages.sh

stage setup scripts/setup.sh
stage configure cmake --preset dev --log-level=NOTICE
stage build cmake --build --preset dev
stage tests ctest --preset dev --label-exclude partners --parallel "$(nproc)"
if [ -n "${DEED_ASAN:-}${CI:-}" ]; then
  stage configure-asan cmake --preset asan --log-level=NOTICE
  stage build-asan cmake --build --preset asan
  # The installed tree is the same code: built once is enough.
  stage tests-asan ctest --preset asan --label-exclude 'partners|install' --parallel "$(nproc)"
fi
