#include "deed/agent/task/items.hpp"

#include "deed/agent/state.hpp"
#include "deed/core/checked.hpp"
#include "deed/tools/rows.hpp"

namespace deed {
namespace {

struct Raw {
  Json value;
  std::string origin;
  std::optional<Error> error = {};
};

// Where items come from; names are none of its business.
class Origin {
 public:
  virtual ~Origin() = default;
  virtual Result<std::optional<Raw>> next() = 0;
  virtual Trust trust() const = 0;
};

class List final : public Origin {
 public:
  List(Json list, std::string origin, Trust trust) : list_(std::move(list)), origin_(std::move(origin)), trust_(trust) {}
  Result<std::optional<Raw>> next() override {
    if (at_ == list_.size()) return std::optional<Raw>();
    Raw raw{std::move(list_.at(at_)), "item " + std::to_string(at_ + 1) + " of " + origin_};
    ++at_;
    return std::optional<Raw>(std::move(raw));
  }
  Trust trust() const override { return trust_; }

 private:
  Json list_;
  std::size_t at_ = 0;
  std::string origin_;
  Trust trust_;
};

class File final : public Origin {
 public:
  File(std::unique_ptr<RootDir> root, std::unique_ptr<RowReader> rows, std::string path)
      : root_(std::move(root)), rows_(std::move(rows)), path_(std::move(path)) {}
  Result<std::optional<Raw>> next() override {
    DEED_TRY(std::optional<Row> row, rows_->next());
    if (!row) return std::optional<Raw>();
    Raw raw{std::move(row->value), "line " + std::to_string(row->line) + " of " + path_, std::move(row->error)};
    return std::optional<Raw>(std::move(raw));
  }
  // The user's own file.
  Trust trust() const override { return Trust::tool; }

 private:
  std::unique_ptr<RootDir> root_;  // outlives the rows
  std::unique_ptr<RowReader> rows_;
  std::string path_;
};

class OriginReader final : public ItemReader {
 public:
  OriginReader(const State& state, RunId run, std::size_t step, std::unique_ptr<Origin> origin)
      : state_(state), run_(std::move(run)), step_(step), origin_(std::move(origin)) {}

  std::size_t step() const override { return step_; }

  Result<std::optional<NextItem>> next() override {
    DEED_TRY(std::optional<Raw> raw, origin_->next());
    at_end = !raw;
    if (!raw) return std::optional<NextItem>();
    const Step& step = state_.task->task->steps[step_];
    const std::int64_t index = index_++;
    if (step.loop->max > 0 && index >= step.loop->max) {
      return fail(ErrorKind::limit, "there are more than " + std::to_string(step.loop->max) + " items", step.id, "raise `max` of its `for`");
    }
    NextItem next;
    next.ref = {step.id, std::to_string(index), index};
    next.item = {std::move(raw->value), index, std::move(raw->origin), origin_->trust()};
    next.error = std::move(raw->error);
    if (step.loop->key && !next.error) name(next, *step.loop->key);
    if (next.error) next.error->where = next.item.origin;
    return std::optional<NextItem>(std::move(next));
  }

 private:
  void name(NextItem& next, const Expression& key) {
    const auto value = key.evaluate(TaskScope(state_, run_, &next.item));
    if (!value) {
      next.error = Error{ErrorKind::invalid, "it has no key: " + to_string(value.error())};
      return;
    }
    const bool is_text = value->value.is_string();
    std::string text = is_text ? value->value.get<std::string>() : to_text(value->value);
    if (text.empty() || (!is_text && !value->value.is_number())) {
      next.error = Error{ErrorKind::invalid, "its key is no text and no number: " + escaped(text)};
      return;
    }
    // Not the name of the other: that one is done, and is not to fail for this one.
    if (!met_.insert(text)) {
      next.error = Error{ErrorKind::conflict, "an item before it has the same key \"" + escaped(text) + "\""};
      text += " again at " + std::to_string(next.ref.index);
    }
    next.ref.key = std::move(text);
  }

  const State& state_;
  RunId run_;
  std::size_t step_;
  std::unique_ptr<Origin> origin_;
  std::int64_t index_ = 0;
  ItemKeys met_;  // names in this reading
};

Result<std::string> text_of(const Template& text, const Scope& scope, const char* what) {
  DEED_TRY(const Template::Rendered rendered, text.render(scope));
  if (!rendered.value.is_string()) return fail(ErrorKind::invalid, std::string(what) + " is no text");
  return rendered.value.get<std::string>();
}

Result<std::unique_ptr<Origin>> open_file(const RowFile& file, const Scope& scope, const std::string& root_path) {
  DEED_TRY(const std::string path, text_of(file.path, scope, "the path of its file"));
  RowOptions options{.encoding = file.encoding, .separator = file.separator};
  switch (file.format) {
    case RowFile::Format::csv: options.format = RowOptions::Format::csv; break;
    case RowFile::Format::jsonl: options.format = RowOptions::Format::jsonl; break;
    case RowFile::Format::sqlite: {
      options.format = RowOptions::Format::sqlite;
      DEED_TRY(options.query, text_of(file.query, scope, "its query"));
      break;
    }
  }
  DEED_TRY(std::unique_ptr<RootDir> root, open_root_dir(root_path));
  DEED_TRY(const RelativePath below, root->parse(path));
  DEED_TRY(std::unique_ptr<RowReader> rows, open_rows(*root, below, std::move(options)));
  return std::unique_ptr<Origin>(std::make_unique<File>(std::move(root), std::move(rows), path));
}

Result<std::unique_ptr<Origin>> open_list(const Template& list, const Scope& scope) {
  DEED_TRY(Template::Rendered rendered, list.render(scope));
  if (!rendered.value.is_array()) return fail(ErrorKind::invalid, "its `for` is no list: " + escaped(to_text(rendered.value).substr(0, 100)));
  std::string origin = "the task";
  Trust trust = Trust::user;
  for (const Template::Leaf& leaf : rendered.leaves) {
    if (leaf.trust >= trust) trust = leaf.trust, origin = leaf.origin;
  }
  return std::unique_ptr<Origin>(std::make_unique<List>(std::move(rendered.value), std::move(origin), trust));
}

}  // namespace

Result<std::unique_ptr<ItemReader>> read_items(const State& state, const RunId& run, std::size_t step, const std::string& root) {
  const Loop& loop = *state.task->task->steps[step].loop;
  const TaskScope scope(state, run);
  const auto* list = std::get_if<Template>(&loop.over);
  DEED_TRY(std::unique_ptr<Origin> origin, list ? open_list(*list, scope) : open_file(std::get<RowFile>(loop.over), scope, root));
  return std::unique_ptr<ItemReader>(std::make_unique<OriginReader>(state, run, step, std::move(origin)));
}

}  // namespace deed
