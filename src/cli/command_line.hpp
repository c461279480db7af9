// The command line: parsing only. `exeunt --help` is written for someone who knows the job but not this program.
#pragma once

namespace exeunt::cli {

/// Parses, runs one command, returns the exit code (docs/operations.md lists them).
[[nodiscard]] int main(int argc, char** argv);

}  // namespace exeunt::cli
