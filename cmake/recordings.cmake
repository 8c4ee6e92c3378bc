# The whole set of recordings of the real kernel, through the command as a user would run it. Whatever
# a user may choose must not show in a result, so every choice meets every recording.
set(recordings ${PROJECT_SOURCE_DIR}/corpus/recordings)
# Under sanitizers, which take three times as long, the other choices meet the suite's: a fifth of the cranks, and all that there
# is to be met in them.
set(chosen ${recordings})
if(CRANKCASE_SANITIZE)
  set(chosen ${recordings}/suite)
endif()

function(add_recordings_test name where)
  add_test(NAME recordings.${name} COMMAND crankcase ${ARGN} ${where})
  set_tests_properties(recordings.${name} PROPERTIES LABELS recordings TIMEOUT 900)
endfunction()

add_recordings_test(replay_write_back ${recordings} replay --quiet)
add_recordings_test(replay_direct ${chosen} replay --quiet --store direct)
add_recordings_test(replay_few_vats_online ${chosen} replay --quiet --vats-online 2)
# Nor may what befalls a host that can start again: each recording under faults of its own.
add_recordings_test(run_invisible ${recordings} run --quiet --faults invisible --seed 1 --seeds 2)
if(CRANKCASE_SANITIZE)
  set_tests_properties(recordings.run_invisible PROPERTIES LABELS "recordings;long")
endif()
add_recordings_test(audit ${recordings} audit)
add_recordings_test(audit_every_crank ${chosen} audit --every-crank)

# Of the databases that a replay leaves it is the contents that count; sanitizers saw their making above.
if(NOT CRANKCASE_SANITIZE)
  add_test(NAME recordings.kept_databases
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/recordings/kept_databases.py
      $<TARGET_FILE:crankcase> ${recordings})
  set_tests_properties(recordings.kept_databases PROPERTIES LABELS recordings TIMEOUT 900)
endif()

# A few under valgrind; `ctest -C valgrind`, as with the unit tests.
if(VALGRIND AND NOT CRANKCASE_SANITIZE)
  file(GLOB few ${recordings}/fuzz/*1.jsonl.xz)
  add_test(NAME valgrind.replay CONFIGURATIONS valgrind
    COMMAND ${VALGRIND} --quiet --leak-check=full --errors-for-leak-kinds=definite
      --error-exitcode=4 $<TARGET_FILE:crankcase> replay --quiet ${few})
  set_tests_properties(valgrind.replay PROPERTIES LABELS valgrind TIMEOUT 300)
endif()

# The example plans, and campaigns as a user would run them.
file(GLOB plans ${PROJECT_SOURCE_DIR}/corpus/plans/*.plan)
add_test(NAME runs.plans COMMAND crankcase run ${plans})
add_test(NAME runs.campaign COMMAND crankcase run --seeds 300 --faults all --jobs 2
  --out ${PROJECT_BINARY_DIR}/failures)
add_test(NAME runs.everything COMMAND crankcase run --seeds 100 --faults all --everything --jobs 2
  --out ${PROJECT_BINARY_DIR}/failures)
add_test(NAME runs.sweep COMMAND crankcase sweep --every 50 --jobs 2
  --out ${PROJECT_BINARY_DIR}/sweep-failure.plan ${PROJECT_SOURCE_DIR}/corpus/plans/first-steps.plan)
# What is kept still does what is expected of it; recordings have their own tests above.
add_test(NAME runs.corpus COMMAND crankcase corpus run --plans --jobs 2 ${PROJECT_SOURCE_DIR}/corpus)
set_tests_properties(runs.corpus runs.plans runs.campaign runs.everything runs.sweep PROPERTIES LABELS runs TIMEOUT 600)
if(VALGRIND AND NOT CRANKCASE_SANITIZE)
  add_test(NAME valgrind.run CONFIGURATIONS valgrind
    COMMAND ${VALGRIND} --quiet --leak-check=full --errors-for-leak-kinds=definite
      --error-exitcode=4 $<TARGET_FILE:crankcase> run --quiet --states --seeds 40 --out
      ${PROJECT_BINARY_DIR}/failures)
  set_tests_properties(valgrind.run PROPERTIES LABELS valgrind TIMEOUT 300)
endif()

# A panic, looked at in gdb just before it; 77 says that it cannot be, and why.
add_test(NAME gdb.stops_before_the_delivery
  COMMAND ${PROJECT_SOURCE_DIR}/tests/gdb/stop_before_delivery
    $<TARGET_FILE:crankcase> ${PROJECT_SOURCE_DIR}/kernel/gdb/vk_printers.py)
set_tests_properties(gdb.stops_before_the_delivery PROPERTIES
  LABELS gdb SKIP_RETURN_CODE 77 TIMEOUT 120)

# Reports as CI and people read them; 77 says that a reader is missing.
set(reports ${PROJECT_SOURCE_DIR}/tests/reports)
foreach(reader xmllint junitparser)
  add_test(NAME reports.junit_${reader}
    COMMAND ${reports}/junit_readers ${reader} $<TARGET_FILE:crankcase> $<TARGET_FILE:crankcase-planted>)
endforeach()
add_test(NAME reports.page
  COMMAND ${Python3_EXECUTABLE} -B ${reports}/page.py $<TARGET_FILE:crankcase>
    $<TARGET_FILE:crankcase-planted> ${PROJECT_BINARY_DIR})
add_test(NAME reports.trace
  COMMAND ${Python3_EXECUTABLE} -B ${reports}/trace.py $<TARGET_FILE:crankcase>)
add_test(NAME reports.trace_viewer
  COMMAND ${Python3_EXECUTABLE} -B ${reports}/trace.py --viewer ${PROJECT_BINARY_DIR} $<TARGET_FILE:crankcase>)
set_tests_properties(reports.junit_xmllint reports.junit_junitparser reports.page reports.trace reports.trace_viewer PROPERTIES
  LABELS reports SKIP_RETURN_CODE 77 TIMEOUT 300)
