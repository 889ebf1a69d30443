#include "deed/llm/media.hpp"

#include "deed/core/checked.hpp"

namespace deed {

Result<void> check_media(const Media& media, const ModelInfo& model) {
  const bool is_image = media.media_type.starts_with("image/"), is_audio = media.media_type.starts_with("audio/");
  const bool is_taken = is_image ? model.takes_images : is_audio ? model.takes_audio : model.takes_documents;
  if (is_taken) return {};
  const std::string kind = is_image ? "pictures" : is_audio ? "sounds" : "documents";
  return fail(ErrorKind::unsupported, "the model takes no " + kind + ", and " + escaped(media.name) + " is one", model.name,
              "name a model that does; `deed models list` shows which do");
}

Result<void> check_media(const ModelRequest& request, const ModelInfo& model) {
  for (const Message& message : request.messages) {
    for (const Media& media : message.media) DEED_OK(check_media(media, model));
  }
  return {};
}

}  // namespace deed
