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

// A word stands for all that begin with it in Korean, and elsewhere with a star. The first that fits is taken.
constexpr Entry korean[] = {
    {"그다음", "then"}, {"그러고", "then"}, {"그런 다음", "then"}, {"그걸", "it"}, {"그대로", "same"},
    {"줘", "please"}, {"주세요", "please"}, {"주실", "please"}, {"주십시오", "please"},
    {"주시", "please"}, {"줄래", "please"}, {"줄 수", "please"}, {"해줘", "please"}, {"해주", "please"},
    {"좀", "please"}, {"바랍니다", "please"}, {"부탁", "please"}, {"둬", "please"}, {"두세요", "please"},
    {"삭제", "delete"}, {"지워", "delete"}, {"번역", "translate"}, {"인쇄", "print"}, {"출력", "print"},
    {"변환", "convert"}, {"복사", "copy"}, {"옮겨", "move"}, {"이동", "move"}, {"압축", "zip"},
    {"요약", "summarize"}, {"계산", "compute"}, {"예약", "book"}, {"전화", "phone"}, {"받는", "recipient"},
    {"수신", "recipient"}, {"붙여", "append"}, {"알고", "know"}, {"알림", "notify"}, {"통지", "notify"},
    {"확인", "check"}, {"뭔지", "what"}, {"어떤", "which"}, {"어느", "which"}, {"어디", "where"},
    {"기록", "log"}, {"메모", "note"}, {"남겨", "log"}, {"바꿔", "change"}, {"줄을", "line"}, {"한줄", "line"},
    {"끝에", "end"}, {"맨", "end"}, {"마지막", "last"}, {"더", "another"}, {"요일", "weekday"},
    {"오늘", "today"}, {"날짜", "date"}, {"말했", "told"}, {"말한", "told"}, {"말해", "tell"},
    {"예전", "before"}, {"전에", "before"}, {"잊지", "forget"}, {"답장", "reply"}, {"회신", "reply"},
    {"새로", "new"}, {"새", "new"}, {"안에", "inside"}, {"접속", "open"}, {"불러", "fetch"},
    {"들어있", "inside"}, {"이름", "name"}, {"위치", "where"}, {"적힌", "written"}, {"적은", "written"},
    {"나중", "later"}, {"다음", "next"}, {"앞으로", "future"}, {"호출", "call"}, {"올려", "post"},
    {"등록", "post"}, {"갱신", "update"}, {"수정", "change"}, {"덮어", "overwrite"},
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
    {"그", "its"},          {"뭐", "what"},         {"무엇", "what"},       {"무슨", "what"},
    {"이를", "this"}, {"이것", "this"}, {"이거", "this"}, {"그걸", "it"},
    {"같은", "same"}, {"밑", "bottom"}, {"아래", "below"}, {"연락", "notify"},
    {"전해", "tell"}, {"일러", "tell"}, {"통보", "notify"}, {"공유", "send"}, {"담아", "put"}, {"넣어", "put"},
    {"띄워", "show"}, {"봐야", "see"}, {"봐줘", "see"}, {"두시", "please"}, {"보고싶", "see"}, {"보내", "send"}, {"말씀", "tell"},
    {"까먹", "forget"}, {"외워", "remember"}, {"첫", "first"}, {"공지", "notice"}, {"올라온", "posted"},
    {"올라와", "posted"}, {"있는지", "what"}};
