# SPDX-License-Identifier: Apache-2.0
#
# heirloom_layer(NAME SOURCES ... TESTS ... DEPENDS ... LIBRARIES ... TEST_LIBRARIES ... [TEST_KIND kind])
#
# One folder of src/, one library `heirloom_NAME`, one test program `heirloom_NAME_test` from its *_test.cpp. Files are
# listed, never globbed; a *_test.cpp that the folder holds but the list does not fails the configuration.

add_library(heirloom_options INTERFACE)
target_include_directories(heirloom_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
target_compile_options(heirloom_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers -fno-omit-frame-pointer)
target_compile_definitions(heirloom_options INTERFACE HEIRLOOM_CHECK_VIEWS=$<BOOL:${HEIRLOOM_CHECK_VIEWS}>)
# All or nothing: a program that is not instrumented cannot link a library that is.
if(HEIRLOOM_SANITIZE)
  # Not vptr: to look whether memory is readable it opens a pipe, and takes every object for a wrong one in the tests in
  # which a program has no descriptor left.
  add_compile_options(-fsanitize=${HEIRLOOM_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HEIRLOOM_SANITIZE})
endif()

function(heirloom_refuse_unregistered_tests)
  file(GLOB present RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *_test.cpp)
  foreach(test IN LISTS present)
    if(NOT test IN_LIST ARGN)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${test} is registered nowhere: add it to the list of tests beside it")
    endif()
  endforeach()
endfunction()

# Several files are compiled as one, where that is worth it: with a sanitizer. Without one each is compiled alone, so that each has
# what it needs.
function(heirloom_read_headers_once target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)  # of one file included by another
endfunction()

# heirloom_test_program(NAME SOURCES ... LIBRARIES ... [KIND kind] [TIMEOUT seconds] [ENVIRONMENT name=value] [FILTER filter])
#
# A test program whose cases ctest runs one by one, each with a time limit that only a hang reaches. Its kind is the
# ctest label by which the presets choose (CMakePresets.json): unit (the default, beside the code), threads (the unit tests of layers
# in which threads share memory, which ThreadSanitizer looks at), oracle, layout, crash, damage, stress, fuzz, e2e; `torture` runs for
# hours, and only in `make torture`. The target heirloom_unit_tests builds all of the kind unit, heirloom_thread_tests those of the
# kind threads. FILTER is GoogleTest's, of the cases that ctest runs: the others are run by hand, or by a target of their own.
if(HEIRLOOM_TESTS)
  add_custom_target(heirloom_unit_tests)
  add_custom_target(heirloom_thread_tests)
endif()
function(heirloom_test_program name)
  cmake_parse_arguments(ARG "" "KIND;TIMEOUT;ENVIRONMENT;FILTER" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_KIND)
    set(ARG_KIND unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE heirloom_options ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  # What is tested is compiled as the preset says. The tests themselves are half of all code, and no figure comes from them.
  if(HEIRLOOM_SANITIZE)
    target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
    heirloom_read_headers_once(${name})
  elseif(ARG_KIND MATCHES "^(unit|threads|e2e)$")
    target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  endif()
  if(ARG_KIND STREQUAL "unit")
    add_dependencies(heirloom_unit_tests ${name})
  elseif(ARG_KIND STREQUAL "threads")
    add_dependencies(heirloom_thread_tests ${name})
  endif()
  set(properties LABELS ${ARG_KIND} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT ${ARG_ENVIRONMENT})
  endif()
  gtest_discover_tests(${name} TEST_FILTER "${ARG_FILTER}" PROPERTIES ${properties} DISCOVERY_TIMEOUT 60)
endfunction()

function(heirloom_layer name)
  cmake_parse_arguments(ARG "" "TEST_KIND" "SOURCES;TESTS;DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  add_library(heirloom_${name} STATIC ${ARG_SOURCES})
  if(HEIRLOOM_SANITIZE)
    heirloom_read_headers_once(heirloom_${name})
  endif()
  target_link_libraries(heirloom_${name} PUBLIC heirloom_options Threads::Threads ${ARG_LIBRARIES})
  foreach(layer IN LISTS ARG_DEPENDS)
    target_link_libraries(heirloom_${name} PUBLIC heirloom_${layer})
  endforeach()
  target_sources(heirloom_objects INTERFACE $<BUILD_INTERFACE:$<TARGET_OBJECTS:heirloom_${name}>>)

  heirloom_refuse_unregistered_tests(${ARG_TESTS})
  if(HEIRLOOM_TESTS AND ARG_TESTS)
    heirloom_test_program(heirloom_${name}_test
      SOURCES ${ARG_TESTS} LIBRARIES heirloom_${name} ${ARG_TEST_LIBRARIES} KIND ${ARG_TEST_KIND})
  endif()
endfunction()

if(HEIRLOOM_TESTS)
  include(GoogleTest)
endif()
