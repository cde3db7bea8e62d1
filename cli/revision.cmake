# Writes the header that names the version and the git revision, if it says something new.
# cmake -D VERSION=0.1.0 -D SOURCE=DIR -D HEADER=FILE -P revision.cmake
find_program(git git)
set(revision "")
if(git AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${git} -C ${SOURCE} describe --always --dirty --exclude=* OUTPUT_VARIABLE revision
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT
  "#define NOLOSS_VERSION \"@VERSION@\"\n#define NOLOSS_REVISION \"@revision@\"\n")
