-- Projections: what can be found. Nothing here can be read without the workspace's secret: a text is a bag of keyed signs of
-- its words and a keyed vector, and what is shown of it is fetched from the log.

-- A text: what one event says. `n` is made of the position of the event, so a later one has a larger number.
CREATE TABLE search_documents (
    n       INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    path    TEXT NOT NULL,
    part    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    team    TEXT NOT NULL,
    flow    TEXT NOT NULL,
    agent   TEXT NOT NULL,
    tool    TEXT NOT NULL,
    model   TEXT NOT NULL,
    error   TEXT NOT NULL,
    readers TEXT NOT NULL,
    key_id  TEXT NOT NULL,
    words   TEXT NOT NULL,
    vector  BLOB NOT NULL
) STRICT;
CREATE INDEX search_documents_by_key ON search_documents (key_id);
CREATE INDEX search_documents_by_run ON search_documents (run, n);

-- The first bits of many vectors at once, by columns: made of the documents, and made anew where one of them goes.
CREATE TABLE search_blocks (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL,
    names BLOB NOT NULL,
    bits  BLOB NOT NULL
) STRICT;

-- The index over the signs. It holds no copy of them, keeps up by itself, and overwrites what is taken out of it.
CREATE VIRTUAL TABLE search_text USING fts5 (
    words, content = 'search_documents', content_rowid = 'n', detail = 'none', tokenize = 'ascii'
);
INSERT INTO search_text (search_text, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_words USING fts5vocab ('search_text', 'row');
CREATE TRIGGER search_document_comes AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_text (rowid, words) VALUES (new.n, new.words);
END;
CREATE TRIGGER search_document_goes AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_text (search_text, rowid, words) VALUES ('delete', old.n, old.words);
    DELETE FROM search_blocks WHERE old.n BETWEEN first AND last;
END;
