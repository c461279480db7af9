#include "verify/command_line.hpp"

int main(int argc, char** argv) { return exeunt::verify::main(argc, argv); }
