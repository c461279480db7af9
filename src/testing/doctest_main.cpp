// main() of every doctest executable; compiled once.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>

int main(int argc, char** argv) {
  // As the binary does: a server that hangs up while a library writes to it (OpenSSL inside libldap) is an error, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return doctest::Context(argc, argv).run();
}
