// A copy of a model in a number format that is quick to read prompts with. Included by the
// llama_*.cpp files only.
#pragma once

#include <string>

namespace deed {

/// The path to load instead of `path`: a copy in `cache_dir` in 8 bits, made now (a second for
/// 100 MB) unless it is there. `path` itself where its format is
/// quick already, the file is large, `cache_dir` is empty, or no copy can be made: that costs only
/// time.
///
/// llama.cpp's processor kernels multiply a batch of tokens fast in some formats only; the others
/// (4 and 5 bits with a minimum: Q4_1, Q5_1) go through one dot product after another, at 0.4 of the
/// speed. The values stay what they were, to 8 bits. Source: ggml-cpu/llamafile/sgemm.cpp
std::string quick_copy(const std::string& path, const std::string& cache_dir);

}  // namespace deed
