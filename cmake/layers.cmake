# The rules of the layers (design: kernel/README.md and its neighbours), each checked on the tree and
# on a tiny tree with a planted violation that the check must catch.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(layers ${PROJECT_SOURCE_DIR}/tests/layers)

function(add_layer_test name)
  add_test(NAME layers.${name} COMMAND ${Python3_EXECUTABLE} -B ${ARGN} COMMAND_EXPAND_LISTS)
  set_tests_properties(layers.${name} PROPERTIES LABELS layers TIMEOUT 60)
endfunction()

add_layer_test(include_direction ${layers}/includes.py ${PROJECT_SOURCE_DIR})
add_layer_test(banned_names ${layers}/banned.py ${PROJECT_SOURCE_DIR})
add_layer_test(abi_version ${layers}/abi.py ${PROJECT_SOURCE_DIR})
add_layer_test(order_of_draws ${layers}/draws.py ${PROJECT_SOURCE_DIR})
add_layer_test(planted_include ${layers}/planted.py includes)
add_layer_test(planted_banned_name
  ${layers}/planted.py banned ${CMAKE_C_COMPILER} ${PROJECT_SOURCE_DIR}/kernel/banned.h)
add_layer_test(planted_draw ${layers}/planted.py draws)
add_layer_test(planted_abi ${layers}/planted.py abi)

# Instrumentation brings symbols of its own, so only an uninstrumented archive can be judged.
if(NOT CRANKCASE_SANITIZE AND NOT CRANKCASE_COVERAGE AND NOT CRANKCASE_FUZZ AND NOT CRANKCASE_PROBES)
  add_layer_test(archive_symbols ${layers}/symbols.py kernel
    ${CMAKE_NM} $<TARGET_FILE:vk> ${PROJECT_SOURCE_DIR})
  add_layer_test(shared_symbols ${layers}/symbols.py shared ${CMAKE_NM} $<TARGET_FILE:vk_shared>)
  foreach(folder sim faults)
    if(TARGET crankcase_${folder})
      add_layer_test(${folder}_symbols ${layers}/symbols.py deterministic
        ${CMAKE_NM} ${PROJECT_SOURCE_DIR} $<TARGET_OBJECTS:crankcase_${folder}>)
    endif()
  endforeach()
  add_layer_test(planted_symbol ${layers}/planted.py symbols
    ${CMAKE_C_COMPILER} ${CMAKE_AR} ${CMAKE_NM})
endif()
