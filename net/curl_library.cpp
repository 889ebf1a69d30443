// libcurl, loaded when it is first needed. Debian's build of it brings some thirty libraries along (LDAP, Kerberos, SSH, RTMP, …);
// loading them takes longer than all else that a command like `deed runs` does. So deed is not linked with libcurl: these are its
// functions by their own names, each of which goes on to the real one. Source: dlopen(3), https://curl.se/libcurl/c/allfuncs.html
#include "deed/core/check.hpp"
#include "deed/net/curl_runtime.hpp"

#include <cstdarg>
#include <dlfcn.h>
#include <string>

// Macros that check the types of options; the functions themselves are meant here.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

namespace deed {
namespace {

void* library() {
  static void* const loaded = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  return loaded;
}

template <class Function>
Function* find(const char* name) {
  DEED_CHECK(library() != nullptr, "libcurl was used although it is not there");
  void* const found = dlsym(library(), name);
  DEED_CHECK(found != nullptr, name);
  return reinterpret_cast<Function*>(found);
}

// A CURLU that is read is const in some versions.
template <class Result, class First, class... Rest>
First first_parameter(Result (*)(First, Rest...));
using ReadUrl = decltype(first_parameter(curl_url_get));

// What an option takes is a long, a pointer or a curl_off_t: one register each.
static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*));

}  // namespace

std::string curl_loading_error() {
  if (library() != nullptr) return {};
  const char* why = dlerror();
  return why != nullptr ? why : "it cannot be loaded";
}

}  // namespace deed

#ifdef __clang__
// libcurl's options are enumerators of the size of an int, which va_start takes as they are.
#pragma clang diagnostic ignored "-Wvarargs"
#endif

#define DEED_PASS_ON(result, name, parameters, arguments)      \
  extern "C" result name parameters {                          \
    static auto* const real = deed::find<result parameters>(#name); \
    return real arguments;                                     \
  }
#define DEED_PASS_ON_OPTION(result, name, handle, option)              \
  extern "C" result name(handle h, option o, ...) {                    \
    static auto* const real = deed::find<result(handle, option, ...)>(#name); \
    std::va_list list;                                                 \
    va_start(list, o);                                                 \
    void* const value = va_arg(list, void*);                           \
    va_end(list);                                                      \
    return real(h, o, value);                                          \
  }

DEED_PASS_ON(CURLcode, curl_global_init, (long flags), (flags))
DEED_PASS_ON(CURL*, curl_easy_init, (), ())
DEED_PASS_ON(void, curl_easy_cleanup, (CURL* easy), (easy))
DEED_PASS_ON(const char*, curl_easy_strerror, (CURLcode code), (code))
DEED_PASS_ON_OPTION(CURLcode, curl_easy_setopt, CURL*, CURLoption)
DEED_PASS_ON_OPTION(CURLcode, curl_easy_getinfo, CURL*, CURLINFO)
DEED_PASS_ON(CURLcode, curl_easy_perform, (CURL* easy), (easy))
DEED_PASS_ON(CURLcode, curl_easy_send, (CURL* easy, const void* bytes, size_t size, size_t* sent), (easy, bytes, size, sent))
DEED_PASS_ON(CURLcode, curl_easy_recv, (CURL* easy, void* bytes, size_t size, size_t* count), (easy, bytes, size, count))
DEED_PASS_ON(void, curl_free, (void* memory), (memory))
DEED_PASS_ON(CURLM*, curl_multi_init, (), ())
DEED_PASS_ON(CURLMcode, curl_multi_cleanup, (CURLM* multi), (multi))
DEED_PASS_ON_OPTION(CURLMcode, curl_multi_setopt, CURLM*, CURLMoption)
DEED_PASS_ON(CURLMcode, curl_multi_add_handle, (CURLM* multi, CURL* easy), (multi, easy))
DEED_PASS_ON(CURLMcode, curl_multi_remove_handle, (CURLM* multi, CURL* easy), (multi, easy))
DEED_PASS_ON(CURLMcode, curl_multi_assign, (CURLM* multi, curl_socket_t fd, void* data), (multi, fd, data))
DEED_PASS_ON(CURLMcode, curl_multi_socket_action, (CURLM* multi, curl_socket_t fd, int events, int* running),
             (multi, fd, events, running))
DEED_PASS_ON(CURLMsg*, curl_multi_info_read, (CURLM* multi, int* left), (multi, left))
DEED_PASS_ON(CURLMcode, curl_multi_perform, (CURLM* multi, int* running), (multi, running))
DEED_PASS_ON(CURLMcode, curl_multi_poll,
             (CURLM* multi, struct curl_waitfd extra[], unsigned int count, int timeout_ms, int* ready),
             (multi, extra, count, timeout_ms, ready))
DEED_PASS_ON(CURLMcode, curl_multi_wakeup, (CURLM* multi), (multi))
DEED_PASS_ON(struct curl_slist*, curl_slist_append, (struct curl_slist* list, const char* line), (list, line))
DEED_PASS_ON(void, curl_slist_free_all, (struct curl_slist* list), (list))
DEED_PASS_ON(CURLU*, curl_url, (), ())
DEED_PASS_ON(void, curl_url_cleanup, (CURLU* url), (url))
DEED_PASS_ON(CURLUcode, curl_url_get, (deed::ReadUrl url, CURLUPart part, char** text, unsigned int flags), (url, part, text, flags))
DEED_PASS_ON(CURLUcode, curl_url_set, (CURLU* url, CURLUPart part, const char* text, unsigned int flags), (url, part, text, flags))

#undef DEED_PASS_ON
#undef DEED_PASS_ON_OPTION
