# Language, warnings and instrumentation. Everything here holds for the whole tree; what one layer
# alone is given (POSIX, banned.h) is an interface library that the layer's targets link.

option(CRANKCASE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(CRANKCASE_COVERAGE "Build with gcov instrumentation" OFF)
option(CRANKCASE_PROBES "Build with probes that count rare events (vk/probe.h)" OFF)
option(CRANKCASE_FUZZ "Build the fuzz targets on libFuzzer (clang only)" OFF)
option(CRANKCASE_FUZZ_MUTATORS "With mutators of our own, which only libFuzzer asks for" ON)
set(CRANKCASE_FUZZ_ENGINE "" CACHE STRING
  "What fuzz targets are linked with in place of libFuzzer; the flags of the compiler are then the caller's")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# gcc 12 and clang 14 know every one of these. A newer compiler that finds more is no reason to fail
# a user's build: cmake --compile-no-warning-as-error.
set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
  -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Wformat=2 -Wswitch-enum
  -Wnull-dereference -fno-common)

if(CRANKCASE_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "CRANKCASE_FUZZ needs clang: libFuzzer is part of it")
  endif()
  if(NOT CRANKCASE_FUZZ_ENGINE)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()
if(CRANKCASE_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(CRANKCASE_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

if(CRANKCASE_PROBES)
  add_compile_definitions(VK_PROBES)
endif()

# POSIX is for everything but the kernel.
add_library(crankcase_posix INTERFACE)
target_compile_definitions(crankcase_posix INTERFACE _POSIX_C_SOURCE=200809L)

# What must be deterministic may not even name the functions that are not; see kernel/banned.h.
add_library(crankcase_deterministic INTERFACE)
target_compile_options(crankcase_deterministic INTERFACE
  "SHELL:-include ${PROJECT_SOURCE_DIR}/kernel/banned.h" -Wdate-time)
