// exeunt-verify: checks a record, a signed note or a proof by itself: no network, no database, nothing but the files that are named.
#pragma once

namespace exeunt::verify {

/// Exit code: 0 it holds; 7 it is refused; 2 wrong command line, or a file of the caller's cannot be read.
[[nodiscard]] int main(int argc, char** argv);

}  // namespace exeunt::verify
