// Whether a model takes a picture, a sound or a document.
#pragma once

#include "deed/core/media.hpp"
#include "deed/llm/model.hpp"

namespace deed {

/// errors  unsupported: the model does not take such; the hint says what to do
Result<void> check_media(const Media& media, const ModelInfo& model);

/// The same for all that the messages of a request carry.
Result<void> check_media(const ModelRequest& request, const ModelInfo& model);

}  // namespace deed
