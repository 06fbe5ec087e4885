"""The numbers by which a plan (plain Python) speaks to the kernel (compiled): what is where in their arrays.

A field that a document may have is a *slot*, numbered in the order in which they are written. While a line is read each slot
has a position and a size, 0 for an absent one; the size carries flags from bit 40 on.
"""

from __future__ import annotations

# flags of a slot's size
SCRATCH = 1 << 40  # the position is in scratch, not in the line; the value is finished
ESCAPE = 1 << 41  # the value is text in which a byte needs care
ZULU = 1 << 42  # a `Z` follows the value
MEANING = 1 << 43  # the position is in the plan's text; the value is finished
SIZE = SCRATCH - 1

# operations, one for each kind of reading; a row is the code, the positions of its columns, its slots, its arguments
(
    TEXT,
    PERCENT,
    WHOLE,
    DECIMAL,
    STATUS,
    IP,
    ENDPOINT,
    INSTANT,
    DATETIME,
    EPOCH,
    CLF,
    MAPPED,
    CUT,  # one piece of it
    WORDS,
    HOSTS,
    TLS,
    VERSION,
    REQUEST,
    ANY_TIME,
) = range(19)
ROW = 12  # numbers in an operation's row
R_CODE, R_COLUMN, R_SLOT = 0, 1, 2  # slots from R_SLOT on
R_SEPARATOR, R_LABEL, R_LAST, R_DATE = 3, 4, 5, 6  # of CUT and WORDS, which fill one slot: spans in the plan's text; flags
R_MASK = 3  # of MAPPED: the size of its table of meanings, a power of two, less one
R_ARGUMENT = 10
R_OTHER = 11  # another column, -1 for none: of a DateTime's time, or what an Epoch reads instead

# shapes
TABBED, SPACED, SPACED_RAW, CSV, RECORD = range(5)

# a place in the tree of a record's members: its column or -1, its kind, whether there are places below it, the next place
# of those that must not have values together, or itself, and the first and the number of the selections from an array there.
# PLAIN takes no array and no object; whether LOOSE does the reference has to say
PLACE_ROW = 6
PLACE_NONE, PLACE_PLAIN, PLACE_LOOSE, PLACE_BOOLEAN, PLACE_KEPT, PLACE_LIST, PLACE_PAIRS, PLACE_KNOWN, PLACE_LEFT = range(9)
# a selection: its column and kind, the name and the value by which an item is chosen, or 0, and the names that lead to the
# value below the item, spans in the plan's text; of all items in the name's place whether strings are selected too
SELECTION_ROW, SELECTIONS_MAX = 8, 60
SELECTION_COLUMN, SELECTION_KIND, SELECTION_NAME, SELECTION_VALUE, SELECTION_PATH = range(5)
SELECTION_TEXTS = SELECTION_NAME
# a name, in a table that is searched from the place on that its hash gives: its first eight bytes, its span in the plan's text,
# the place above it and its own; a span of 0 ends the search
NAME_ROW = 4

# a meaning, in a table that is searched from the place on that a value's hash gives: the value's first eight bytes and its last
# eight, its span and its meaning's in the plan's text; a span of 0 ends the search
MEANING_ROW = 4
HASH, HASH_SHIFT, HASH_BITS = 0x9E3779B1, 16, 0xFFFFFFFF

# a choice: its first condition, the one behind its last, how many lines one is kept of; a condition: its field's first slot,
# the one behind its last, a test, and the first and last of what that compares: spans of the plan's text; two ranges, of whole
# numbers and of billionths; or networks: IP version, two words of the network, two of its mask
CHOICE_ROW, CONDITION_ROW, NETWORK_ROW = 3, 5, 5
EQUALS, BEGINS, ENDS, CONTAINS, WITHIN, FROM = range(6)
LEFT_OUT, BARE, QUOTED = range(3)  # how a redacted slot is written: not at all, or without or with quotes

# of secrets: what backslashes are in a value, what goes in and out, how many buckets their names are in, and how many sets of
# letters, by the lower five bits of their last one, stand behind these
SECRET_PLAIN, SECRET_ESCAPES, SECRET_RECORD = range(3)
M_AT, M_SPANS, M_KEPT, MASK = range(4)
NAME_BUCKETS, NAME_ENDS = 64, 32

# a lookup: its number among those of the settings, whether it is by address, the slot whose text is looked up, how many slots
# it fills, and these from L_SLOTS on
LOOKUP_ROW = 16
L_NUMBER, L_BY_ADDRESS, L_SOURCE, L_COUNT, L_SLOTS = range(5)
# what is known already, in a table that is searched for KNOWN_PROBES rows from the place on that a key's hash gives: the hash,
# the key's span and that of what is found by it; a hash of 0 is an empty row. What is found: two bytes for the size of each
# value, the lower first, then the values.
KNOWN_ROW, KNOWN_PROBES = 4, 8
# of a lookup by address: where the first step into its tree is, for an IPv4 and for an IPv6 address; a step of so many bits
ROOT_ROW, FIRST_BITS = 2, 16

