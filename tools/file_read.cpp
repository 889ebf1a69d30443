// file.read, file.list and file.find: looking at the working folder. What they tell counts as a
// tool's own word: these are the user's own files. Text that a run put into a file keeps its lower
// label through the journal, not through the file.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/file_place.hpp"

namespace deed {
namespace {

// Fits the default cap of a result with room for the line that says how to go on.
constexpr std::size_t default_read_bytes = 60'000;
constexpr std::size_t min_read_bytes =
    16;  // a piece that holds no whole character would lead nowhere
constexpr std::size_t max_read_bytes = 1u << 20;
constexpr std::int64_t max_offset = std::int64_t{1} << 53;  // what every JSON number keeps exactly
constexpr std::size_t max_listed = 1'000;

std::uint64_t number_at(const Json& arguments, const char* key, std::uint64_t other) {
  const auto it = arguments.find(key);
  return it != arguments.end() && it->is_number() ? it->get<std::uint64_t>() : other;
}

// A piece may begin and end in the middle of a character; what is cut off is in the pieces before
// and after it.
std::string_view whole_characters(const FilePiece& piece, std::uint64_t offset) {
  std::string_view text = piece.bytes;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int i = 0; offset > 0 && i < 3 && !text.empty() && continues(text.front()); ++i)
    text.remove_prefix(1);
  const bool is_end = offset + piece.bytes.size() >= piece.size;
  for (int i = 0; !is_end && i < 3 && !text.empty() && !is_utf8(text); ++i) text.remove_suffix(1);
  return text;
}

// What a model can look at or listen to, whole.
Result<std::optional<Media>> media_at(const FilePlace& place, const FilePiece& piece) {
  if (piece.size > max_media_bytes || !media_type_of(piece.bytes)) return std::optional<Media>();
  DEED_TRY(FilePiece whole, place.root->read(place.path, 0, max_media_bytes));
  auto media = make_media(shown(place.path.text()), std::move(whole.bytes));
  return media ? std::optional<Media>(*std::move(media)) : std::nullopt;
}

Outcome described(const FilePlace& place, const FilePiece& piece, std::optional<Media> media) {
  const std::string name = shown(place.path.text());
  Json result = {{"path", name}, {"size", piece.size}, {"binary", true}};
  if (media) {
    Outcome seen = Outcome::succeeded(std::move(result), name + " is " + media->media_type + ", " + human_bytes(piece.size));
    seen.media.push_back(*std::move(media));
    return seen;
  }
  return Outcome::succeeded(
      std::move(result), name + " is not text: " + human_bytes(piece.size) +
                             " of binary data, which is not shown. It can be attached to a mail.");
}

Result<Outcome> read_file(const SharedRoot& root, const Json& arguments) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  const std::uint64_t offset = number_at(arguments, "offset", 0);
  const std::size_t max_bytes =
      static_cast<std::size_t>(number_at(arguments, "max_bytes", default_read_bytes));
  DEED_TRY(const FilePiece piece, place.root->read(place.path, offset, max_bytes));
  const std::string name = shown(place.path.text());
  if (offset > piece.size) {
    return fail(ErrorKind::invalid,
                "the offset lies behind the end of the file, which has " +
                    std::to_string(piece.size) + " bytes",
                name, "give a smaller offset");
  }
  const std::string_view content = whole_characters(piece, offset);
  // A PDF may happen to be UTF-8; it is no text for all that.
  const bool is_pdf = offset == 0 && media_type_of(piece.bytes) == "application/pdf";
  if (is_pdf || !is_utf8(content) || content.find('\0') != std::string_view::npos) {
    DEED_TRY(std::optional<Media> media, media_at(place, piece));
    return described(place, piece, std::move(media));
  }
  Json result = {{"path", name}, {"size", piece.size}, {"content", content}};
  std::string text(content);
  const std::uint64_t next =
      offset + static_cast<std::uint64_t>(content.data() + content.size() - piece.bytes.data());
  if (next < piece.size) {
    result["next_offset"] = next;
    text += "\n[" + std::to_string(next) + " of " + std::to_string(piece.size) +
            " bytes; read on with offset " + std::to_string(next) + "]";
  } else if (text.empty()) {
    text = "[the file is empty]";
  }
  return Outcome::succeeded(std::move(result), std::move(text));
}

Outcome listed(const std::string& where, const Listing& listing, const std::string& nothing) {
  Json entries = Json::array();
  std::string text;
  for (const FolderEntry& entry : listing.entries) {
    const std::string name = shown(entry.path);
    Json item = {{"path", name}, {"kind", to_string(entry.kind)}};
    if (entry.kind == EntryKind::file) item["size"] = entry.size;
    entries.push_back(std::move(item));
    text += name;
    if (entry.kind == EntryKind::folder)
      text += "/";
    else if (entry.kind == EntryKind::file)
      text += "  " + human_bytes(entry.size);
    else
      text += std::string("  ") + to_string(entry.kind);
    text += "\n";
  }
  if (text.empty()) text = nothing + "\n";
  if (!listing.complete)
    text +=
        "[there is more than is listed here: look into one folder, or find with a narrower "
        "pattern]\n";
  text.pop_back();
  Json result = {{"path", where}, {"entries", std::move(entries)}, {"complete", listing.complete}};
  return Outcome::succeeded(std::move(result), std::move(text));
}

