# What every target shares: warnings as errors, sanitizers, where dependencies come from.

option(HANSARD_WERROR "Treat warnings as errors" ON)
set(HANSARD_SANITIZE "" CACHE STRING "Sanitizers to build with: 'address,undefined' or 'thread'")
option(HANSARD_COVERAGE "Instrument for gcov" OFF)
option(HANSARD_UNITY "Compile several sources of a test or a benchmark as one" OFF)
option(HANSARD_FUZZ "Build the fuzz targets (clang only)" OFF)

add_library(hansard_flags INTERFACE)
target_compile_options(hansard_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor)
if(HANSARD_WERROR)
  target_compile_options(hansard_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overflows in inlined std::string code that are not there, in optimised builds only.
  target_compile_options(hansard_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-Wno-error=stringop-overflow -Wno-error=array-bounds -Wno-error=restrict>)
endif()
if(HANSARD_SANITIZE)
  target_compile_options(hansard_flags INTERFACE -fsanitize=${HANSARD_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(hansard_flags INTERFACE -fsanitize=${HANSARD_SANITIZE})
  if(HANSARD_SANITIZE MATCHES "undefined")
    target_compile_options(hansard_flags INTERFACE -fno-sanitize-recover=all)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With the checks in between, g++ 12 takes optionals of strings for uninitialised.
    target_compile_options(hansard_flags INTERFACE -Wno-error=maybe-uninitialized)
  endif()
  if(HANSARD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(hansard_flags INTERFACE -Wno-tsan)  # Asio's fences
  endif()
endif()
if(HANSARD_FUZZ)
  # clang 14 cannot emit the coroutines of the server with the check of function pointers.
  target_compile_options(hansard_flags INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=function)
endif()
if(HANSARD_COVERAGE)
  target_compile_options(hansard_flags INTERFACE --coverage)
  target_link_options(hansard_flags INTERFACE --coverage)
endif()

# One library per folder, exporting only its own include directory, so that an upward or sideways
# #include does not compile.
function(hansard_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE hansard_flags ${ARG_PRIVATE})
endfunction()

# A test executable; every test in it carries the labels. Most of the time that a test takes to compile
# goes into headers: with HANSARD_UNITY several sources are compiled as one, but for those under ALONE,
# whose own names are others' too. Product code never is: an overload of another file's must not be what
# a call means.
function(hansard_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS;ALONE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${HANSARD_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  if(ARG_ALONE)
    set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main hansard_flags)
  # What a test links is optimised, its own code need not be: a third less to compile.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  if(NOT ARG_LABELS)
    set(ARG_LABELS quick)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(GTest REQUIRED)
find_package(simdjson REQUIRED)
find_package(RocksDB 7.8 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
