# SPDX-License-Identifier: Apache-2.0
#
# cmake -DPAGE=FILE -DOUTPUT=FILE -DTOOLS=NAME:... -DPREFIX=TEXT -DSUFFIX=TEXT -P rename-page.cmake
#
# Writes a manual page for tools that are installed under other names: where it names one of them as a
# command, by its markup, the prefix and the suffix are added.
file(READ ${PAGE} text)
string(REPLACE ":" ";" tools ${TOOLS})
string(REPLACE ";" "\\;" text "${text}") # else CMake takes it for a list
string(TOUPPER "${PREFIX}" PREFIX_UPPER)
string(TOUPPER "${SUFFIX}" SUFFIX_UPPER)
# A hyphen of a command's name is a minus in a manual page.
string(REPLACE "-" "\\\\-" prefix "${PREFIX}")
string(REPLACE "-" "\\\\-" suffix "${SUFFIX}")
foreach(tool IN LISTS tools)
	string(TOUPPER ${tool} upper)
	foreach(before "\n\\.BR? " "\\\\fB" "\n\\.SH NAME\n")
		string(REGEX REPLACE "(${before})${tool}([^a-z0-9_-])" "\\1${prefix}${tool}${suffix}\\2"
			text "${text}")
	endforeach()
	string(REGEX REPLACE "(\n\\.TH )${upper} " "\\1${PREFIX_UPPER}${upper}${SUFFIX_UPPER} " text "${text}")
endforeach()
string(REPLACE "\\;" ";" text "${text}")
file(WRITE ${OUTPUT} "${text}")
