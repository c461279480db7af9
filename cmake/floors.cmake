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

# src/app/exeunt.cpp is main() and wiring of `exeunt`, and links every floor. src/app/exeunt_<floor>.cpp is the one of `exeunt-<floor>`, and
# links that floor and what it stands on.
function(exeunt_app)
  file(GLOB mains CONFIGURE_DEPENDS ${EXEUNT_SOURCE_ROOT}/app/*.cpp)
  foreach(main IN LISTS mains)
    get_filename_component(stem ${main} NAME_WE)
    string(REPLACE "_" "-" binary ${stem})
    if(stem STREQUAL "exeunt")
      exeunt_all_floors(floors)
    else()
      set(floors ${stem})  # the library of that floor is called so too
    endif()
    add_executable(${binary} ${main})
    target_include_directories(${binary} PRIVATE ${EXEUNT_SOURCE_ROOT})
    target_link_libraries(${binary} PRIVATE ${floors} exeunt_compiler)
  endforeach()
endfunction()
