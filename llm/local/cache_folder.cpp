#include "deed/llm/local/cache_folder.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace deed {

namespace fs = std::filesystem;

void prepare_cache(const fs::path& folder, std::string_view ending, std::size_t kept) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  fs::permissions(folder, fs::perms::owner_all, failure);
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    if (entry.path().extension() == ending)
      files.emplace_back(entry.last_write_time(failure), entry.path());
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i + kept <= files.size(); ++i) fs::remove(files[i].second, failure);
}

}  // namespace deed
