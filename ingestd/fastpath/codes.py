"""The numbers by which a plan (plain Python) speaks to the kernel (compiled): what is where in their arrays.

A field that a document may have is a *slot*, numbered in the order in which they are written. While a line is read each slot has
a position and a size, 0 for an absent one; the size carries flags from bit 40 on.
"""

from __future__ import annotations

# flags of a slot's size
SCRATCH = 1 << 40  # the position is in scratch, not in the line; the value is finished
ESCAPE = 1 << 41  # the value is text in which a byte needs care
ZULU = 1 << 42  # a `Z` follows the value
SIZE = SCRATCH - 1

# operations, one for each kind of reading; a row is the code, the positions of its columns, its slots, its arguments
TEXT, PERCENT, WHOLE, DECIMAL, STATUS, IP, ENDPOINT, INSTANT, DATETIME, WORDS, HOSTS, TLS, VERSION, REQUEST = range(14)
ROW = 12  # numbers in an operation's row
R_CODE, R_COLUMN, R_SLOT = 0, 1, 2  # slots from R_SLOT on
R_ARGUMENT = 10
R_TIME = 11  # the column of a DateTime's time

# shapes
TABBED, SPACED, SPACED_RAW = range(3)

# a plan's single numbers
(
    P_SHAPE, P_COLUMNS, P_NEEDED, P_EXTRA_ALWAYS, P_NAMED, P_SLOTS, P_TEXTS, P_OPERATIONS, P_PREFIXES, P_HEADER,
    P_S_EXTRA, P_S_OFFSET, P_S_ID, P_S_ORIGINAL, P_FIXED, P_FACTOR, P_ACTION, P_FIRST_DAY, P_DAYS, P_ID, PARAMETERS,
) = range(21)  # fmt: skip

# scratch begins with what the kernel copies from: the words, then the id's template, then the object's own values
SCRATCH_WORDS = b"successfailuretlssslxx"
W_SUCCESS, W_FAILURE, W_TLS, W_SSL = (0, 7), (7, 7), (14, 3), (17, 3)
OFFSET_DIGITS = 12
ID_TAIL = b'"}}\n'

# the state that goes in and out of the kernel
(
    S_AT, S_OUT, S_DOCUMENTS, S_LINES, S_SKIPPED, S_DRIFTED, S_LEFT, S_NEED, S_END, STATE,
) = range(10)  # fmt: skip

# why the kernel returned
DONE, ROOM, FULL, HEADER = range(4)
