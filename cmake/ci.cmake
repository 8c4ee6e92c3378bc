# The workflow that users copy from corpus/ci: checked, and its steps run in a clean clone with what is built here. What other
# tools say of it is told apart: 77 says that one is not to be had. With a build of its own: ./dev test workflow.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE)
  add_test(NAME ci.workflow
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/ci/workflow.py
      --built $<TARGET_FILE_DIR:crankcase>)
  add_test(NAME ci.shellcheck COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/ci/workflow.py --shellcheck)
  add_test(NAME ci.actionlint
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/ci/workflow.py
      --actionlint ${PROJECT_BINARY_DIR}/actionlint)
  set_tests_properties(ci.workflow ci.shellcheck ci.actionlint PROPERTIES LABELS ci SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
