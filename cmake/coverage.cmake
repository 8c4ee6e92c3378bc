# The table of ./dev coverage, on coverage of a few made-up lines; measuring is ./dev coverage.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE)
  add_test(NAME coverage.table
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/coverage/branches_test.py)
  set_tests_properties(coverage.table PROPERTIES LABELS coverage TIMEOUT 60)
endif()
