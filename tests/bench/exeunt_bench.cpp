// exeunt_bench --json [--seconds S] [--folder DIR] [part...]: prints one JSON object of figures. Not a test: nothing here asserts a time.
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include "bench/bench.hpp"

namespace exeunt::bench {
namespace {

std::map<std::string, Part>& parts() {
  static std::map<std::string, Part> registry;  // filled before main by the parts' own files
  return registry;
}

double load_average() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

int run(Settings settings, const std::set<std::string>& wanted) {
  base::JsonObject figures{{"load_avg", load_average()}};  // before the work: what else the machine was doing
  for (const auto& [name, part] : parts()) {
    if (!wanted.empty() && !wanted.contains(name)) continue;
    if (auto done = part(settings, figures); !done) {
      std::fprintf(stderr, "bench %s: %s\n", name.c_str(), done.error().text().c_str());
      return 1;
    }
  }
  std::printf("%s\n", base::canonical_json(figures).c_str());
  return 0;
}

}  // namespace

bool register_part(std::string name, Part part) { return parts().emplace(std::move(name), std::move(part)).second; }

base::Result<BenchStore> make_store(const Settings& settings, const std::string& name, const base::Clock& clock, base::Random& random,
                                    std::size_t commit_batch_max) {
  BenchStore made{evidence::SigningKey::generate("exeunt.bench/log/" + name, random), {}, nullptr};
  made.options.database = settings.folder / (name + ".db");
  made.options.checkpoint_copy = settings.folder / (name + ".checkpoint");
  made.options.origin = made.key.verifier().name;
  made.options.verifier = made.key.verifier();
  made.options.commit_batch_max = commit_batch_max;
  EXEUNT_TRY(store::create_store(made.options, random));
  EXEUNT_TRY_ASSIGN(made.store, store::open_store(made.options, clock, random));
  return made;
}

}  // namespace exeunt::bench

int main(int count, char** arguments) {
  exeunt::bench::Settings settings;
  std::set<std::string> wanted;
  std::string parent = std::filesystem::current_path().string();
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--json") continue;
    if (argument == "--seconds" && i + 1 < count) {
      settings.seconds = std::atof(arguments[++i]);
    } else if (argument == "--folder" && i + 1 < count) {
      parent = arguments[++i];
    } else if (!argument.starts_with("-")) {
      wanted.insert(argument);
    } else {
      std::fprintf(stderr, "usage: exeunt_bench --json [--seconds S] [--folder DIR] [part...]\n");
      return 2;
    }
  }
  std::string folder = parent + "/exeunt-bench-XXXXXX";
  if (settings.seconds <= 0 || ::mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "exeunt_bench: %s cannot be made, or --seconds is not positive\n", folder.c_str());
    return 2;
  }
  settings.folder = folder;
  const int code = exeunt::bench::run(settings, wanted);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return code;
}
