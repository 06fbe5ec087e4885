"""The numbers by which the record cutter speaks to its scan, compiled or plain: what is where in the scan's state."""

from __future__ import annotations

(
    C_AT,  # where the scan goes on
    C_START,  # where the record, or the line that is none, begins
    C_LINE,  # all before it is whole lines
    C_UNTIL,  # before it a record ends with its line
    C_MODE,  # of the below
    C_DEPTH,  # objects and arrays that are open in the record
    C_NEST,  # of the outermost LEVELS of them: a bit each, the innermost lowest; 1 for an array
    C_STRING,  # whether the scan stands in a string,
    C_ESCAPED,  # and behind a backslash
    C_LINES,  # whether the record has a newline between its tokens
    C_WRAPPED,  # whether the array that holds the records is open
    C_SKIPPING,  # whether the record is too long, and only its end is looked for
    C_JOINTS,  # places where a newline is lacking
    CUTTER,
) = range(14)

LEVELS = 60
JOINTS_MAX = 4096
WRAPPER_BYTES = 256  # in which an object shows that it only holds the records

# modes: between records, behind one whose newline is not there yet, within one, within a line that is none
BETWEEN, BEHIND, WITHIN, JUNK = range(4)

# why the scan returned: all is read; more bytes are needed at C_START; the record is broken at C_AT; it is longer than allowed;
# the one that is skipped ends at C_AT; no room for joints
MORE, NEED, BROKEN, OVER, SKIPPED, FULL = range(6)
