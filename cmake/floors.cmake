# exeunt_floor(name [ON floor...] [LINKS library...]): library exeunt_<name> from src/<name>, linking the floors it
# stands on. A floor without files is no target, and floors above it link what it would have linked.
# tools/check_floors reads the includes and is the stricter half: linking alone lets a header slip through.

set(EXEUNT_SOURCE_ROOT ${CMAKE_SOURCE_DIR}/src)
set_property(GLOBAL PROPERTY EXEUNT_FLOORS "")

# Target all_verify_interface_header_sets: every header compiled by itself.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

function(exeunt_floor name)
  cmake_parse_arguments(floor "" "" "ON;LINKS" ${ARGN})
  set(below ${floor_LINKS})
  foreach(lower IN LISTS floor_ON)
    get_property(libraries GLOBAL PROPERTY EXEUNT_FLOOR_${lower})
    list(APPEND below ${libraries})
  endforeach()
  list(REMOVE_DUPLICATES below)

  set(folder ${EXEUNT_SOURCE_ROOT}/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/*.hpp)
  if(NOT sources AND NOT headers)
    set_property(GLOBAL PROPERTY EXEUNT_FLOOR_${name} "${below}")
    return()
  endif()

  set(library exeunt_${name})
  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${library} ${scope} ${EXEUNT_SOURCE_ROOT})
  target_link_libraries(${library} ${scope} ${below} exeunt_compiler)
  if(headers)
    target_sources(${library} ${scope} FILE_SET HEADERS BASE_DIRS ${EXEUNT_SOURCE_ROOT} FILES ${headers})
  endif()
  set_property(GLOBAL PROPERTY EXEUNT_FLOOR_${name} ${library})
  set_property(GLOBAL APPEND PROPERTY EXEUNT_FLOORS ${name})
endfunction()

# Libraries of every floor that exists, for what needs several floors.
function(exeunt_all_floors out)
  get_property(floors GLOBAL PROPERTY EXEUNT_FLOORS)
  list(TRANSFORM floors PREPEND exeunt_ OUTPUT_VARIABLE libraries)
  set(${out} ${libraries} PARENT_SCOPE)
endfunction()

# The binary: src/app is main() and wiring, and links every floor.
function(exeunt_app)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${EXEUNT_SOURCE_ROOT}/app/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    return()
  endif()
  exeunt_all_floors(floors)
  add_executable(exeunt ${sources})
  target_include_directories(exeunt PRIVATE ${EXEUNT_SOURCE_ROOT})
  target_link_libraries(exeunt PRIVATE ${floors} exeunt_compiler)
endfunction()
