#!/usr/bin/env bash
# Sets up, builds and tests deed. With DEED_ASAN=1, or where CI is set, also under the address and undefined-behaviour sanitizers, and
# what has threads under ThreadSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/stages.sh

export DEED_CACHE=${DEED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/deed}
export DEED_MODELS=${DEED_MODELS:-$DEED_CACHE/models}

stage setup scripts/setup.sh
stage configure cmake --preset dev --log-level=NOTICE
stage build cmake --build --preset dev
# The tests of the embedded model skip where it is absent; here it never is.
stage model build/bin/deed models install smollm2
stage tests ctest --preset dev --label-exclude partners --parallel "$(nproc)"
if [ -n "${DEED_ASAN:-}${CI:-}" ]; then
  stage build-tsan cmake --build --preset dev --target deed_plugins_tsan deed_memory_tsan
  # Without random addresses where that is allowed: g++ 12's sanitizer does not find its place among those of newer kernels.
  fixed_addresses=()
  if setarch --addr-no-randomize true 2>/dev/null; then fixed_addresses=(setarch --addr-no-randomize); fi
  stage tests-tsan "${fixed_addresses[@]}" build/tests/plugins/deed_plugins_tsan --gtest_brief=1
  stage tests-tsan-journal "${fixed_addresses[@]}" build/tests/deed_memory_tsan --gtest_brief=1
  stage configure-asan cmake --preset asan --log-level=NOTICE
  stage build-asan cmake --build --preset asan
  # The installed tree is the same code: built once is enough.
  stage tests-asan ctest --preset asan --label-exclude 'partners|install' --parallel "$(nproc)"
fi
