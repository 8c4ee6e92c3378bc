# The workflow that users copy from corpus/ci: checked, and its steps run in a clean clone with what is built here. 77 says
# that it cannot be, and why. With a build of its own: ./dev test workflow.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE)
  add_test(NAME ci.workflow
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/ci/workflow.py
      --built $<TARGET_FILE_DIR:crankcase>)
  set_tests_properties(ci.workflow PROPERTIES LABELS ci SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
