// Windows-1252, in which text is when it is not in UTF-8 and nobody says more: tables of spreadsheets, old mails.
// Source: https://encoding.spec.whatwg.org (index windows-1252). Not iconv: its tables are files of their own, which small systems lack.
#pragma once

#include <string>
#include <string_view>

namespace deed {

/// `bytes` as UTF-8. The five that Windows-1252 leaves open are the controls that Latin-1 has there.
std::string utf8_from_windows_1252(std::string_view bytes);

}  // namespace deed
