#include "deed/llm/local/glossary.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/words.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace deed {
namespace {

struct Entry {
  std::string_view word, english;
};

// Longer beginnings first where one begins with another.
constexpr Entry korean[] = {
    {"이메일", "email"},    {"메일", "email"},      {"보내", "send"},       {"전송", "send"},
    {"발송", "send"},       {"부쳐", "send"},       {"전달", "forward"},    {"제목", "subject"},
    {"내용", "content"},    {"본문", "text"},       {"첨부", "attach"},     {"파일", "file"},
    {"폴더", "folder"},     {"읽", "read"},         {"열어", "open"},       {"열고", "open"},
    {"보여", "show"},       {"알려", "tell"},       {"적혀", "written"},    {"적어", "write"},
    {"써", "write"},        {"쓰", "write"},        {"작성", "write"},      {"저장", "save"},
    {"만들", "create"},     {"추가", "append"},     {"덧붙", "append"},     {"목록", "list"},
    {"찾", "find"},         {"검색", "search"},     {"가져", "fetch"},      {"받아", "fetch"},
    {"다운로드", "download"}, {"페이지", "page"},   {"사이트", "page"},     {"주소", "address"},
    {"시간", "time"},       {"시각", "time"},       {"몇", "what"},         {"지금", "now"},
    {"현재", "current"},    {"기억", "remember"},   {"요청", "request"},    {"라고", "saying"},
    {"이라고", "saying"},   {"에게", "to"},         {"한테", "to"},         {"그리고", "and"},
    {"그", "its"},          {"뭐", "what"},         {"무엇", "what"},       {"무슨", "what"}};
constexpr Entry german[] = {
    {"schicke", "send"},    {"schick", "send"},     {"sende", "send"},      {"senden", "send"},
    {"schicken", "send"},   {"mail", "email"},      {"e", "e"},             {"betreff", "subject"},
    {"text", "text"},       {"nachricht", "message"}, {"inhalt", "content"}, {"anhang", "attachment"},
    {"datei", "file"},      {"dateien", "files"},   {"ordner", "folder"},   {"verzeichnis", "folder"},
    {"lies", "read"},       {"lese", "read"},       {"lesen", "read"},      {"öffne", "open"},
    {"zeig", "show"},       {"zeige", "show"},      {"schreib", "write"},   {"schreibe", "write"},
    {"schreiben", "write"}, {"speichere", "save"},  {"speichern", "save"},  {"speicher", "save"},
    {"füge", "append"},     {"ergänze", "append"},  {"hänge", "append"},    {"liste", "list"},
    {"finde", "find"},      {"suche", "search"},    {"such", "search"},     {"hol", "fetch"},
    {"hole", "fetch"},      {"lade", "download"},   {"ruf", "fetch"},       {"seite", "page"},
    {"uhr", "time"},        {"uhrzeit", "time"},    {"merke", "remember"},  {"merk", "remember"},
    {"erstelle", "create"}, {"und", "and"},         {"dann", "then"},       {"mit", "with"},
    {"an", "to"},           {"dem", "the"},         {"der", "the"},         {"die", "the"},
    {"das", "the"},         {"den", "the"},         {"eine", "a"},          {"einen", "a"},
    {"bitte", "please"},    {"es", "it"},           {"sie", "it"},          {"ihn", "it"},
    {"mir", "me"},          {"was", "what"},        {"wie", "how"},         {"in", "in"},
    {"welche", "which"},    {"als", "as"},          {"von", "from"},        {"ende", "end"}};
constexpr Entry french[] = {
    {"envoie", "send"},     {"envoyer", "send"},    {"envoyez", "send"},    {"courriel", "email"},
    {"mail", "email"},      {"objet", "subject"},   {"sujet", "subject"},   {"texte", "text"},
    {"message", "message"}, {"contenu", "content"}, {"joins", "attach"},    {"joindre", "attach"},
    {"fichier", "file"},    {"fichiers", "files"},  {"dossier", "folder"},  {"lis", "read"},
    {"lire", "read"},       {"ouvre", "open"},      {"montre", "show"},     {"affiche", "show"},
    {"écris", "write"},     {"écrire", "write"},    {"enregistre", "save"}, {"enregistrer", "save"},
    {"sauvegarde", "save"}, {"ajoute", "append"},   {"ajouter", "append"},  {"liste", "list"},
    {"trouve", "find"},     {"cherche", "search"},  {"récupère", "fetch"},  {"télécharge", "download"},
    {"page", "page"},       {"heure", "time"},      {"retiens", "remember"}, {"souviens", "remember"},
    {"crée", "create"},     {"créer", "create"},    {"et", "and"},          {"puis", "then"},
    {"avec", "with"},       {"à", "to"},            {"le", "the"},          {"la", "the"},
    {"les", "the"},         {"un", "a"},            {"une", "a"},           {"dans", "in"},
    {"de", "of"},           {"moi", "me"},          {"quelle", "what"},     {"fin", "end"},
    {"du", "of"},           {"s", "s"}};
constexpr Entry spanish[] = {
    {"envía", "send"},      {"enviar", "send"},     {"manda", "send"},      {"mandar", "send"},
    {"correo", "email"},    {"asunto", "subject"},  {"texto", "text"},      {"mensaje", "message"},
    {"contenido", "content"}, {"adjunta", "attach"}, {"archivo", "file"},   {"archivos", "files"},
    {"fichero", "file"},    {"carpeta", "folder"},  {"lee", "read"},        {"leer", "read"},
    {"abre", "open"},       {"abrir", "open"},      {"muestra", "show"},    {"muéstrame", "show"},
    {"escribe", "write"},   {"escribir", "write"},  {"guarda", "save"},     {"guardar", "save"},
    {"añade", "append"},    {"añadir", "append"},   {"agrega", "append"},   {"lista", "list"},
    {"busca", "search"},    {"encuentra", "find"},  {"descarga", "download"}, {"página", "page"},
    {"hora", "time"},       {"recuerda", "remember"}, {"crea", "create"},   {"crear", "create"},
    {"y", "and"},           {"luego", "then"},      {"con", "with"},        {"el", "the"},
    {"la", "the"},          {"los", "the"},         {"las", "the"},         {"un", "a"},
    {"una", "a"},           {"en", "in"},           {"de", "of"},           {"qué", "what"},
    {"necesito", "i need"}, {"por", "for"},         {"favor", "please"},    {"al", "to"}};

std::span<const Entry> entries(Language language) {
  switch (language) {
    case Language::korean: return korean;
    case Language::german: return german;
    case Language::french: return french;
    case Language::spanish: return spanish;
    case Language::english: break;
  }
  return {};
}

// Hangul syllables are U+AC00 to U+D7A3: EA B0 80 to ED 9E A3 in UTF-8.
bool has_hangul(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [&](const char& c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0xEA && u <= 0xED && &c + 1 < text.data() + text.size() &&
           (u != 0xEA || static_cast<unsigned char>(*(&c + 1)) >= 0xB0);
  });
}

