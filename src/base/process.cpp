#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/descriptor.hpp"

namespace exeunt::base {
namespace {

constexpr Duration k_look_after{20};  // a program whose grandchild keeps the pipes open is still seen to end

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("pipe", "pipe2", errno));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void never_block(const Descriptor& descriptor) { ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK); }

// A program that does not read its input must not end us: the signal is held for this thread and taken away again.
ssize_t write_without_signal(int descriptor, const char* data, std::size_t length) {
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t written = ::write(descriptor, data, length);
  const int number = errno;
  if (written < 0 && number == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec at_once{0, 0};
    while (sigtimedwait(&pipe_signal, nullptr, &at_once) < 0 && errno == EINTR) {}
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return written;
}

struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

Result<pid_t> spawn(const std::vector<std::string>& argv, const Pipe& input, const Pipe& output, const Pipe& error) {
  SpawnSettings settings;
  posix_spawn_file_actions_adddup2(&settings.actions, input.read.get(), 0);
  posix_spawn_file_actions_adddup2(&settings.actions, output.write.get(), 1);
  posix_spawn_file_actions_adddup2(&settings.actions, error.write.get(), 2);
  // Its own group, so that stopping it stops what it started too; no signal of ours held or ignored.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string path_entry = std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin");
  std::string locale_entry = "LC_ALL=C";
  std::array<char*, 3> environment{path_entry.data(), locale_entry.data(), nullptr};

  pid_t pid = -1;
  const int number = posix_spawnp(&pid, argv[0].c_str(), &settings.actions, &settings.attributes, arguments.data(), environment.data());
  if (number == ENOENT || number == EACCES || number == ENOTDIR) {
    return fail(Code::not_found, argv[0] + ": there is no such program, or it may not be started", "install it, or mend PATH");
  }
  if (number != 0) return fail(system_error(argv[0], "start", number));
  return pid;
}

class Run {
 public:
  Run(std::string name, pid_t pid, Pipe input, Pipe output, Pipe error, std::string_view bytes, const ProcessLimits& limits)
      : name_(std::move(name)),
        pid_(pid),
        input_(std::move(input.write)),
        output_(std::move(output.read)),
        error_(std::move(error.read)),
        bytes_(bytes),
        limits_(limits) {
    never_block(input_);
    never_block(output_);
    never_block(error_);
    if (bytes_.empty()) input_.reset();
  }

  Result<ProcessOutput> finish() {
    const Duration end = clock_.steady() + limits_.timeout;
    while (true) {
      const std::optional<int> status = ended();
      pump(output_, result_.out);
      pump(error_, result_.error);
      if (result_.out.size() + result_.error.size() > limits_.output_bytes_max) return stop("wrote more than its limit of output");
      if (status) {
        result_.exit_code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
        return std::move(result_);
      }
      const Duration left = end - clock_.steady();
      if (left.count() <= 0) return stop("did not end within " + std::to_string(limits_.timeout.count()) + " ms");
      wait(std::min(left, k_look_after));
      feed();
    }
  }

 private:
  std::optional<int> ended() {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == pid_) return status;
    return std::nullopt;
  }

  void wait(Duration at_most) {
    std::array<pollfd, 3> watched{pollfd{input_.get(), POLLOUT, 0}, pollfd{output_.get(), POLLIN, 0}, pollfd{error_.get(), POLLIN, 0}};
    // Both outputs at their end: it is about to exit, look again soon.
    const bool closed = !output_.valid() && !error_.valid();
    ::poll(watched.data(), watched.size(), closed ? 1 : static_cast<int>(at_most.count()));
  }

  void feed() {
    if (!input_.valid()) return;
    const ssize_t written = write_without_signal(input_.get(), bytes_.data(), bytes_.size());
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (written > 0) bytes_.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 || bytes_.empty()) input_.reset();
  }

  void pump(Descriptor& from, std::string& into) {
    char buffer[16'384];
    while (from.valid() && into.size() <= limits_.output_bytes_max) {
      const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return from.reset();
      into.append(buffer, static_cast<std::size_t>(got));
    }
  }

  tl::unexpected<Error> stop(const std::string& cause) {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    return fail(Code::outcome_unknown, name_ + ": " + cause + " and was stopped", "see what it changed before running it again");
  }

  std::string name_;
  pid_t pid_;
  Descriptor input_, output_, error_;
  std::string_view bytes_;
  ProcessLimits limits_;
  SystemClock clock_;
  ProcessOutput result_;
};

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& argv, std::string_view input, ProcessLimits limits) {
  if (argv.empty()) return fail(Code::invalid_argument, "no program was named");
  EXEUNT_TRY_ASSIGN(Pipe to, make_pipe());
  EXEUNT_TRY_ASSIGN(Pipe from, make_pipe());
  EXEUNT_TRY_ASSIGN(Pipe error, make_pipe());
  EXEUNT_TRY_ASSIGN(const pid_t pid, spawn(argv, to, from, error));
  to.read.reset();
  from.write.reset();
  error.write.reset();
  return Run(argv[0], pid, std::move(to), std::move(from), std::move(error), input, limits).finish();
}

}  // namespace exeunt::base
