-- What cannot be told of repositories that are not whole, and what they lack for it.
CREATE TABLE git_undecided (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE git_lacking (
    repo VARCHAR NOT NULL,
    sha VARCHAR NOT NULL
);

ALTER TABLE git_repos ADD COLUMN objects_seen VARCHAR;
