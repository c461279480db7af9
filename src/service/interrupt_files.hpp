// Halt and cancel as small files in the home folder: they work whatever the store or a run is doing, and one person can set them at once.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "engine/interrupts.hpp"

namespace exeunt::service {

class InterruptFiles final : public engine::Interrupts {
 public:
  explicit InterruptFiles(std::filesystem::path home) : home_(std::move(home)) {}
  [[nodiscard]] std::optional<std::string> halted() const override;
  [[nodiscard]] bool cancel_requested(const model::CaseId& case_id) const override;

  /// Idempotent; the first reason stays.
  [[nodiscard]] base::Status halt(const std::string& words) const;
  [[nodiscard]] base::Status lift() const;
  [[nodiscard]] base::Status request_cancel(const model::CaseId& case_id, const std::string& words) const;
  void drop_cancel(const model::CaseId& case_id) const;

 private:
  [[nodiscard]] std::filesystem::path halt_file() const { return home_ / "HALT"; }
  [[nodiscard]] std::filesystem::path cancel_file(const model::CaseId& case_id) const { return home_ / ("cancel-" + case_id.text()); }
  std::filesystem::path home_;
};

}  // namespace exeunt::service
