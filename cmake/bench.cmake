# The benchmark, run by ./dev bench: crankcase-bench of tests/bench/bench_*.c, and crankcase-bench-split
# beside it, which splits the time of a replay: each function of split_functions.h is wrapped.
set(bench ${PROJECT_SOURCE_DIR}/tests/bench)

file(GLOB bench_sources CONFIGURE_DEPENDS ${bench}/bench_*.c)
add_executable(crankcase-bench ${bench_sources})

file(GLOB split_sources CONFIGURE_DEPENDS ${bench}/split_*.c)
add_executable(crankcase-bench-split ${split_sources} ${bench}/bench_group.c ${bench}/bench_measure.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${bench}/split_functions.h)
file(STRINGS ${bench}/split_functions.h split_functions REGEX "^(VALUE|NOTHING)\\(")
foreach(line ${split_functions})
  string(REGEX MATCH "((vk|EVP)_[A-Za-z0-9_]+), \\(" unused "${line}")
  target_link_options(crankcase-bench-split PRIVATE -Wl,--wrap=${CMAKE_MATCH_1})
endforeach()
target_link_options(crankcase-bench-split PRIVATE -Wl,--wrap=recorded_worker_host_init)
target_link_libraries(crankcase-bench-split PRIVATE PkgConfig::CRYPTO)

foreach(program crankcase-bench crankcase-bench-split)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/kernel)
  target_link_libraries(${program} PRIVATE crankcase_parts)
endforeach()
