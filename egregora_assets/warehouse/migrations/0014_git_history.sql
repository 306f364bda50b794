-- Commits, refs and file changes of repositories, the history of each tracked branch, and what messages say of code.
CREATE TABLE git_repos (
    repo VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    web VARCHAR,
    forge VARCHAR,
    permalink VARCHAR,
    object_format VARCHAR NOT NULL,
    branches VARCHAR[] NOT NULL,
    boundaries VARCHAR[] NOT NULL,
    fingerprint VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_refs (
    repo VARCHAR NOT NULL,
    ref VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    commit_sha VARCHAR,
    revision BIGINT NOT NULL
);

CREATE TABLE git_ref_events (
    repo VARCHAR NOT NULL,
    ref VARCHAR NOT NULL,
    old_sha VARCHAR,
    new_sha VARCHAR,
    observed_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_commits (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    tree VARCHAR,
    author_name VARCHAR,
    author_email VARCHAR,
    authored_at TIMESTAMPTZ,
    committer_name VARCHAR,
    committer_email VARCHAR,
    committed_at TIMESTAMPTZ,
    subject VARCHAR,
    message VARCHAR,
    unreadable BLOB,
    parents INTEGER NOT NULL,
    is_boundary BOOLEAN NOT NULL,
    is_unread BOOLEAN NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_commit_parents (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    parent_no INTEGER NOT NULL,
    parent VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_file_changes (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    path_bytes BLOB,
    status VARCHAR NOT NULL,
    old_mode INTEGER NOT NULL,
    new_mode INTEGER NOT NULL,
    old_blob VARCHAR,
    new_blob VARCHAR,
    revision BIGINT NOT NULL
);

CREATE TABLE git_renames (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    old_path VARCHAR NOT NULL,
    new_path VARCHAR NOT NULL,
    similarity INTEGER NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_timeline (
    repo VARCHAR NOT NULL,
    branch VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    sha VARCHAR NOT NULL,
    eff_at TIMESTAMPTZ,
    revision BIGINT NOT NULL
);

CREATE TABLE git_landed (
    repo VARCHAR NOT NULL,
    branch VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_path_versions (
    repo VARCHAR NOT NULL,
    branch VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    eff_at TIMESTAMPTZ,
    sha VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    mode INTEGER NOT NULL,
    blob VARCHAR,
    revision BIGINT NOT NULL
);

CREATE TABLE git_line_counts (
    old_blob VARCHAR,
    new_blob VARCHAR,
    added INTEGER,
    removed INTEGER,
    revision BIGINT NOT NULL
);

CREATE TABLE code_mentions (
    message_id UUID NOT NULL,
    place INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    host VARCHAR,
    owner VARCHAR,
    repository VARCHAR,
    ref VARCHAR,
    path VARCHAR,
    line_from INTEGER,
    line_to INTEGER,
    sha VARCHAR,
    number BIGINT,
    revision BIGINT NOT NULL
);

CREATE TABLE code_references (
    message_id UUID NOT NULL,
    place INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    repo VARCHAR,
    path VARCHAR,
    line_from INTEGER,
    line_to INTEGER,
    sha VARCHAR,
    number BIGINT,
    state VARCHAR NOT NULL,
    tip_commit VARCHAR,
    blob VARCHAR,
    permalink VARCHAR,
    revision BIGINT NOT NULL
);
