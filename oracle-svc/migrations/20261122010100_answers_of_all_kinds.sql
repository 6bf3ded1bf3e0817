-- Rooms of all kinds. Two assets can run against each other, an answer can be any outcome or a tie, and it says what it
-- started from, which window decided, and why operators should look at it first.

-- How far from certain a second was: the largest confidence of its aggregates in hundredths of a percent of the price,
-- rounded up, and whether a venue had no vote. Both follow from the frame; they stand here because a writer that begins
-- a term reads a day of seconds. NULL where the version before this one stored the second: its frame is read instead.
ALTER TABLE oracle.second
    ADD COLUMN confidence_bps bigint CHECK (confidence_bps >= 0),
    ADD COLUMN excluded boolean,
    ADD CHECK ((confidence_bps IS NULL) = (excluded IS NULL));

-- A room on two assets is no part of either series: it is decided from what is stored of both, when the second in `due`
-- is over in both.
ALTER TABLE oracle.watch
    ADD COLUMN rival text CHECK (rival <> asset),
    ADD COLUMN due bigint,
    ADD CHECK ((rival IS NULL) = (due IS NULL));
CREATE INDEX watch_on_two ON oracle.watch (due) WHERE rival IS NOT NULL AND decided_at IS NULL;

-- The outcome is its index in the terms, TIE, or ORACLE_INSUFFICIENT; the version before this one wrote YES and NO for 0
-- and 1.
ALTER TABLE oracle.resolution
    DROP CONSTRAINT resolution_outcome_check,
    ADD CONSTRAINT resolution_outcome_check CHECK (outcome ~ '^([0-9]|YES|NO|TIE|ORACLE_INSUFFICIENT)$'),
    -- The second after the last of the window that decided; NULL where none did.
    ADD COLUMN window_end bigint,
    -- What a comparison started from, and the second after the last of that window.
    ADD COLUMN start_price numeric CHECK (start_price > 0),
    ADD COLUMN start_window_end bigint,
    -- Of two assets, the second one's.
    ADD COLUMN rival_start_price numeric CHECK (rival_start_price > 0),
    ADD COLUMN rival_price numeric CHECK (rival_price > 0),
    -- Why operators should look before the room is paid.
    ADD COLUMN suspect_confidence boolean NOT NULL DEFAULT false,
    ADD COLUMN suspect_exclusion boolean NOT NULL DEFAULT false;
