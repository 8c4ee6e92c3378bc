# The benchmark: one executable of all tests/bench/*.c, run by ./dev bench.
file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/*.c)
if(bench_sources)
  add_executable(crankcase-bench ${bench_sources})
  target_include_directories(crankcase-bench PRIVATE ${PROJECT_SOURCE_DIR}/kernel)
  target_link_libraries(crankcase-bench PRIVATE crankcase_parts)
endif()
