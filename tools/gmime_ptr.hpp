// Owners for what GMime and GLib hand out. Internal: no public header includes it.
#pragma once

#include <gmime/gmime.h>

#include <memory>

namespace deed {

struct GObjectUnref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using GObjectPtr = std::unique_ptr<T, GObjectUnref>;

struct GTextFree {
  void operator()(char* text) const { g_free(text); }
};
using GText = std::unique_ptr<char, GTextFree>;

/// To be called before anything else of GMime; any thread, any number of times.
void init_gmime();

}  // namespace deed
