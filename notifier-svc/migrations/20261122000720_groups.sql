-- A group that hosted a room is told its result. It is told like an account, under an id made of its chat's; the chat stands
-- with its contact, and is that of no person.
ALTER TABLE notifier.contact ADD COLUMN chat_id bigint UNIQUE CHECK (chat_id < 0);
