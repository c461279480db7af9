#include "engine/path_book.hpp"

#include <doctest/doctest.h>

namespace exeunt {

using engine::PathBook;
using model::Grade;
using model::PathState;

namespace {

const base::Time k_noon{base::Duration{43'200'000}};
const base::Time k_later = k_noon + base::Duration{90'000};

model::NodeId add_one(PathBook& book) {
  engine::PathRecord record;
  record.node.key = {model::SystemId("provider"), model::NodeKind::token, "a:access-tokens"};
  record.step = model::StepId("s01");
  const model::NodeId id = record.node.id();
  book.add(std::move(record));
  return id;
}

}  // namespace

TEST_CASE("path book: when a path will have drained is remembered after its end, and forgotten when it is live again") {
  PathBook book;
  const model::NodeId id = add_one(book);
  CHECK(book.note_verdict(id, PathState::draining, Grade::unknown, k_noon, std::nullopt, k_later));
  CHECK_EQ(book.find(id)->drained_by, k_later);
  CHECK(book.note_verdict(id, PathState::ended, Grade::read_back, k_later));
  CHECK_FALSE(book.find(id)->until.has_value());
  CHECK_EQ(book.find(id)->drained_by, k_later);
  CHECK(book.note_verdict(id, PathState::live, Grade::unknown, k_later));
  CHECK_FALSE(book.find(id)->drained_by.has_value());
}

TEST_CASE("path book: that a path was witnessed is remembered until it is listed again or live") {
  PathBook book;
  const model::NodeId id = add_one(book);
  const model::Node node = book.find(id)->node;
  CHECK(book.note_verdict(id, PathState::ended, Grade::observed, k_noon));
  CHECK_FALSE(book.find(id)->was_witnessed);
  CHECK(book.note_verdict(id, PathState::ended, Grade::witnessed, k_noon));
  CHECK(book.note_verdict(id, PathState::unknown, Grade::unknown, k_later));  // a system that did not answer
  CHECK(book.find(id)->was_witnessed);
  book.note_node(node);
  CHECK_FALSE(book.find(id)->was_witnessed);
  CHECK(book.note_verdict(id, PathState::ended, Grade::witnessed, k_noon));
  CHECK(book.note_verdict(id, PathState::live, Grade::unknown, k_later));
  CHECK_FALSE(book.find(id)->was_witnessed);
}

TEST_CASE("path book: a step has ended when all of its paths have") {
  PathBook book;
  const model::NodeId id = add_one(book);
  CHECK(book.all_ended(model::StepId("s02")));
  CHECK_FALSE(book.all_ended(model::StepId("s01")));
  CHECK_EQ(book.ids_of_step(model::StepId("s01")), std::vector{id});
  book.note_verdict(id, PathState::ended, Grade::refused, k_noon);
  CHECK(book.all_ended(model::StepId("s01")));
  CHECK_EQ(book.tally().ended, 1);
}

TEST_CASE("path book: what an exception keeps is neither open nor ended, and open again when it is live") {
  PathBook book;
  const model::NodeId id = add_one(book);
  CHECK(book.note_verdict(id, PathState::waived, Grade::waived, k_noon, std::nullopt, k_later));
  CHECK_EQ(book.find(id)->until, k_later);
  CHECK_FALSE(book.find(id)->drained_by.has_value());
  CHECK(book.all_ended(model::StepId("s01")));
  CHECK_EQ(book.tally().ended, 0);
  CHECK_EQ(book.tally().waived, 1);
  CHECK(book.tally().open_required.empty());
  CHECK_EQ(book.tally().waived_required.size(), 1);
  CHECK(book.note_verdict(id, PathState::live, Grade::unknown, k_later));
  CHECK_FALSE(book.all_ended(model::StepId("s01")));
  CHECK_EQ(book.tally().waived, 0);
  CHECK(book.tally().waived_required.empty());
  CHECK_EQ(book.tally().open_required.size(), 1);
}

}  // namespace exeunt
