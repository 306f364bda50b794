-- How long live messages take at each stage, and when segments were published.
CREATE TABLE latency_windows (
    lane VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    seconds DOUBLE NOT NULL,
    count BIGINT NOT NULL,
    p50_ms DOUBLE NOT NULL,
    p95_ms DOUBLE NOT NULL,
    p99_ms DOUBLE NOT NULL,
    max_ms DOUBLE NOT NULL,
    budget_ms DOUBLE NOT NULL,
    loop_lag_ms DOUBLE NOT NULL,
    backlog BIGINT NOT NULL,
    bytes BIGINT NOT NULL
);

ALTER TABLE live_segments ADD COLUMN published_at TIMESTAMPTZ;
