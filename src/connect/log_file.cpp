#include "connect/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/descriptor.hpp"

namespace exeunt::connect {

using base::Code;
using base::fail;
using base::Result;

namespace {

/// The last `bytes_max` of a plain file.
Result<LogText> read_end(const std::string& path, std::size_t bytes_max) {
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return fail(base::system_error(path, "open", errno));
  if (!S_ISREG(status.st_mode)) return fail(Code::failed_precondition, path + " is no plain file", "name the server's log file");
  LogText out;
  const auto size = static_cast<std::size_t>(status.st_size);
  out.cut = size > bytes_max;
  std::size_t at = out.cut ? size - bytes_max : 0;
  out.text.resize(size - at);
  std::size_t got = 0;
  while (got < out.text.size()) {
    const auto count = ::pread(file.get(), out.text.data() + got, out.text.size() - got, static_cast<off_t>(at + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // cut shorter meanwhile
    got += static_cast<std::size_t>(count);
  }
  out.text.resize(got);
  if (out.cut) out.text.erase(0, std::min(out.text.size(), out.text.find('\n') + 1));
  return out;
}

}  // namespace

Result<LogText> read_log_end(const std::string& path, std::size_t bytes_max) {
  EXEUNT_TRY_ASSIGN(LogText now, read_end(path, bytes_max));
  if (now.cut || now.text.size() >= bytes_max) return now;
  auto before = read_end(path + ".1", bytes_max - now.text.size());
  if (!before) return now;
  now.cut = before->cut;
  now.text.insert(0, before->text.ends_with('\n') || before->text.empty() ? before->text : before->text + "\n");
  return now;
}

}  // namespace exeunt::connect
