"""The schema of an account's database, and its versions.

Times are seconds since the epoch, UTC. Each entry of `MIGRATIONS` brings a database
from the version of its index to the next one; `PRAGMA user_version` holds the version.
"""

from typing import Final

_VERSION_1: Final = """
-- Single values: the totals, the account at the portal, what is known of the portal,
-- the token of this run.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What goes out and is not at its end.
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    type TEXT NOT NULL,
    fallback TEXT,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    body TEXT NOT NULL,
    route TEXT,
    fallback_route TEXT,
    file TEXT,
    language TEXT,
    duration INTEGER,
    schedule TEXT,
    stage TEXT NOT NULL,
    group_id TEXT,
    notice TEXT,
    follow_from REAL NOT NULL,
    priority TEXT NOT NULL
);
CREATE TABLE batch_recipients (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    number TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL,
    reason_code TEXT,
    reason_cause TEXT,
    reason_quote TEXT,
    -- The recipients that it is for, separated by blanks.
    subentry_ids TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
) WITHOUT ROWID;

-- What the hourly limits and the duplicate filter have to remember. `name` is that of
-- the limit.
CREATE TABLE hourly (
    batch_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    at REAL NOT NULL,
    count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE duplicates (
    digest TEXT PRIMARY KEY, at REAL NOT NULL, message_id TEXT NOT NULL
) WITHOUT ROWID;

-- Open alerts, and whom they have asked: each question is a message of a batch. `steps`
-- and `words` are JSON, and never change.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    message TEXT NOT NULL,
    steps TEXT NOT NULL,
    rounds INTEGER NOT NULL,
    words TEXT NOT NULL,
    announcement TEXT,
    is_critical INTEGER NOT NULL,
    -- How many steps were taken, and when the next one is due.
    position INTEGER NOT NULL,
    deadline REAL NOT NULL
);
CREATE TABLE alert_questions (
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    batch_id TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT,
    position INTEGER NOT NULL,
    -- Whether the inbox was read right before it left.
    has_looked INTEGER NOT NULL,
    PRIMARY KEY (batch_id, number)
);

-- Messages in both directions. `number` is the other side's, `own_number` ours; `peer`
-- is `number` in the form that all its forms are compared in.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    number TEXT NOT NULL,
    peer TEXT NOT NULL,
    own_number TEXT,
    name TEXT,
    text TEXT NOT NULL,
    date REAL NOT NULL,
    status TEXT,
    reason_code TEXT,
    reason_cause TEXT,
    reason_quote TEXT,
    read INTEGER NOT NULL DEFAULT 1,
    trusted INTEGER NOT NULL DEFAULT 0,
    fingerprint TEXT UNIQUE,
    -- Of received messages: the date as the portal wrote it, in the portal's zone,
    -- and when the message was listed first.
    portal_date TEXT,
    received REAL
);
CREATE INDEX messages_by_date ON messages (direction, date, seq);
CREATE INDEX messages_by_peer ON messages (peer, date, seq);
CREATE INDEX messages_unread ON messages (date, seq) WHERE read = 0;

-- Search. The index has no copy of the texts.
CREATE VIRTUAL TABLE messages_text USING fts5 (
    text, content = 'messages', content_rowid = 'seq',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_text_insert AFTER INSERT ON messages BEGIN
    INSERT INTO messages_text (rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER messages_text_delete AFTER DELETE ON messages BEGIN
    INSERT INTO messages_text (messages_text, rowid, text)
    VALUES ('delete', old.seq, old.text);
END;

-- One row for each peer that there are messages with.
CREATE TABLE conversations (
    peer TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    last_date REAL NOT NULL,
    last_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_by_date ON conversations (last_date, last_seq);
CREATE TRIGGER conversations_insert AFTER INSERT ON messages BEGIN
    INSERT INTO conversations (peer, count, unread, last_date, last_seq)
    VALUES (new.peer, 1, NOT new.read, new.date, new.seq)
    ON CONFLICT (peer) DO UPDATE SET
        count = count + 1,
        unread = unread + excluded.unread,
        last_seq = CASE WHEN excluded.last_date >= last_date
            THEN excluded.last_seq ELSE last_seq END,
        last_date = max(last_date, excluded.last_date);
END;
CREATE TRIGGER conversations_read AFTER UPDATE OF read ON messages
    WHEN old.read IS NOT new.read BEGIN
    UPDATE conversations SET unread = unread + old.read - new.read
    WHERE peer = new.peer;
END;
CREATE TRIGGER conversations_date AFTER UPDATE OF date ON messages
    WHEN old.date IS NOT new.date BEGIN
    UPDATE conversations SET (last_date, last_seq) = (
        SELECT date, seq FROM messages WHERE peer = new.peer
        ORDER BY date DESC, seq DESC LIMIT 1
    )
    WHERE peer = new.peer;
END;
CREATE TRIGGER conversations_delete AFTER DELETE ON messages BEGIN
    UPDATE conversations SET
        count = count - 1,
        unread = unread - NOT old.read
    WHERE peer = old.peer;
    DELETE FROM conversations WHERE peer = old.peer AND count = 0;
    UPDATE conversations SET (last_date, last_seq) = (
        SELECT date, seq FROM messages WHERE peer = old.peer
        ORDER BY date DESC, seq DESC LIMIT 1
    )
    WHERE peer = old.peer AND last_seq = old.seq;
END;

-- The fingerprint of every message that the portal ever listed, so that it is new once,
-- and the date that the portal gave it then. Those of messages that differ in the date
-- only begin with the same 20 characters.
CREATE TABLE seen (
    fingerprint TEXT PRIMARY KEY,
    portal_date TEXT,
    is_doubtful INTEGER NOT NULL DEFAULT 0,
    missing_since REAL
) WITHOUT ROWID;
CREATE INDEX seen_by_key ON seen (substr(fingerprint, 1, 20));

-- What is known of WhatsApp channels while the portal does not answer.
CREATE TABLE channels (
    channel_id TEXT PRIMARY KEY,
    gateway_id TEXT,
    number TEXT,
    label TEXT,
    listed INTEGER NOT NULL,
    connected INTEGER NOT NULL DEFAULT 0,
    lost_since REAL,
    -- As the portal wrote it, in the portal's zone.
    subscription_end TEXT
) WITHOUT ROWID;

-- What is still to be published, in order.
CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);
"""

MIGRATIONS: Final = (_VERSION_1,)
VERSION: Final = len(MIGRATIONS)

# In the order in which they refer to each other.
TABLES: Final = (
    "meta",
    "batches",
    "batch_recipients",
    "hourly",
    "duplicates",
    "alerts",
    "alert_questions",
    "messages",
    "seen",
    "channels",
    "events",
)