constexpr Entry german[] = {
    {"dass", "that"}, {"daß", "that"},
    {"schickt", "send"}, {"lest", "read"}, {"holt", "fetch"}, {"speichert", "save"}, {"hängt", "append"},
    {"lösche", "delete"}, {"löschen", "delete"}, {"benenn", "rename"}, {"benenne", "rename"},
    {"verschieb", "move"}, {"verschiebe", "move"}, {"kopier", "copy"}, {"kopiere", "copy"},
    {"druck", "print"}, {"drucke", "print"}, {"übersetz", "translate"}, {"übersetze", "translate"},
    {"berechne", "compute"}, {"merken", "remember"}, {"gemerkt", "remembered"},
    {"notiere", "note"}, {"notier", "note"}, {"notiert", "noted"}, {"erinnere", "remember"},
    {"erinner", "remember"}, {"erinnerst", "remember"}, {"vergiss", "forget"}, {"heute", "today"},
    {"datum", "date"}, {"tag", "day"}, {"wochentag", "weekday"}, {"welches", "which"},
    {"welcher", "which"}, {"wo", "where"}, {"noch", "another"}, {"anhängen", "append"},
    {"hinzu", "add"}, {"zeile", "line"}, {"neue", "new"}, {"neuen", "new"}, {"neues", "new"},
    {"anlegen", "create"}, {"leg", "create"}, {"lege", "create"}, {"ersetze", "replace"},
    {"ändere", "change"}, {"antworte", "reply"}, {"sag", "tell"}, {"sage", "tell"},
    {"teile", "tell"}, {"mitteilen", "tell"}, {"benachrichtige", "notify"},
    {"informiere", "inform"}, {"steht", "says"}, {"alle", "all"}, {"brauche", "need"},
    {"antwort", "answer"}, {"abrufen", "fetch"}, {"besuche", "visit"}, {"öffnen", "open"},
    {"zeigen", "show"}, {"weißt", "know"}, {"wissen", "know"}, {"gesagt", "told"},
    {"früher", "before"}, {"später", "later"}, {"adresse", "address"}, {"empfänger", "recipient"},
    {"enthält", "contains"}, {"gibt", "there"}, {"liegt", "located"}, {"finden", "find"},
    {"suchen", "search"}, {"leite", "forward"}, {"weiter", "forward"}, {"füg", "append"},
    {"trag", "append"},
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
    {"welche", "which"},    {"als", "as"},          {"von", "from"},        {"ende", "end"},
    {"danach", "then"}, {"mailen", "email"}, {"maile", "email"}, {"vor", "out"}, {"anschließend", "then"}, {"daraufhin", "then"}, {"lautet", "is"},
    {"lauten", "is"}, {"bescheid", "inform"}, {"unten", "bottom"}, {"darunter", "below"},
    {"dasselbe", "same"}, {"entsprechend", "accordingly"}, {"gleiche", "same"}, {"heutige", "today"}, {"muss", "need"},
    {"könnten", "please"}, {"könntest", "please"}, {"würden", "please"}, {"würdest", "please"},
    {"schick*", "send"}, {"send*", "send"}, {"versend*", "send"}, {"übermittel*", "send"},
    {"übersend*", "send"}, {"weiterleit*", "forward"}, {"speicher*", "save"}, {"notier*", "note"},
    {"vermerk*", "note"}, {"öffn*", "open"}, {"zeig*", "show"}, {"abruf*", "fetch"},
    {"herunterlad*", "download"}, {"such*", "search"}, {"schreib*", "write"},
    {"ergänz*", "append"}, {"hinzufüg*", "append"}, {"eintragen", "append"}, {"trage", "append"},
    {"benachrichtig*", "notify"}, {"informier*", "inform"}, {"mitteil*", "tell"},
    {"erstell*", "create"}, {"kopier*", "copy"}, {"lösch*", "delete"}, {"ablegen", "save"},
    {"festhalten", "save"}, {"schau*", "look"}, {"guck*", "look"}, {"sieh", "check"},
    {"nachseh*", "check"}, {"prüf*", "check"}, {"einprägen", "remember"}, {"präg", "remember"},
    {"drin", "inside"}, {"darin", "inside"}, {"drinsteht", "inside"}, {"wüsste", "know"},
    {"wüßte", "know"}, {"gerne", "please"}, {"hängen", "attach"}, {"beigefügt*", "attached"},
    {"angehängt*", "attached"}, {"ruft", "fetch"}, {"laden", "download"}, {"auflist*", "list"},
    {"list*", "list"}, {"nenn*", "tell"}, {"richte", "tell"}, {"melde", "tell"}};