std::string lower(std::string_view word) {
  // ASCII, and the capitals Ä to Þ (C3 84 to C3 9E).
  std::string out = lower_ascii(word);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto next = static_cast<unsigned char>(out[i + 1]);
    if (static_cast<unsigned char>(out[i]) == 0xC3 && next >= 0x80 && next <= 0x9E)
      out[i + 1] = static_cast<char>(next + 0x20);
  }
  return out;
}

}  // namespace

std::string_view in_english(std::string_view word, Language language) {
  for (const Entry& entry : entries(language))
    if (language == Language::korean ? word.starts_with(entry.word) : word == entry.word)
      return entry.english;
  return word;
}

Language language_of(std::string_view request) {
  const std::string bare = without_quotes(request);
  if (has_hangul(bare)) return Language::korean;
  std::size_t english = 0;
  std::array<std::size_t, 3> known{};
  constexpr std::array languages = {Language::german, Language::french, Language::spanish};
  for (const Span& span : find_words(bare, 64)) {
    const std::string word = lower(span.in(bare));
    english += is_function_word(word) ? 1 : 0;
    for (std::size_t i = 0; i < languages.size(); ++i) {
      const auto list = entries(languages[i]);
      // "text" and "in" are English too.
      known[i] += std::any_of(list.begin(), list.end(), [&](const Entry& e) {
        return e.word == word && e.word != e.english;
      });
    }
  }
  const auto best = std::max_element(known.begin(), known.end());
  if (*best < 2 || *best <= english) return Language::english;
  return languages[static_cast<std::size_t>(best - known.begin())];
}

std::string in_english_words(std::string_view text, Language language) {
  if (language == Language::english) return std::string(text);
  std::vector<Span> kept = find_quotes(text);
  for (const SlotKind kind : {SlotKind::email, SlotKind::url, SlotKind::path})
    for (const Span& span : find_kind(kind, text)) kept.push_back(span);
  std::string out;
  std::size_t at = 0;
  for (const Span& word : find_words(text)) {
    const bool is_kept = std::any_of(kept.begin(), kept.end(), [&](const Span& span) {
      return span.begin < word.end && word.begin < span.end;
    });
    const std::string plain = lower(word.in(text));
    const std::string_view english = in_english(plain, language);
    if (is_kept || english == plain || word.begin < at) continue;
    out += text.substr(at, word.begin - at);
    out += english;
    at = word.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace deed
