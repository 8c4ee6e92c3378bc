# Fuzz targets: each tests/fuzz/NAME_fuzz.c defines LLVMFuzzerTestOneInput. On libFuzzer under the
# fuzz preset; elsewhere a plain driver runs the target over its seeds, so that ctest keeps them true.
set(fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz)
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${fuzz}/*_fuzz.c)
set(fuzz_driver ${fuzz}/plain_driver.c)

# An engine that brings its own main(), as OSS-Fuzz has them, is written in C++.
if(CRANKCASE_FUZZ_ENGINE)
  enable_language(CXX)
endif()

# What libFuzzer learns from a comparison is worth its price where texts are read; those that run a plan compare numbers of
# their own making, at a fifth of all that a run costs.
if(CRANKCASE_FUZZ AND NOT CRANKCASE_FUZZ_ENGINE)
  file(GLOB untraced CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernel/core/*.c
    ${PROJECT_SOURCE_DIR}/kernel/object/*.c ${PROJECT_SOURCE_DIR}/kernel/store/*.c
    ${PROJECT_SOURCE_DIR}/faults/*.c ${PROJECT_SOURCE_DIR}/sim/mem_*.c ${PROJECT_SOURCE_DIR}/sim/oracle*.c
    ${PROJECT_SOURCE_DIR}/sim/vat_*.c ${PROJECT_SOURCE_DIR}/sim/workload_*.c)
  foreach(name account plan_generate plan_host random replica run shadow sim_worker)
    list(APPEND untraced ${PROJECT_SOURCE_DIR}/sim/${name}.c)
  endforeach()
  set_source_files_properties(${untraced} PROPERTIES COMPILE_OPTIONS -fno-sanitize-coverage=trace-cmp)
endif()

foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/kernel)
  target_link_libraries(${name} PRIVATE crankcase_parts)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  if(name STREQUAL "store_fuzz")
    # The model of the store that its unit test has, too.
    set(tests ${PROJECT_SOURCE_DIR}/tests)
    target_sources(${name} PRIVATE
      ${tests}/testing_contents.c ${tests}/testing_contents_compare.c ${tests}/testing_values.c)
    target_include_directories(${name} PRIVATE ${tests})
    target_link_libraries(${name} PRIVATE PkgConfig::CRYPTO)
  endif()
  if(CRANKCASE_FUZZ)
    # What changes inputs: plans by what they say, operations and frames by themselves, texts by lines and words.
    if(NOT CRANKCASE_FUZZ_MUTATORS)
      # another engine's own
    elseif(name MATCHES "^(plan|run)_fuzz$")
      target_sources(${name} PRIVATE ${fuzz}/plan_mutator.c ${fuzz}/text_mutator.c)
    elseif(name STREQUAL "store_fuzz")
      target_sources(${name} PRIVATE ${fuzz}/step_mutator.c ${fuzz}/text_mutator.c)
    elseif(name STREQUAL "slog_fuzz")
      target_sources(${name} PRIVATE ${fuzz}/ring_mutator.c ${fuzz}/text_mutator.c)
    elseif(name STREQUAL "frame_fuzz")
      target_sources(${name} PRIVATE ${fuzz}/frame_mutator.c ${fuzz}/text_mutator.c)
    else()
      target_sources(${name} PRIVATE ${fuzz}/text_hooks.c ${fuzz}/text_mutator.c)
    endif()
    if(CRANKCASE_FUZZ_ENGINE)
      target_link_libraries(${name} PRIVATE ${CRANKCASE_FUZZ_ENGINE})
      set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
    else()
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endif()
  else()
    target_sources(${name} PRIVATE ${fuzz_driver})
    add_test(NAME fuzz_seeds.${name}
      COMMAND ${name} ${PROJECT_SOURCE_DIR}/corpus/fuzz/${name})
    set_tests_properties(fuzz_seeds.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endforeach()

# What drives libFuzzer, without one: a stand-in says what libFuzzer says. And that the bugs of tests/fuzz/planted apply.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME fuzz.driver COMMAND ${Python3_EXECUTABLE} -B ${fuzz}/driver_test.py)
add_test(NAME fuzz.planted_apply COMMAND ${Python3_EXECUTABLE} -B ${fuzz}/planted.py --check)
set_tests_properties(fuzz.driver fuzz.planted_apply PROPERTIES LABELS fuzz TIMEOUT 120)
