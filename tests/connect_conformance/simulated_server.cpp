#include "connect_conformance/simulated_server.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.hpp"

extern char** environ;

namespace exeunt::testing {
namespace {

using base::Code;
using base::Descriptor;

std::string read_line(int descriptor) {
  std::string line;
  char c = 0;
  while (::read(descriptor, &c, 1) == 1) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<SimulatedServer>> SimulatedServer::start(const std::filesystem::path& folder,
                                                                      const std::vector<std::string>& systems, const std::string& seed) {
  std::vector<std::string> argv{
      "/usr/bin/python3",    std::string(EXEUNT_PROJECT_ROOT) + "/lab/simulated_systems.py", "--dir", folder.string(), "--seed", seed,
      "--until-stdin-closes"};
  for (const auto& system : systems) argv.insert(argv.end(), {"--system", system});
  std::vector<char*> arguments;
  for (auto& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  int to[2];
  int from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return base::fail(base::system_error("pipe", "pipe2", errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], 0);
  posix_spawn_file_actions_adddup2(&actions, from[1], 1);
  pid_t pid = -1;
  const int number = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  const Descriptor output(from[0]);
  if (number != 0) {
    ::close(to[1]);
    return base::fail(base::system_error(argv[1], "start", number));
  }
  std::unique_ptr<SimulatedServer> server(new SimulatedServer(folder, pid, to[1]));
  if (read_line(output.get()).find("ready") == std::string::npos) return base::fail(Code::unavailable, argv[1] + ": did not become ready");
  return server;
}

SimulatedServer::~SimulatedServer() {
  ::close(input_);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
}

base::Result<base::JsonObject> SimulatedServer::ask(const std::string& system, const base::JsonObject& request) const {
  const std::string path = socket(system);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::fail(Code::invalid_argument, path + ": is too long for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const Descriptor line(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const std::string text = base::canonical_json(request) + "\n";
  if (::connect(line.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || read_line(line.get()).empty() ||
      ::send(line.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    return base::fail(Code::unavailable, path + ": nobody answers");
  }
  EXEUNT_TRY_ASSIGN(const base::Json answer, base::parse_json(read_line(line.get())));
  if (!answer.is_object()) return base::fail(Code::internal, "the answer is no object");
  const base::JsonObject& object = answer.as_object();
  if (!base::json_bool(object, "ok").value_or(false))
    return base::fail(Code::internal, base::json_string(object, "what").value_or("no answer"));
  return object;
}

}  // namespace exeunt::testing
