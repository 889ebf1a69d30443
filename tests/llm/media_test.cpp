#include "deed/llm/media.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

using testing::HasSubstr;

std::string riff(const std::string& form) { return std::string("RIFF\x10\0\0\0", 8) + form + "rest"; }

TEST(Media, IsKnownByItsFirstBytesWhateverItsName) {
  EXPECT_EQ(media_type_of("\x89PNG\r\n\x1A\n...."), "image/png");
  EXPECT_EQ(media_type_of("\xFF\xD8\xFF\xE0...."), "image/jpeg");
  EXPECT_EQ(media_type_of("GIF89a...."), "image/gif");
  EXPECT_EQ(media_type_of(riff("WEBP")), "image/webp");
  EXPECT_EQ(media_type_of(riff("WAVE")), "audio/wav");
  EXPECT_EQ(media_type_of("ID3...."), "audio/mpeg");
  EXPECT_EQ(media_type_of("\xFF\xFB\x90\x64"), "audio/mpeg");
  EXPECT_EQ(media_type_of("%PDF-1.7"), "application/pdf");
}

TEST(Media, IsNotMadeOfOtherFiles) {
  for (const std::string& bytes : {std::string(), std::string("RIFF"), riff("AVI "), std::string("\xFF\xFF\xFF\xFF"), std::string("hello"),
                                   std::string("\x89PN"), std::string("<svg>")}) {
    EXPECT_EQ(media_type_of(bytes), std::nullopt);
    EXPECT_THAT(make_media("photo.png", bytes), IsError(ErrorKind::unsupported, HasSubstr("photo.png")));
  }
}

TEST(Media, HasALargestSize) {
  EXPECT_THAT(make_media("a.pdf", "%PDF-" + std::string(max_media_bytes, 'x')), IsError(ErrorKind::limit, HasSubstr("at most")));
}

TEST(Media, IsRefusedByAModelThatTakesNoneOfItsKind) {
  const Media picture = make_media("a.gif", "GIF89a").value(), sound = make_media("a.mp3", "ID3").value();
  const Media document = make_media("a.pdf", "%PDF-").value();
  const ModelInfo sees{.name = "sees", .takes_images = true}, hears{.name = "hears", .takes_audio = true};
  const ModelInfo reads{.name = "reads", .takes_documents = true};
  EXPECT_OK(check_media(picture, sees));
  EXPECT_OK(check_media(sound, hears));
  EXPECT_OK(check_media(document, reads));
  EXPECT_THAT(check_media(picture, hears), IsError(ErrorKind::unsupported, HasSubstr("pictures")));
  EXPECT_THAT(check_media(sound, reads), IsError(ErrorKind::unsupported, HasSubstr("sounds")));
  EXPECT_THAT(check_media(document, sees), IsError(ErrorKind::unsupported, HasSubstr("documents")));
}

}  // namespace
}  // namespace deed
