#include "connect/redis/reply.hpp"

#include <hiredis/read.h>

namespace exeunt::connect::redis {

namespace {

/// hiredis drives the parse; these build our own tree, element by element as they arrive: a count alone costs nothing.
Reply* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  auto* parent = static_cast<Reply*>(task->parent->obj);
  return &parent->items.emplace_back();
}

void* make_string(const redisReadTask* task, char* bytes, std::size_t size) {
  Reply* reply = place_of(task);
  reply->type = task->type == REDIS_REPLY_ERROR    ? Reply::Type::error
                : task->type == REDIS_REPLY_STATUS ? Reply::Type::status
                                                   : Reply::Type::text;
  reply->text.assign(bytes, size);
  return reply;
}

void* make_array(const redisReadTask* task, int count) {
  if (count < 0 || count > k_reply_items_max) return nullptr;
  Reply* reply = place_of(task);
  reply->type = Reply::Type::array;
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply* reply = place_of(task);
  reply->type = Reply::Type::integer;
  reply->number = value;
  return reply;
}

void* make_nil(const redisReadTask* task) { return place_of(task); }

void free_reply(void* root) { delete static_cast<Reply*>(root); }

redisReplyObjectFunctions functions{make_string, make_array, make_integer, make_nil, free_reply};

}  // namespace

std::string_view Reply::error_code() const {
  if (!is_error()) return {};
  return std::string_view(text).substr(0, text.find(' '));
}

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&functions)), broken_(reader_ == nullptr) {}

void ReplyReader::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  if (broken_ || bytes_ > k_reply_bytes_max || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != 0) broken_ = true;
}

std::optional<Reply> ReplyReader::next() {
  if (broken_) return std::nullopt;
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != 0) {
    broken_ = true;
    return std::nullopt;
  }
  if (found == nullptr) return std::nullopt;
  bytes_ = 0;
  const std::unique_ptr<Reply> owned(static_cast<Reply*>(found));
  return std::move(*owned);
}

}  // namespace exeunt::connect::redis
