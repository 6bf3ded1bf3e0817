-- HEAD_TO_HEAD rests on two series: the evidence keeps the pages of both. The version before this one writes and reads the
-- first asset's alone.

ALTER TABLE settlement.series_page
    ADD COLUMN rival boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT series_page_pkey,
    ADD PRIMARY KEY (room_id, rival, first_second);
