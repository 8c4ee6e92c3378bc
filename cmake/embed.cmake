# Writes OUTPUT, a C source with the bytes of SOURCE as `const char NAME[]`, a NUL after them, and their number as
# `const size_t NAME_bytes`; run by cmake -P when SOURCE has changed.
file(READ ${SOURCE} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(('[^']+',){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT}
  "#include \"embedded.h\"\n\nconst char ${NAME}[] = {\n${bytes}0};\nconst size_t ${NAME}_bytes = sizeof ${NAME} - 1;\n")
