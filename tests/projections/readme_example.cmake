# Follows "How to add a projection" of projections/README.md to the letter: writes its header, adds its
# lines to a copy of registry.cpp, builds both against the libraries as they are, and compares the
# rows it finds in a log that was there before (readme_example_main.cpp) with those the README shows.
#   -D SOURCE=<root> -D WORK=<scratch folder> -D CXX=<compiler> -D FLAGS=<;list> -D INCLUDES=<;list>
#   -D LIBS=<;list>
cmake_minimum_required(VERSION 3.25)

file(READ ${SOURCE}/projections/README.md readme)
string(FIND "${readme}" "## How to add a projection" begin)
string(SUBSTRING "${readme}" ${begin} -1 readme)

# The first fenced block of a language after what was taken before; moves `readme` past it.
macro(take_block language out)
  string(FIND "${readme}" "```${language}\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "the README has no block of ${language} where one is expected")
  endif()
  string(LENGTH "```${language}\n" skip)
  math(EXPR begin "${begin} + ${skip}")
  string(SUBSTRING "${readme}" ${begin} -1 readme)
  string(FIND "${readme}" "```" end)
  string(SUBSTRING "${readme}" 0 ${end} ${out})
  math(EXPR end "${end} + 3")
  string(SUBSTRING "${readme}" ${end} -1 readme)
endmacro()
take_block(cpp header)
take_block(cpp registration)
take_block(text rows)

file(REMOVE_RECURSE ${WORK})
file(WRITE ${WORK}/include/projections/tools_by_name.h "${header}")

# The include goes to the includes, the line into all().
file(READ ${SOURCE}/projections/src/registry.cpp registry)
string(FIND "${registration}" "\n" newline)
string(SUBSTRING "${registration}" 0 ${newline} include)
math(EXPR newline "${newline} + 1")
string(SUBSTRING "${registration}" ${newline} -1 line)
set(first_include "#include \"projections/sessions.h\"\n")
set(end_of_all "  return list;")
foreach(anchor first_include end_of_all)
  string(FIND "${registry}" "${${anchor}}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "registry.cpp has no line '${${anchor}}'")
  endif()
endforeach()
string(REPLACE "${first_include}" "${first_include}${include}\n" registry "${registry}")
string(REPLACE "${end_of_all}" "${line}${end_of_all}" registry "${registry}")
file(WRITE ${WORK}/registry.cpp "${registry}")

list(TRANSFORM INCLUDES PREPEND "-I")
execute_process(
  COMMAND ${CXX} -std=c++20 ${FLAGS} -I${WORK}/include ${INCLUDES} ${WORK}/registry.cpp ${LIBS}
    -o ${WORK}/example
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "what the README says does not build")
endif()
execute_process(COMMAND ${WORK}/example tools_by_name OUTPUT_VARIABLE actual RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the example failed: ${failed}")
endif()

string(REGEX REPLACE " +" " " rows "${rows}")
if(NOT actual STREQUAL rows)
  message(FATAL_ERROR "the README shows\n${rows}but the rows are\n${actual}")
endif()
