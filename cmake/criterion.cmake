# Unit tests: one Criterion executable for each tests/*_test.c and tests/store_*.c, run by
# tests/runner/run_criterion, which fails a run of no tests and one that a sanitizer complained of.
# The rest of tests/*.c is what several tests share.
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)

file(GLOB test_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/tests/*_test.c ${PROJECT_SOURCE_DIR}/tests/store_*.c)
list(REMOVE_DUPLICATES test_sources)
file(GLOB test_shared_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.c)
if(test_sources)
  list(REMOVE_ITEM test_shared_sources ${test_sources})
endif()

add_library(test_uses INTERFACE)
target_include_directories(test_uses INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/kernel ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(test_uses INTERFACE
  crankcase_parts PkgConfig::CRITERION PkgConfig::CRYPTO PkgConfig::ZLIB PkgConfig::YAJL)
target_compile_definitions(test_uses INTERFACE
  TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" TEST_BINARY_DIR="${PROJECT_BINARY_DIR}")
if(test_shared_sources)
  add_library(test_shared STATIC ${test_shared_sources})
  target_link_libraries(test_shared PUBLIC test_uses)
  set(test_library test_shared)
else()
  set(test_library test_uses)
endif()

find_program(VALGRIND valgrind)
set(run_criterion ${PROJECT_SOURCE_DIR}/tests/runner/run_criterion)

# Under valgrind each test of Criterion's costs a second for its process alone. So what is left out there: tests that
# loop over much, and those of whole kernels, of the simulation and of commands, whose code valgrind.replay and
# valgrind.run run whole. ASan and UBSan see all of them. What is left is kernel/base, object and store.
set(tests_not_for_valgrind
  "^(kernel_.*|story_.*|suspend.*|host.*|initialize.*|vat_state|vat_program|directive.*|run_directives|kernel_module|postmortem"
  "|disk_fault|mem_disk|fault|snapshot_fault|worker_fault|oracle|account|shadow|flight_recorder|probes|jobs|random"
  "|audit_command|auditor.*|diff.*|slog_.*|corpus|shrink.*|failure_to_fix|plan.*|recorded_run|recording|replay|results"
  "|report_writers|run|run_command|json_lines|run_words|text_file|outputs|run_reports|run_reports_room|shell_words|interrupt|sweep|timeline|wrong_input|sim_worker|vat_admin_device|sqlite_heap_fault)_test$"
  "|^store_(file|model|open_failure|sweep)$")
string(CONCAT tests_not_for_valgrind ${tests_not_for_valgrind})

# Those that take longest under sanitizers are for `./dev test all`, which CI runs.
set(tests_long_when_sanitized
  "^(failure_to_fix|kernel_no_room|mem_disk|shrink|shrink_command|slog_corpus|sqlite_heap_fault)_test$")

foreach(source ${test_sources})
  get_filename_component(name ${source} NAME_WE)
  set(labels unit)
  if(CRANKCASE_SANITIZE AND name MATCHES "${tests_long_when_sanitized}")
    list(APPEND labels long)
  endif()
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${test_library})
  add_test(NAME unit.${name} COMMAND ${run_criterion} $<TARGET_FILE:${name}>)
  set_tests_properties(unit.${name} PROPERTIES LABELS "${labels}" TIMEOUT 300)
  # Only by `ctest -C valgrind`, so that a plain ctest stays quick.
  if(VALGRIND AND NOT CRANKCASE_SANITIZE AND NOT name MATCHES "${tests_not_for_valgrind}")
    add_test(NAME valgrind.${name} CONFIGURATIONS valgrind
      COMMAND ${run_criterion} --valgrind $<TARGET_FILE:${name}>)
    set_tests_properties(valgrind.${name} PROPERTIES LABELS valgrind TIMEOUT 300)
  endif()
endforeach()

# For mknod().
target_compile_definitions(text_file_test PRIVATE _XOPEN_SOURCE=700)
target_compile_definitions(outputs_test PRIVATE _XOPEN_SOURCE=700)

# These run the command itself.
add_dependencies(run_command_test crankcase)
add_dependencies(outputs_test crankcase)
add_dependencies(json_lines_test crankcase)
add_dependencies(run_words_test crankcase)
add_dependencies(sweep_test crankcase)
add_dependencies(probes_test crankcase)
add_dependencies(postmortem_test crankcase)
add_dependencies(run_directives_test crankcase)
add_dependencies(run_reports_test crankcase crankcase-planted)
add_dependencies(run_reports_room_test crankcase crankcase-planted)
add_dependencies(diff_command_test crankcase crankcase-planted vk_shared)
add_dependencies(slog_replay_test crankcase)
add_dependencies(wrong_input_test crankcase crankcase-planted)
add_dependencies(shell_words_test crankcase crankcase-planted)
add_dependencies(interrupt_test crankcase)
add_dependencies(corpus_test crankcase crankcase-planted)
add_dependencies(shrink_command_test crankcase crankcase-planted)
add_dependencies(failure_to_fix_test crankcase crankcase-planted)
# Hundreds of runs, each in a process of its own, which sanitizers make dear.
set_tests_properties(unit.shrink_test unit.failure_to_fix_test PROPERTIES TIMEOUT 900)

# And these have the bugs of planted.cmake in themselves.
foreach(test oracle_test shrink_test)
  target_link_options(${test} PRIVATE ${planted_wraps})
endforeach()

# This one says itself whether there was memory.
target_link_options(timeline_test PRIVATE -Wl,--wrap=sim_timeline_is_cut)

# And this one loads kernels, and what is none.
add_dependencies(kernel_module_test crankcase vk_shared)
foreach(module no_kernel other_abi)
  add_library(${module} SHARED ${PROJECT_SOURCE_DIR}/tests/modules/${module}.c)
  target_include_directories(${module} PRIVATE ${PROJECT_SOURCE_DIR}/kernel/include)
  add_dependencies(kernel_module_test ${module})
endforeach()

# The runner is a check too, so it is shown that it can fail.
add_executable(runner_probe ${PROJECT_SOURCE_DIR}/tests/runner/runner_probe.c)
target_link_libraries(runner_probe PRIVATE test_uses)
add_test(NAME runner.fails_what_criterion_lets_pass
  COMMAND ${PROJECT_SOURCE_DIR}/tests/runner/planted $<TARGET_FILE:runner_probe>)
set_tests_properties(runner.fails_what_criterion_lets_pass PROPERTIES
  LABELS layers TIMEOUT 120
  ENVIRONMENT "SANITIZED=$<BOOL:${CRANKCASE_SANITIZE}>;VALGRIND=${VALGRIND}")

# The store, and the databases that replays leave behind, against the real swing-store, where node
# and its package are at hand; 77 says that they are not. Once is enough: instrumented builds leave
# it to the others.
set(compat ${PROJECT_SOURCE_DIR}/tests/swing_store_compat)
if(EXISTS ${compat}/run.sh AND NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE)
  add_executable(swing_store_probe ${compat}/swing_store_probe.c)
  target_link_libraries(swing_store_probe PRIVATE vk crankcase_posix PkgConfig::CRYPTO)
  add_test(NAME swing_store_compat
    COMMAND ${compat}/run.sh $<TARGET_FILE:swing_store_probe> ${PROJECT_BINARY_DIR}
      $<TARGET_FILE:crankcase> ${PROJECT_SOURCE_DIR}/corpus/recordings)
  set_tests_properties(swing_store_compat PROPERTIES
    LABELS compat SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