constexpr Entry french[] = {
    {"retenir", "remember"}, {"sauvegarder", "save"}, {"mettre", "put"}, {"récupérer", "fetch"}, {"lisez", "read"},
    {"supprime", "delete"}, {"efface", "delete"}, {"renomme", "rename"}, {"déplace", "move"},
    {"copie", "copy"}, {"imprime", "print"}, {"traduis", "translate"}, {"résume", "summarize"},
    {"calcule", "compute"}, {"dis", "tell"}, {"préviens", "notify"}, {"informe", "inform"},
    {"ligne", "line"}, {"rajoute", "append"}, {"note", "note"}, {"rappelle", "remember"},
    {"où", "where"}, {"trouver", "find"}, {"contient", "contains"}, {"dit", "says"},
    {"ouvrir", "open"}, {"nouveau", "new"}, {"nouvelle", "new"}, {"remplace", "replace"},
    {"quel", "what"}, {"jour", "day"}, {"date", "date"}, {"aujourd", "today"},
    {"réponds", "reply"}, {"destinataire", "recipient"}, {"adresse", "address"},
    {"écrit", "written"}, {"chercher", "search"}, {"va", "go"}, {"mets", "put"},
    {"mémorise", "remember"}, {"garde", "keep"}, {"oublie", "forget"}, {"dedans", "inside"},
    {"quels", "which"}, {"quelles", "which"}, {"ce", "what"}, {"que", "that"},
    {"demande", "request"}, {"réponse", "answer"}, {"transfère", "forward"}, {"voir", "see"},
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
    {"du", "of"},           {"s", "s"},
    {"ensuite", "then"}, {"puis", "then"}, {"veuillez", "please"}, {"pourriez", "please"},
    {"pourrais", "please"}, {"pouvez", "please"}, {"peux", "please"}, {"pourr*", "please"}, {"pouv*", "please"}, {"voudrais", "please"},
    {"savoir", "know"}, {"besoin", "need"}, {"faut", "need"}, {"faudrait", "need"},
    {"jointe", "attached"}, {"bas", "bottom"}, {"suite", "end"}, {"même", "same"}, {"ça", "this"},
    {"cela", "this"}, {"ceci", "this"}, {"prévén*", "notify"}, {"préven*", "notify"},
    {"prévien*", "notify"}, {"inform*", "inform"}, {"avert*", "notify"}, {"ajout*", "append"},
    {"enregistr*", "save"}, {"sauvegard*", "save"}, {"conserv*", "save"}, {"affich*", "show"},
    {"montr*", "show"}, {"ouvr*", "open"}, {"cherch*", "search"}, {"retrouv*", "find"},
    {"trouv*", "find"}, {"localis*", "find"}, {"télécharg*", "download"}, {"récupér*", "fetch"},
    {"consult*", "open"}, {"transf*", "forward"}, {"transm*", "forward"}, {"mémoris*", "remember"},
    {"retien*", "remember"}, {"reten*", "remember"}, {"rappel*", "remember"},
    {"souven*", "remember"}, {"souvien*", "remember"}, {"oubli*", "forget"}, {"envoi*", "send"},
    {"envoy*", "send"}, {"adresser", "send"}, {"expédi*", "send"}, {"copi*", "copy"},
    {"recopi*", "copy"}, {"notez", "note"}, {"noter", "note"}, {"inscri*", "append"},
    {"joign*", "attach"}, {"mett*", "put"}, {"lire", "read"}, {"lisez", "read"}, {"donn*", "give"},
    {"indiqu*", "tell"}, {"écriv*", "write"}, {"rédig*", "write"}, {"dites", "tell"},
    {"dire", "tell"}, {"rang*", "put"}, {"aller", "go"}, {"jett*", "look"}, {"regard*", "look"},
    {"vérifi*", "check"}, {"répond*", "reply"}, {"list*", "list"}};
constexpr Entry spanish[] = {
    {"que", "that"},
    {"guárdalo", "save"}, {"envíalo", "send"}, {"mándalo", "send"}, {"guárdala", "save"}, {"envíala", "send"}, {"léelo", "read"}, {"mira", "look"}, {"agrégalo", "append"}, {"añádelo", "append"},
    {"borra", "delete"}, {"elimina", "delete"}, {"renombra", "rename"}, {"mueve", "move"},
    {"copia", "copy"}, {"imprime", "print"}, {"traduce", "translate"}, {"resume", "summarize"},
    {"calcula", "compute"}, {"llama", "phone"}, {"avisa", "notify"}, {"dile", "tell"},
    {"di", "tell"}, {"informa", "inform"}, {"línea", "line"}, {"nueva", "new"}, {"nuevo", "new"},
    {"reemplaza", "replace"}, {"cambia", "change"}, {"recordar", "remember"}, {"anota", "note"},
    {"apunta", "note"}, {"dónde", "where"}, {"está", "is"}, {"hay", "there"}, {"enséñame", "show"},
    {"mostrar", "show"}, {"hoy", "today"}, {"fecha", "date"}, {"día", "day"}, {"dime", "tell"},
    {"para", "to"}, {"ver", "see"}, {"directorio", "directory"}, {"pon", "put"}, {"final", "end"},
    {"dice", "says"}, {"contiene", "contains"}, {"responde", "reply"}, {"dirección", "address"},
    {"recuerdas", "remember"}, {"olvides", "forget"}, {"dije", "told"}, {"dentro", "inside"},
    {"cuál", "which"}, {"cuáles", "which"}, {"obtén", "fetch"}, {"trae", "fetch"},
    {"reenvía", "forward"}, {"baja", "download"},
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
    {"necesito", "i need"}, {"por", "for"},         {"favor", "please"},    {"al", "to"},
    {"después", "then"}, {"entonces", "then"}, {"seguidamente", "then"}, {"puedes", "please"},
    {"podrías", "please"}, {"podría", "please"}, {"puede", "please"}, {"ruego", "please"},
    {"pudiera", "please"}, {"quiero", "need"}, {"quisiera", "need"}, {"debajo", "below"},
    {"mismo", "same"}, {"misma", "same"}, {"esto", "this"}, {"eso", "this"}, {"ponga", "put"},
    {"poner", "put"}, {"lea", "read"}, {"abra", "open"}, {"cree", "create"}, {"diga", "tell"},
    {"dígame", "tell"}, {"decir", "tell"}, {"decirle", "tell"}, {"comunic*", "tell"},
    {"envi*", "send"}, {"enví*", "send"}, {"mand*", "send"}, {"remit*", "send"},
    {"guard*", "save"}, {"guárd*", "save"}, {"escrib*", "write"}, {"añad*", "append"},
    {"agreg*", "append"}, {"apunt*", "note"}, {"anot*", "note"}, {"avis*", "notify"},
    {"inform*", "inform"}, {"busc*", "search"}, {"búsc*", "search"}, {"encuentr*", "find"},
    {"localic*", "find"}, {"localiz*", "find"}, {"muestr*", "show"}, {"mostr*", "show"},
    {"enseñ*", "show"}, {"descarg*", "download"}, {"consult*", "open"}, {"recuerd*", "remember"},
    {"record*", "remember"}, {"acuerd*", "remember"}, {"acord*", "remember"}, {"olvid*", "forget"},
    {"coloc*", "put"}, {"adjunt*", "attach"}, {"copi*", "copy"}, {"cópi*", "copy"},
    {"reenv*", "forward"}, {"sab*", "know"}, {"revis*", "check"}, {"list*", "list"}};

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

