# README's examples are typed, and print what it shows. Instrumented builds say no more than the others.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE)
  add_test(NAME readme.examples
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/readme/examples.py $<TARGET_FILE_DIR:crankcase>)
  set_tests_properties(readme.examples PROPERTIES LABELS readme TIMEOUT 300)
endif()