# a plan's single numbers
(
    P_SHAPE,  # of the above
    P_SEPARATOR,
    P_RUN,  # the separator, if several in a row are one; else -1
    P_SURE,  # whether most lines can be cut without looking at each byte
    P_POSITIONS,  # how many positions the order of columns speaks of
    P_NEEDED,  # columns that a line must have
    P_LOOSE,  # whether one of those positions belongs to no column
    P_FEWEST,  # how many of them a line has whose number of columns is no bit of the next; 0: all, whatever that number is
    P_GENERATIONS,
    P_NAMED,  # whether a header gave the order
    P_SLOTS,
    P_TEXTS,
    P_OPERATIONS,
    P_TWINS,  # groups of slots that are one field
    P_PREFIXES,  # of lines that are skipped
    P_HEADERS,  # how many of them, from the first, are a header's
    P_NAME,  # whether such a one is a name, which ends there
    P_DATED,  # whether lines without a time have the object's
    P_S_EXTRA,  # slots, -1 where there is none
    P_S_OFFSET,
    P_S_ORIGINAL,
    P_S_ID,
    P_FIXED,  # the most that a document takes: this, and
    P_FACTOR,  # this for each byte of its line
    P_ACTION,  # whether there is an action line
    P_NAMES_MASK,  # of a record's names: the size of their table, a power of two, less one
    P_DASHES,  # whether `-` is absent in a record
    P_CATCHES,  # whether what a record has beyond its columns is no drift
    P_CHOICES,  # rules by which lines become no documents
    P_REDACTED,  # slots that documents do not show
    P_LOOKUPS,  # how many lookups there are
    P_LOOKUP_TEXT_MAX,  # a longer text is not looked up
    P_PADDED,  # whether spaces and tabs at a line's ends are no part of it
    P_UNTABBED,  # whether a line without a separator may be one whose tabs have become spaces
    P_FIRSTS,  # the first bytes of prefixes, 32 bits a number, from here on
) = range(35)
PARAMETERS = P_FIRSTS + 8

COLUMNS_MAX = 512  # columns of one line that the kernel keeps; a line with more is the reference's
SLOTS_MAX = 1024  # fields of a document
EVENT_ID_MAX = 128  # bytes
LINE_MAX = 1 << 16  # a longer line is the reference's, so that scratch has a size

# scratch begins with what the kernel copies from: the words, then the id's template, then the object's own values
SCRATCH_WORDS = b'successfailuretlsssl"REDACTED"'.ljust(32)
W_SUCCESS, W_FAILURE, W_TLS, W_SSL, W_REDACTED = 0, 7, 14, 17, 20
WORD = 7  # size of `success` and `failure`
PROTOCOL = 3
MOMENT = 20  # size of `YYYY-MM-DDThh:mm:ssZ`
W_ID = 32  # object id, offset, and the end of an action line
W_DIGITS = W_ID + 16
DIGITS = 12
ID = 28
ACTION_TAIL = b'"}}\n'
W_ACTION_TAIL = W_ID + ID
W_OBJECT = W_ACTION_TAIL + len(ACTION_TAIL)

# the state that goes in and out of the kernel
(
    S_AT,  # where in the block the next line begins
    S_OUT,  # where the next document begins
    S_DOCUMENTS,
    S_LINES,  # documents, skipped lines and dropped ones
    S_SKIPPED,
    S_DRIFTED,
    S_LEFT,  # rows in `left`
    S_NEED,  # with ROOM: what the line may take
    S_SCRATCH,  # where scratch is free
    S_SIZE,
    S_OFFSET,
    S_FIRST_DAY,
    S_DAYS,
    S_FIXED,  # as P_FIXED, for what the object adds
    S_TIME,  # where in scratch the object's own time stands, MOMENT bytes, and its day
    S_DAY,
    S_EVENTS,  # how many events the block is made of, 0 for lines, and which of them is next
    S_EVENT,
    S_ASKED,  # with UNKNOWN: the lookup's number, where in scratch the text stands and how long it is, the same of the key,
    S_TEXT,  # and the key's hash
    S_TEXT_SIZE,
    S_KEY,
    S_KEY_SIZE,
    S_HASH,
    S_SEED,  # of the hashes
    S_SAMPLE,  # and of samples
    S_ADDED,  # how many newlines have been passed that the object has not
    STATE,
) = range(28)

# why the kernel returned, and what a line is that it does not read
DONE, ROOM, FULL, HEADER, SKIPPED, UNKNOWN = range(6)

# a line that became no document: where it begins (of events, which it is), how many documents stand before it, why, and a
# detail: the row of the operation for a bad value, the number of columns for too few
LEFT_ROW = 4
TO_REFERENCE, UNTERMINATED_QUOTE, TOO_FEW_COLUMNS, BAD_VALUE, MISSING_TIMESTAMP = range(5)