Result<Outcome> list_folder(const SharedRoot& root, const Json& arguments) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  DEED_TRY(const Listing listing, place.root->list(place.path, max_listed));
  return listed(shown(place.path.text()), listing, "[the folder is empty]");
}

Result<Outcome> find_files(const SharedRoot& root, const Json& arguments) {
  DEED_TRY(const FilePlace place, place_of(root, arguments));
  const std::string asked = string_at(arguments, "pattern");
  // A bare word is a part of the name: who looks for "invoice" means "invoice-42.pdf" too.
  const std::string pattern = asked.find('*') == std::string::npos ? "*" + asked + "*" : asked;
  DEED_TRY(const Listing listing,
           place.root->find(place.path, pattern, {.max_results = max_listed}));
  return listed(shown(place.path.text()), listing,
                "[nothing here matches \"" + escaped(asked) + "\"]");
}

using Look = Result<Outcome> (*)(const SharedRoot&, const Json&);

asio::awaitable<Outcome> look(Look function, SharedRoot root, Json arguments) {
  co_return outcome_of(function(root, arguments));
}

Tool looking(ToolSpec spec, Look function, const std::string& root) {
  spec.effect = EffectClass::read;
  spec.approval = ApprovalNeed::never;
  spec.result_trust = Trust::tool;
  return {.spec = std::move(spec),
          .run = [function, shared = share_root(root)](Json arguments, ToolContext&) {
            return look(function, shared, std::move(arguments));
          }};
}

}  // namespace

Tool file_read(std::string root) {
  Json properties = {
      {"path", path_schema("Path of the file to read.")},
      {"offset",
       {{"type", "integer"},
        {"minimum", 0},
        {"maximum", max_offset},
        {"description",
         "Byte to begin at; next_offset of the read before. Left out: the beginning."}}},
      {"max_bytes",
       {{"type", "integer"},
        {"minimum", min_read_bytes},
        {"maximum", max_read_bytes},
        {"description", "Most bytes to read. Left out: 60000."}}}};
  Json schema = {{"type", "object"},
                 {"properties", std::move(properties)},
                 {"required", {"path"}},
                 {"additionalProperties", false}};
  ToolSpec spec{.name = "file.read",
                .description = "Read a text file and return its content.",
                .examples = {"What does manual.txt say?",
                             "Open letter.txt",
                             "Show me what is in docs/readme.md",
                             "I'd like to look at config.yml",
                             "Read the text of server.log out to me.",
                             "Display, view, peek into, pull up, bring up, check, see, present or read out what is written in a file.",
                             "Acquaint with, quote, recite, run through, glance at, inspect, examine, consult, review, present or tell what it says, holds, contains or lists.",
                             "Go through, look into, look over, scan, skim, study, crack open, cat, dump or spell out the text or lines of a document; how does it go, what do I have there, what did I write?"},
                .arguments = std::move(schema),
                .roles = {{"path", ArgumentRole::destination},
                          {"offset", ArgumentRole::value},
                          {"max_bytes", ArgumentRole::value}}};
  return looking(std::move(spec), read_file, root);
}

Tool file_list(std::string root) {
  Json properties = {
      {"path", path_schema("Path of the folder to list. Left out: the working folder.")}};
  Json schema = {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  ToolSpec spec{.name = "file.list",
                .description = "List the files and folders in a folder.",
                .examples = {"What files are in the folder photos?",
                             "Show me the contents of the directory src",
                             "ls docs",
                             "Which files and folders do I have here?",
                             "List everything inside backup/",
                             "What have I already got or what do I keep in the holidays folder?",
                             "Browse a directory: what is inside, under or in there, an overview of the names, is it empty?",
                             "Enumerate, inventory or take stock of the documents, subfolders and items that live, sit or are lying around in a directory; run ls or dir there."},
                .arguments = std::move(schema),
                .roles = {{"path", ArgumentRole::destination}}};
  return looking(std::move(spec), list_folder, root);
}

Tool file_find(std::string root) {
  Json pattern = {{"type", "string"},
                  {"minLength", 1},
                  {"maxLength", 255},
                  {"description",
                   "Name to look for, or a pattern such as *.pdf, where * stands for anything."}};
  Json properties = {
      {"pattern", std::move(pattern)},
      {"path", path_schema("Path of the folder to look in. Left out: the working folder.")}};
  Json schema = {{"type", "object"},
                 {"properties", std::move(properties)},
                 {"required", {"pattern"}},
                 {"additionalProperties", false}};
  ToolSpec spec{.name = "file.find",
                .description = "Find files by their name, in a folder and all folders in it.",
                .examples = {"Where is budget.xlsx?",
                             "Find all *.pdf files",
                             "Is there a file called logo.png somewhere in the folder pictures?",
                             "Search for files whose name ends in .txt",
                             "Locate contract.docx",
                             "Hunt down or look for anything so named, wherever or somewhere, in subfolders; where is it kept, which folder, its path.",
                             "Track down, dig out, discover, trace, its whereabouts, misplaced or lost, cannot find it, lay my hands on, where it has got to, one of the folders.",
                             "Seek, spot, ferret out, unearth, pinpoint, scour, comb, sniff or root around; under which path, where did I put, leave or store it; all that end in, with the extension or matching."},
                .arguments = std::move(schema),
                .roles = {{"pattern", ArgumentRole::value}, {"path", ArgumentRole::destination}}};
  return looking(std::move(spec), find_files, root);
}

}  // namespace deed
