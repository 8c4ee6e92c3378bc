# The yardstick of tests/mutants on a few of its bugs, and that it can fail; the whole of it is ./dev mutants.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE AND CMAKE_GENERATOR MATCHES "Ninja")
  add_test(NAME mutants.yardstick COMMAND ${Python3_EXECUTABLE} -B
    ${PROJECT_SOURCE_DIR}/tests/mutants/yardstick.py ${PROJECT_BINARY_DIR})
  set_tests_properties(mutants.yardstick PROPERTIES LABELS mutants TIMEOUT 120)
endif()