// Korean words by their beginning, as are those with a star; all others whole.
bool is_entry(std::string_view word, const Entry& entry, Language language) {
  if (language == Language::korean) return word.starts_with(entry.word);
  if (entry.word.ends_with('*')) return word.starts_with(entry.word.substr(0, entry.word.size() - 1));
  return word == entry.word;
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
  // Particles and endings that stand apart.
  static constexpr std::string_view loose[] = {"로", "으로", "에", "을", "를", "은", "는", "이", "가", "의", "도",
                                               "해요", "입니다", "합니다", "돼", "돼요", "해야", "요"};
  if (language == Language::korean && std::find(std::begin(loose), std::end(loose), word) != std::end(loose))
    return "the";
  for (const Entry& entry : entries(language))
    if (is_entry(word, entry, language)) return entry.english;
  return word;
}

Language language_of(std::string_view request) {
  const std::string bare = without_quotes(request);
  if (has_hangul(bare)) return Language::korean;
  std::size_t english = 0;
  std::array<std::size_t, 3> known{};
  std::array<bool, 3> is_sure{};  // "Retenir : …": one word, but a long one, or the first; and none of English
  constexpr std::size_t telling = 6;
  constexpr std::array languages = {Language::german, Language::french, Language::spanish};
  const std::vector<Span> words = find_words(bare, 64);
  for (const Span& span : words) {
    const std::string word = lower(span.in(bare));
    english += is_function_word(word) ? 1 : 0;
    for (std::size_t i = 0; i < languages.size(); ++i) {
      const auto list = entries(languages[i]);
      // "text" and "in" are English too.
      const bool is_known = std::any_of(list.begin(), list.end(), [&](const Entry& e) {
        return is_entry(word, e, languages[i]) && !word.starts_with(e.english);
      });
      known[i] += is_known ? 1 : 0;
      is_sure[i] = is_sure[i] || (is_known && (span == words.front() || word.size() >= telling));
    }
  }
  const auto best = std::max_element(known.begin(), known.end());
  const auto language = static_cast<std::size_t>(best - known.begin());
  if (*best <= english || *best == 0 || (*best < 2 && !is_sure[language])) return Language::english;
  return languages[language];
}

std::string in_english_words(std::string_view text, Language language) {
  if (language == Language::english) return std::string(text);
  std::vector<Span> kept = find_quotes(text);
  for (const SlotKind kind : {SlotKind::email, SlotKind::url, SlotKind::path})
    for (const Span& span : find_kind(kind, text)) kept.push_back(span);
  std::string out;
  std::size_t at = 0;
  for (const Span& whole : find_words(text)) {
    const bool is_kept = std::any_of(kept.begin(), kept.end(), [&](const Span& span) {
      return span.begin < whole.end && whole.begin < span.end;
    });
    Span word = whole;
    // "m'indiquer", "l'adresse"
    for (const std::string_view mark : {"'", "’"})
      if (const std::size_t at_mark = whole.in(text).find(mark); language == Language::french && at_mark <= 2)
        word.begin = whole.begin + at_mark + mark.size();
    if (word.size() == 0) continue;
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
