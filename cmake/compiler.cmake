# Language, warnings, sanitizers, ccache: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(EXEUNT_CCACHE ccache)
if(EXEUNT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the build folder: two clones of the same state share what one of them compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${EXEUNT_CCACHE})
endif()

add_library(exeunt_compiler INTERFACE)
target_compile_options(exeunt_compiler INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wformat=2 -Wundef -Wextra-semi -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(exeunt_compiler INTERFACE
    -Wlogical-op -Wduplicated-cond
    # g++ 12 reports these inside std::string and tl::expected where nothing is wrong (GCC bugs 105651, 105562).
    -Wno-restrict -Wno-maybe-uninitialized)
else()
  # clang's -Wconversion includes it, g++'s does not: both compilers ask for the same.
  target_compile_options(exeunt_compiler INTERFACE -Wno-sign-conversion
    # libstdc++ 12's own std::stable_sort calls what it declares deprecated; g++ keeps quiet about its headers, clang 19 does not.
    -Wno-deprecated-declarations)
endif()

if(EXEUNT_SANITIZE)
  add_compile_options(-fsanitize=${EXEUNT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EXEUNT_SANITIZE})
endif()
if(EXEUNT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
