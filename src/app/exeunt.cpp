#include "cli/command_line.hpp"

int main(int argc, char** argv) { return exeunt::cli::main(argc, argv); }
