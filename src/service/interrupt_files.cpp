#include "service/interrupt_files.hpp"

#include "base/file.hpp"

namespace exeunt::service {

std::optional<std::string> InterruptFiles::halted() const {
  std::error_code error;
  if (!std::filesystem::exists(halt_file(), error)) {
    // A folder that cannot be looked at counts as halted: errors fall on the safe side.
    if (error) return "the halt file cannot be looked at: " + error.message();
    return std::nullopt;
  }
  const auto words = base::read_file(halt_file(), 4096);
  return words ? *words : std::string("a halt file is there but unreadable");
}

bool InterruptFiles::cancel_requested(const model::CaseId& case_id) const {
  std::error_code error;
  return std::filesystem::exists(cancel_file(case_id), error);
}

base::Status InterruptFiles::halt(const std::string& words) const {
  if (halted()) return {};
  return base::write_file_atomically(halt_file(), words, 0644);
}

base::Status InterruptFiles::lift() const {
  std::error_code error;
  std::filesystem::remove(halt_file(), error);
  if (error)
    return base::fail(base::Code::permission_denied, "the halt file could not be removed: " + error.message(),
                      "remove HALT in the home folder as its owner");
  return {};
}

base::Status InterruptFiles::request_cancel(const model::CaseId& case_id, const std::string& words) const {
  return base::write_file_atomically(cancel_file(case_id), words, 0644);
}

void InterruptFiles::drop_cancel(const model::CaseId& case_id) const {
  std::error_code error;
  std::filesystem::remove(cancel_file(case_id), error);
}

}  // namespace exeunt::service
